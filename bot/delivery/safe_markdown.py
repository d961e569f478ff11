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
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from linkify_it.tlds import TLDS

from bot.conversation.characters import strip_invisible

# An info string names a language; a longer one has no use but to be longer than a message.
LONGEST_INFO = 30
LONGEST_LINK = 1_000  # a cut through a longer one, between two messages, could make another link of it
_FENCE = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
_BACKTICKS = re.compile(r"`+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
# Blanks are counted, and each start fails fast: it runs on the event loop, on text that may be made to hold it up.
_INLINE_LINK = re.compile(
    r"(?P<image>!?)\[(?P<label>[^\[\]\n]*)\]"
    r"\([ \t]{0,4}<?(?P<url>(?:[^\s()<>]|\([^\s()<>]*\))*)>?"
    r"(?:[ \t]{1,4}(?:\"[^\"\n]*\"|'[^'\n]*'))?[ \t]{0,4}\)"
)
_PLAIN_HTTPS = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:[/?#][A-Za-z0-9\-._~/?#@&+=:%]*)?")
_AUTOLINK = re.compile(r"<(?=[A-Za-z][A-Za-z0-9+.-]{1,31}:)")

# Characters that an address ends before: blanks, brackets, Chinese punctuation.
_REST = r"[^\s`<>\[\]|，。；：！？、（）「」『』《》“”]"
# What clients take between the dots of a domain: everything but blanks and punctuation, emoji and `~` too.
_LABEL = r"[^\s!-#%-*,./:;<>?@\[\\\]`{|}，。；：！？、（）「」『』《》“”‘’…—·]"
_ADDRESS = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]{{0,30}}://{_REST}+"
    rf"|\b(?:mailto|xmpp):{_REST}+"
    rf"|(?<!{_LABEL})(?P<name>{_LABEL}+(?:\.{_LABEL}+)+)(?P<tail>(?::\d+)?(?:[/?#]{_REST}*)?)",
    re.IGNORECASE,
)
_ASCII_NAME = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_EMAIL_NAME = re.compile(r"[\w.+-]@$")
_EMAIL_HOST = re.compile(r"@[\w-]+(?:\.[\w-]+)+")
_IP = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_ENDS_SENTENCES = ",.;:!?)\"'*_~"
_ENDING = re.compile(r"[,.;:!?)\"'*_~\]]*(?:\s|$)")
# As they are written on the wire, and as people write them: .XN--FIQS8S is .中国.
_TOP_LEVEL = frozenset({tld.lower() for tld in TLDS} | {tld.lower().encode().decode("idna") for tld in TLDS})

# Text that is settled (code, links to listed hosts), or prose in which links have still to be found.
_Piece = tuple[bool, str]


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
            code = ["```" + re.sub(r"[^\w+#.-]", "", fence["info"].split(" ")[0])[:LONGEST_INFO]]
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
    return "".join(_safe_paragraph(paragraph, link_hosts) for paragraph in paragraphs)


def _safe_paragraph(paragraph: str, link_hosts: Sequence[str]) -> str:
    pieces = [
        piece
        for is_code, part in _code_spans(paragraph)
        for piece in ([(True, part)] if is_code else _without_links(_plain(part), link_hosts))
    ]
    settled = [
        piece
        for is_settled, part in _merged(pieces)
        for piece in ([(True, part)] if is_settled else _without_addresses(part, link_hosts))
    ]
    safe = _joined(settled)
    if _may_be_table(safe):  # a bar ends a cell even inside a code span, and the span with it
        safe = re.sub(r"`[^`\n]*`", lambda span: span[0].replace("|", "\u2223"), safe)
    return safe


def _may_be_table(paragraph: str) -> bool:
    """Whether some line could be the rule below a table's head."""
    return any("-" in line and not line.strip(" \t>|:-") for line in paragraph.split("\n"))


def _code_spans(paragraph: str) -> Iterator[_Piece]:
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
            yield False, "'" * len(run[0])
            position = run.end()
            index += 1
            continue
        code = paragraph[run.end() : runs[partner].start()]
        yield True, code_span(code)
        position = runs[partner].end()
        index = partner + 1
    yield False, paragraph[position:]


def code_span(code: str) -> str:
    """The text as inline code on one line; a blank if there is nothing in it, so that its neighbours stay apart."""
    code = " ".join(code.replace("`", "'").split())
    return f"`{code}`" if code else " "


def _plain(text: str) -> str:
    """Prose in which nothing is spelled in a way that we would read apart from a renderer."""
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]).replace("\n", " ").replace("\r", " "), text)
    text = _ENTITY.sub(lambda entity: "&amp;" + entity[0][1:], strip_invisible(text))  # a renderer would decode again
    text = re.sub(r"(?<!\\)\\+([:/.])", r"\1", text)
    return re.sub(r"~{3,}", "~~", text).replace("`", "'")  # in a list, three tildes would open a fence


def _without_links(text: str, link_hosts: Sequence[str]) -> Iterator[_Piece]:
    """Inline links to listed hosts settled; all others taken apart into a label and, as code, an address."""
    position = 0
    for link in _INLINE_LINK.finditer(text):
        yield False, text[position : link.start()]
        yield from _link_pieces(link, link_hosts)
        position = link.end()
    yield False, text[position:]


def _link_pieces(link: re.Match[str], link_hosts: Sequence[str]) -> Iterator[_Piece]:
    label, url = link["label"].strip(), link["url"]
    if not link["image"] and _is_allowed(url, link_hosts):
        # A label that looks like an address would promise another place than the link leads to.
        yield True, f"[{label}]({url})" if label and not _names_a_place(label) else url
    elif label and url and label != url:
        yield False, f"{label} ("
        yield True, code_span(url)
        yield False, ")"
    else:
        yield (True, code_span(url)) if url else (False, label or " ")


def _merged(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Neighbouring prose as one: what one piece begins, the next could end."""
    prose = ""
    for is_settled, part in pieces:
        if is_settled:
            yield False, prose
            yield True, part
            prose = ""
        else:
            prose += part
    yield False, prose


def _without_addresses(text: str, link_hosts: Sequence[str]) -> Iterator[_Piece]:
    """Prose in which no link can form, and the addresses in it as code."""
    # No inline link, and no definition that a reference could use.
    text = text.replace("](", "] (").replace("]:", "] :")
    position = 0
    for start, end in _find_addresses(text):
        yield False, _break_up(text[position:start])
        address = text[start:end]
        if _is_allowed(address, link_hosts):
            # Clients may read an address on where we end it.
            yield True, address if _ENDING.match(text, end) else f"{address} "
        else:
            yield True, code_span(address)
        position = end
    yield False, _break_up(text[position:])


def _find_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Where a client could see an address: with a scheme, or a name with a known ending. E-mail addresses may stay."""
    position = 0
    while address := _ADDRESS.search(text, position):
        start, end = address.span()
        if address["name"]:
            start, end = _domain_in(text, address)
            if start == end:
                position = max(address.end("name"), address.start() + 1)
                continue
        end = start + len(text[start:end].rstrip(_ENDS_SENTENCES))
        position = max(end, address.start() + 1)
        yield start, end


def _domain_in(text: str, address: re.Match[str]) -> tuple[int, int]:
    """Where the domain in a dotted name stands; nothing (start equals end) if there is none."""
    name, start, end = address["name"], address.start("name"), address.end("name")
    if _EMAIL_NAME.search(text[max(0, start - 2) : start]):
        return start, start
    if host := _EMAIL_HOST.match(text, end):
        return (start, host.end()) if _has_known_ending(name) else (start, start)
    if "www." in name.lower() or _has_known_ending(name) or _IP.fullmatch(name):
        outer = len(name) - len(name.lstrip("_"))
        return start + outer, address.end()
    # Chinese is written without blanks: a domain may stand in the middle of a sentence.
    for part in _ASCII_NAME.finditer(name):
        if _has_known_ending(part[0]):
            return start + part.start(), start + part.end()
    return start, start


def _has_known_ending(name: str) -> bool:
    ending = name.rstrip("._-~").rpartition(".")[2].lstrip("_-~").lower()
    return ending in _TOP_LEVEL or ending.startswith("xn--") or (len(ending) == 2 and ending.isalpha())


def _break_up(text: str) -> str:
    text = _AUTOLINK.sub("< ", text.replace("://", ": //").replace("|.", "| ."))
    text = re.sub(r"//(?=[^\s/])", "// ", text)  # without a scheme it means the page's own
    return re.sub(r"(?i)www\.", "www .", text)


def _joined(pieces: Iterable[_Piece]) -> str:
    """The pieces together, apart where a character of one would change what the next one is."""
    text = ""
    follows_address = False
    for is_settled, part in pieces:
        clings = is_settled and part[:1] in ("`", "[") and text[-1:] in ("\\", "`", "!")
        text += f" {part}" if clings or (is_settled and follows_address) else part
        follows_address = (is_settled and part.startswith("https:")) or (follows_address and not re.search(r"\s", part))
    return text


def _names_a_place(label: str) -> bool:
    return any(True for _ in _find_addresses(label)) or "://" in label


def _is_allowed(url: str, link_hosts: Sequence[str]) -> bool:
    """Plainly written https addresses of listed hosts and their subdomains: nothing that two parsers read apart."""
    if not link_hosts or len(url) > LONGEST_LINK or not _PLAIN_HTTPS.fullmatch(url):
        return False
    parts = urlsplit(url)
    if "@" in parts.netloc or url.count("://") > 1:  # an address inside an address: clients may find that one first
        return False
    host = (parts.hostname or "").lower()
    return any(host == allowed.lower() or host.endswith("." + allowed.lower()) for allowed in link_hosts)
