"""Model output made harmless, as Markdown that any platform can show.

Model output is hostile: it may carry what somebody else put into a prompt. After this, nothing in it is a link except
to hosts that the company listed, nothing loads an image, nothing hides. Only single-backtick code spans and
three-backtick fences are left, so that every renderer agrees on what is code. Mentions are the platforms' business:
they escape the brackets of their own dialect.

Works on the whole text so far: a link may arrive in pieces.
Source: shared reference `slack.md`, "Output safety"; the rules of CommonMark 0.31 and GFM for links and code.
"""

import html
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from linkify_it import LinkifyIt

from bot.conversation.characters import strip_invisible

_FENCE = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
_BACKTICKS = re.compile(r"`+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_INLINE_LINK = re.compile(
    r"(?P<image>!?)\[(?P<label>[^\[\]\n]*)\]"
    r"\([ \t]*<?(?P<url>(?:[^\s()<>]|\([^\s()<>]*\))*)>?(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'))?[ \t]*\)"
)
_PLAIN_HTTPS = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:[/?#][A-Za-z0-9\-._~/?#@!$&*+,;=:%]*)?")
_ANY_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s`<>]*(?<![,.;:!?)\"'。，；：！？）])")

# A domain without a scheme becomes a link in many clients too, whatever its ending.
_links = LinkifyIt(options={"fuzzy_link": True, "fuzzy_email": False, "fuzzy_ip": True})


def safe_markdown(text: str, link_hosts: Sequence[str] = ()) -> str:
    """The text without live links to elsewhere, images, hidden characters or open fences."""
    rendered = []
    for is_code, segment in _segments(strip_invisible(text)):
        rendered.append(segment if is_code else _safe_prose(segment, link_hosts))
    return "\n".join(rendered)


def _segments(text: str) -> Iterator[tuple[bool, str]]:
    """Fenced code and what stands between. A fence that is still open is closed."""
    prose: list[str] = []
    code: list[str] | None = None
    mark = ""
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        if code is None and fence:
            if prose:
                yield False, "\n".join(prose)
            prose, mark = [], fence["mark"]
            code = ["```" + re.sub(r"[^\w+#.-]", "", fence["info"].split(" ")[0])]
        elif code is not None and fence and _closes(fence, mark):
            yield True, "\n".join([*code, "```"])
            code = None
        elif code is not None:
            code.append(line.replace("```", "'''"))  # some renderers would end the block here
        else:
            prose.append(line)
    if code is not None:
        yield True, "\n".join([*code, "```"])
    elif prose:
        yield False, "\n".join(prose)


def _closes(fence: re.Match[str], mark: str) -> bool:
    return fence["mark"][0] == mark[0] and len(fence["mark"]) >= len(mark) and not fence["info"].strip()


def _safe_prose(prose: str, link_hosts: Sequence[str]) -> str:
    """Paragraph by paragraph: a code span does not reach beyond its own."""
    paragraphs = re.split(r"(\n[ \t]*\n)", prose)
    return "".join(
        "".join(part if is_code else _safe_text(part, link_hosts) for is_code, part in _code_spans(paragraph))
        for paragraph in paragraphs
    )


def _code_spans(paragraph: str) -> Iterator[tuple[bool, str]]:
    """Code spans in single backticks, and what stands between. A backtick without a partner becomes a quote mark."""
    paragraph = paragraph.replace("\\`", "'")
    runs = list(_BACKTICKS.finditer(paragraph))
    position = 0
    index = 0
    while index < len(runs):
        run = runs[index]
        partner = next((i for i in range(index + 1, len(runs)) if len(runs[i][0]) == len(run[0])), None)
        yield False, paragraph[position : run.start()]
        if partner is None:
            yield True, "'" * len(run[0])
            position = run.end()
            index += 1
            continue
        code = paragraph[run.end() : runs[partner].start()]
        yield True, code_span(code)
        position = runs[partner].end()
        index = partner + 1
    yield False, paragraph[position:]


def code_span(code: str) -> str:
    """The text as inline code on one line; nothing if there is nothing in it."""
    code = " ".join(code.replace("`", "'").split())
    return f"`{code}`" if code else ""


def _safe_text(text: str, link_hosts: Sequence[str]) -> str:
    # Escapes and entities would hide a link from us that a renderer then finds.
    text = re.sub(r"\\([:/.])", r"\1", text)
    text = strip_invisible(_ENTITY.sub(lambda entity: html.unescape(entity[0]), text)).replace("`", "'")
    pieces = []
    position = 0
    for link in _INLINE_LINK.finditer(text):
        pieces.append(_safe_bare(text[position : link.start()], link_hosts))
        pieces.append(_safe_link(link, link_hosts))
        position = link.end()
    pieces.append(_safe_bare(text[position:], link_hosts))
    return "".join(pieces)


def _safe_link(link: re.Match[str], link_hosts: Sequence[str]) -> str:
    label, url = link["label"].strip(), link["url"]
    if not link["image"] and _is_allowed(url, link_hosts):
        # A label that looks like an address would promise another place than the link leads to.
        return f"[{label}]({url})" if label and not _names_a_place(label) else url
    target = code_span(url)
    label = _safe_bare(label, link_hosts)
    return f"{label} ({target})" if label and target and label != target else label or target


def _safe_bare(text: str, link_hosts: Sequence[str]) -> str:
    """Text outside links: addresses become code, and what could still begin a link is broken."""
    # No inline link may form here, and no definition that a reference could use.
    text = text.replace("](", "] (").replace("]:", "] :")
    pieces = []
    position = 0
    for start, end in _find_links(text):
        pieces.append(_break_up(text[position:start]))
        address = text[start:end]
        pieces.append(address if _is_allowed(address, link_hosts) else code_span(address))
        position = end
    pieces.append(_break_up(text[position:]))
    return "".join(pieces)


def _find_links(text: str) -> list[tuple[int, int]]:
    if "." not in text and ":" not in text:
        return []
    found = [(match.index, match.last_index) for match in _links.match(text) or []]
    found += [match.span() for match in _ANY_SCHEME.finditer(text)]
    spans: list[tuple[int, int]] = []
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if not spans or start >= spans[-1][1]:
            spans.append((start, end))
    return spans


def _break_up(text: str) -> str:
    return re.sub(r"(?i)\bwww\.", "www .", text.replace("://", ": //"))


def _names_a_place(label: str) -> bool:
    return bool(_find_links(label)) or "://" in label


def _is_allowed(url: str, link_hosts: Sequence[str]) -> bool:
    """Plainly written https addresses of listed hosts and their subdomains: nothing that two parsers read apart."""
    if not link_hosts or not _PLAIN_HTTPS.fullmatch(url):
        return False
    parts = urlsplit(url)
    if "@" in parts.netloc:
        return False
    host = (parts.hostname or "").lower()
    return any(host == allowed.lower() or host.endswith("." + allowed.lower()) for allowed in link_hosts)
