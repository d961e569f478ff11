"""Text between Slack's spelling and plain Markdown: entities, mentions, links. Pure functions.

Source: docs.slack.dev "Formatting message text"; shared reference `slack.md`, "Output safety".
"""

import re

_TOKEN = re.compile(r"<([^<>]*)>")
_QUOTE = re.compile(r"^[ ]{0,3}>(?:[ ]?>)*")


def mention_of(user_id: str) -> re.Pattern[str]:
    """Finds mentions of this user in the text of an event, with the blanks around them."""
    return re.compile(rf"[ \t]*<@{re.escape(user_id)}(?:\|[^<>]*)?>[ \t]*")


def plain_text(text: str) -> str:
    """The text of an event as the person wrote it: references spelled out, entities decoded."""
    spelled = _TOKEN.sub(lambda token: _spell(token[1]), text)
    return spelled.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _spell(token: str) -> str:
    target, _, label = token.partition("|")
    if target.startswith("@"):
        return "@" + (label.removeprefix("@") or target[1:])
    if target.startswith("#"):
        return "#" + (label.removeprefix("#") or target[1:])
    if target.startswith("!"):
        if label:
            return label  # user groups and dates bring their own words
        return "@" + target[1:].split("^")[0]
    if target.startswith("mailto:"):
        return label or target.removeprefix("mailto:")
    return target if not label or label == target or label in target else f"{label} ({target})"


def escape_mrkdwn(text: str) -> str:
    """For `text` fields and mrkdwn elements: nothing in it is a mention, a channel or a link token."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_markdown(text: str) -> str:
    """For `markdown` blocks, in which Slack reads tokens too. `&` stays (link queries), and so do quotes' `>`."""
    return "\n".join(_escape_markdown_line(line) for line in text.split("\n"))


def _escape_markdown_line(line: str) -> str:
    quote = _QUOTE.match(line)
    head = quote[0] if quote else ""
    return head + line[len(head) :].replace("<", "&lt;").replace(">", "&gt;")


def measured_length(text: str) -> int:
    """Characters as Slack counts them (UTF-16 units), in the longer of the two spellings that we send."""
    return len(escape_mrkdwn(text).encode("utf-16-le", "surrogatepass")) // 2


def link_token(url: str, label: str) -> str:
    """A link for mrkdwn elements; the label alone where there is no address. The address is the company's own."""
    safe_label = escape_mrkdwn(label).replace("|", "\u2223")
    return f"<{escape_mrkdwn(url)}|{safe_label}>" if url else safe_label
