"""Cutting a long reply into messages: never inside a character, a code span or a code fence."""

import re
import unicodedata
from collections.abc import Callable

FENCE_END = "\n```"
_FENCE_LINE = re.compile(r"^```.*$", re.MULTILINE)
# Where to cut, best first: after a paragraph, a line, a sentence, a word.
_BOUNDARIES = [
    re.compile(r"\n[ \t]*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?])[ \t]|(?<=[。！？；])"),
    re.compile(r"[ \t]|(?<=[，、])"),
]


def split_text(text: str, max_length: int, length_of: Callable[[str], int]) -> list[str]:
    """The text as messages that each measure at most `max_length` by `length_of`. At least one, maybe empty.

    A fence that is longer than a message is closed at the end of one and opened again in the next. Where the first
    cuts fall depends only on the text before them, so messages that stand keep their text while the reply grows.
    `text` has only fences of three backticks at line starts, all closed (`safe_markdown` sees to it).
    """
    parts = []
    rest = text
    while length_of(rest) > max_length:
        part, rest = _cut(rest, max_length, length_of)
        parts.append(part)
    return [*parts, rest]


def _cut(text: str, max_length: int, length_of: Callable[[str], int]) -> tuple[str, str]:
    end = _longest_prefix(text, max_length - len(FENCE_END), length_of)
    fence = _open_fence(text, end)
    if fence is None:
        position = _boundary(text, 0, end)
    elif fence.start() > end // 2:
        position = fence.start()  # the fence fits better into the next message
    else:
        position = _last_newline(text, fence.end(), end)
        head, tail = text[:position], text[position:].removeprefix("\n")
        return head.rstrip("\n") + FENCE_END, f"{fence[0]}\n{tail}"
    return text[:position].rstrip(), text[position:].lstrip("\n ")


def _longest_prefix(text: str, max_length: int, length_of: Callable[[str], int]) -> int:
    """How many characters fit; at least one, so that cutting always gets on."""
    low, high = 1, min(len(text), max_length)
    while low < high:
        middle = (low + high + 1) // 2
        if length_of(text[:middle]) <= max_length:
            low = middle
        else:
            high = middle - 1
    return _before_cluster(text, low)


def _before_cluster(text: str, position: int) -> int:
    """Step back to where no character is torn: combining marks, emoji joined or coloured, flags."""
    start = position
    while position > 1 and position < len(text) and _continues(text, position):
        position -= 1
    return position if position > 1 else start


def _continues(text: str, position: int) -> bool:
    character, before = text[position], text[position - 1]
    return (
        unicodedata.combining(character) > 0
        or character in "\u200d\ufe0e\ufe0f\u20e3"
        or before == "\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or ("\U0001f1e6" <= character <= "\U0001f1ff" and "\U0001f1e6" <= before <= "\U0001f1ff")
    )


def _open_fence(text: str, end: int) -> re.Match[str] | None:
    """The fence that is open at `end`, if one is."""
    opening = None
    for fence in _FENCE_LINE.finditer(text):
        if fence.start() >= end:
            break
        opening = fence if opening is None else None
    return opening


def _last_newline(text: str, start: int, end: int) -> int:
    position = text.rfind("\n", start + 1, end)
    return position if position > start else end


def _boundary(text: str, start: int, end: int) -> int:
    """The best place to cut in the second half of `text[start:end]`; `end` where there is none."""
    middle = start + (end - start) // 2
    for pattern in _BOUNDARIES:
        places = [match.end() for match in pattern.finditer(text, middle, end) if not _in_code_span(text, match.end())]
        if places:
            return places[-1]
    return end


def _in_code_span(text: str, position: int) -> bool:
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line.count("`") % 2 == 1
