"""Slack's text encoding: entities, mentions, links, and the rich_text block of what a person typed.

Owns the step from typed characters to Slack's `text` and back to elements. Refuses to know channels and messages.
"""

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

_TYPED = re.compile(
    r"(?P<id><@(?P<user>[UW][A-Z0-9_]+)>)"
    r"|(?P<angled><(?P<angled_url>https?://[^\s<>|]+)>)"
    r"|(?P<url>https?://[^\s<>\"'`，。！？；、）」』]*[^\s<>\"'`.,;:!?)\]，。！？；、）」』])"
    r"|(?P<name>(?<![\w@.])@(?P<handle>[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]))"
)
_CONTROL = re.compile(r"<(?:@[UWB][A-Z0-9_]+|#[CGD][A-Z0-9_]+|!\w+|https?://|mailto:)[^<>]*>")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt);)")
_ELEMENT = re.compile(r"<@(?P<user>[UW][A-Z0-9_]+)>|<(?P<url>https?://[^<>|]+)>|`(?P<code>[^`\n]+)`")
_FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)


def escape(text: str) -> str:
    return html.escape(text, quote=False)


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def encode_typed(text: str, ids_by_name: Mapping[str, str]) -> str:
    """`text` as Slack would put it into an event, from what a person typed.

    "@inthread" and "<@U…>" of people who exist become mentions, addresses become `<https://…>`, all else is escaped:
    a person cannot type `<!channel>` into a raw control sequence.
    """
    known_ids = set(ids_by_name.values())

    def encode(match: re.Match[str]) -> str:
        if user := match["user"]:
            return f"<@{user}>" if user in known_ids else escape(match[0])
        if match["name"]:
            return _encode_handle(match["handle"], ids_by_name)
        return f"<{escape(match['angled_url'] or match['url'])}>"

    return _replace(_TYPED, text, encode, escape)


def _encode_handle(handle: str, ids_by_name: Mapping[str, str]) -> str:
    for end in range(len(handle), 0, -1):  # "@inthread.hello" still names inthread
        whole = end == len(handle) or not handle[end].isalnum()
        if whole and (user := ids_by_name.get(handle[:end].lower())):
            return f"<@{user}>{escape(handle[end:])}"
    return escape(f"@{handle}")


def normalize_posted(text: str) -> str:
    """What Slack stores of an app's `text`: control sequences stay, loose `&`, `<` and `>` become entities."""

    def outside(part: str) -> str:
        return _BARE_AMPERSAND.sub("&amp;", part).replace("<", "&lt;").replace(">", "&gt;")

    return _replace(_CONTROL, text, lambda match: match[0], outside)


def rich_text(encoded: str) -> dict[str, Any]:
    """The rich_text block (without block_id) that Slack's own client sends with a person's message."""
    elements: list[dict[str, Any]] = []
    for index, part in enumerate(_FENCE.split(encoded)):
        if index % 2:
            elements.append({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": unescape(part)}]})
        elif section := _section(part):
            elements.append({"type": "rich_text_section", "elements": section})
    return {"type": "rich_text", "elements": elements}


def _section(part: str) -> list[dict[str, Any]]:
    elements: list[dict[str, Any]] = []

    def plain(text: str) -> str:
        if text:
            elements.append({"type": "text", "text": unescape(text)})
        return ""

    def special(match: re.Match[str]) -> str:
        if match["user"]:
            elements.append({"type": "user", "user_id": match["user"]})
        elif match["url"]:
            elements.append({"type": "link", "url": unescape(match["url"])})
        else:
            elements.append({"type": "text", "text": unescape(match["code"]), "style": {"code": True}})
        return ""

    _replace(_ELEMENT, part, special, plain)
    return elements


def _replace(
    pattern: re.Pattern[str], text: str, matched: Callable[[re.Match[str]], str], between: Callable[[str], str]
) -> str:
    """`text` with `matched` applied to every match and `between` to what lies between them, from left to right."""
    parts, end = [], 0
    for match in pattern.finditer(text):
        parts += [between(text[end : match.start()]), matched(match)]
        end = match.end()
    return "".join([*parts, between(text[end:])])
