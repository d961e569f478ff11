"""A document in pieces: each short enough for a prompt, under the headings it stands under, word for word.

Markdown is read by markdown-it; a piece is a slice of the source from block to block, so that lists, tables and code
stay as they were written.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

LONGEST = 1_200  # characters: some 300 tokens of English, 800 of Chinese; three of them fit beside a question
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_COMMENT = re.compile(r"\s*<!--.*-->\s*", re.DOTALL)
_PARAGRAPH = re.compile(r"\S.*?(?=\n[ \t]*\n|\Z)", re.DOTALL)
# Where to cut what is too long, best first: after a line, a sentence, a word.
_CUTS = (re.compile(r"\n"), re.compile(r"[.!?;](?=\s)|[。！？；]"), re.compile(r"\s"))


@dataclass(frozen=True, slots=True)
class Piece:
    """`heading_path`: outermost first; empty above the first heading of a document without a title."""

    heading_path: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class _Heading:
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class _Block:
    """A slice of the source. `is_shown`: not a comment, not a line across the page."""

    start: int
    end: int
    is_shown: bool = True


def split_markdown(text: str, title: str = "") -> list[Piece]:
    """`title`: of the document, where that stands outside of it. Pieces are in the order of the text."""
    return list(_pieces(text, _blocks(text), title))


def split_plain(text: str) -> list[Piece]:
    """Without headings: paragraphs are told by blank lines."""
    return list(_pieces(text, (_Block(*match.span()) for match in _PARAGRAPH.finditer(text)), ""))


def _blocks(text: str) -> Iterator[_Heading | _Block]:
    """The outermost blocks; what stands inside of a quotation or a list belongs to it, headings too."""
    starts = _line_starts(text)
    tokens = _MARKDOWN.parse(text)
    for token, following in pairwise([*tokens, Token("end", "", 0)]):
        if token.level or token.map is None or token.nesting < 0:
            continue
        if token.type == "heading_open":
            yield _Heading(int(token.tag[1]), _plain(following))
            continue
        start, end = starts[token.map[0]], starts[token.map[1]]
        is_comment = token.type == "html_block" and _COMMENT.fullmatch(text[start:end])
        yield _Block(start, end, is_shown=token.type != "hr" and not is_comment)


def _line_starts(text: str) -> list[int]:
    """Where each line begins, and after the last one the end of the text."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    return [*starts, len(text)]


def _plain(inline: Token) -> str:
    words = (child.content if child.type in ("text", "code_inline") else " " for child in inline.children or [])
    return " ".join("".join(words).split())


def _pieces(text: str, blocks: Iterable[_Heading | _Block], title: str) -> Iterator[Piece]:
    path = [_Heading(0, title)] if title else []
    run: list[_Block] = []

    def flush() -> Iterator[Piece]:
        names = tuple(dict.fromkeys(heading.text for heading in path if heading.text))
        for start, end in _pack(text, run):
            yield Piece(names, text[start:end].strip("\n").rstrip())
        run.clear()

    for block in blocks:
        if isinstance(block, _Block) and block.is_shown:
            run.append(block)
            continue
        yield from flush()
        if isinstance(block, _Heading):
            path = [*(heading for heading in path if heading.level < block.level), block]
    yield from flush()


def _pack(text: str, run: list[_Block]) -> Iterator[tuple[int, int]]:
    """Neighbouring blocks together, as many as fit; a block that does not fit alone in parts."""
    parts = [part for block in run for part in _parts(text, block.start, block.end)]
    first = last = None
    for start, end in parts:
        if first is not None and last is not None and end - first > LONGEST:
            yield first, last
            first = None
        first, last = start if first is None else first, end
    if first is not None and last is not None:
        yield first, last


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    end = start + len(text[start:end].rstrip())
    while end - start > LONGEST:
        cut = _cut(text, start)
        yield start, cut
        start = cut + len(text[cut:end]) - len(text[cut:end].lstrip("\n"))
    if start < end:
        yield start, end


def _cut(text: str, start: int) -> int:
    """The best place within what fits, not so early that little is left before it."""
    least, most = start + LONGEST // 2, start + LONGEST
    for pattern in _CUTS:
        if places := [match.end() for match in pattern.finditer(text, least, most)]:
            return places[-1]
    return most
