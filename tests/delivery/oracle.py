"""What a reader could click on or load: found by an independent Markdown renderer, not by our own code."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from linkify_it import LinkifyIt
from linkify_it.tlds import TLDS
from markdown_it import MarkdownIt
from markdown_it.token import Token

ALLOWED = "wiki.acme.example"
_HTML = re.compile(r"(?i)<\s*(?:a|img|iframe|script|svg|video|audio|form|link|object|embed)\b")
# Plainer clients make links by rules of their own; nothing of this shape may stand outside code.
_LOOKS_LIVE = re.compile(r"(?i)[a-z][a-z0-9+.-]*://\S|\bwww\.\w")


def _parser(*, html: bool) -> MarkdownIt:
    """CommonMark, tables, strikethrough, and addresses that become links by themselves, whatever their ending."""
    parser = MarkdownIt("gfm-like", {"html": html, "linkify": True})
    endings = [*TLDS, *(tld.lower().encode().decode("idna") for tld in TLDS if tld.startswith("XN--"))]
    parser.linkify = LinkifyIt(options={"fuzzy_link": True, "fuzzy_email": True, "fuzzy_ip": True}).tlds(endings)
    parser.validateLink = lambda _url: True  # a link is a link, whatever the scheme
    return parser


_PLAIN, _WITH_HTML = _parser(html=False), _parser(html=True)


def live_parts(markdown: str, *, html: bool = False) -> list[str]:
    """Targets of links and images in the rendered text that do not lead to the allowed host."""
    tokens = (_WITH_HTML if html else _PLAIN).parse(markdown)
    return [part for token in _flat(tokens) for part in _live(token)]


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def _live(token: Token) -> Iterator[str]:
    if token.type == "image":
        yield f"image {token.attrs.get('src')}"
    elif token.type == "link_open":
        href = str(token.attrs.get("href"))
        if not _is_harmless(href):
            yield f"link {href}"
    elif token.type in ("html_inline", "html_block") and _HTML.search(token.content):
        yield f"html {token.content}"
    elif token.type == "text":
        rest = re.sub(rf"https://(?:[\w-]+\.)*{re.escape(ALLOWED)}(?![\w.@-])(?:[/?#]\S*)?", "", token.content)
        if found := _LOOKS_LIVE.search(rest):
            yield f"text {found[0]}"


def _is_harmless(href: str) -> bool:
    if re.fullmatch(r"mailto:[^?/]*", href):
        return True  # writes to somebody; carries nothing
    parts = urlsplit(href)
    host = parts.hostname or ""
    return parts.scheme == "https" and "@" not in parts.netloc and (host == ALLOWED or host.endswith(f".{ALLOWED}"))
