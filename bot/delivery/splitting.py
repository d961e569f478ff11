"""Cutting a long reply into messages: never inside a character, a code span or a code fence."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

FENCE_END = "\n```"
LONGEST_OPENING = 40  # of a fence that is opened again
_FENCE_LINE = re.compile(r"^```.*$", re.MULTILINE)
# Where to cut, best first: after a paragraph, a line, a sentence, a word.
_BOUNDARIES = [
    re.compile(r"\n[ \t]*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?])[ \t]|(?<=[。！？；])"),
    re.compile(r"[ \t]|(?<=[，、])"),
]


@dataclass(frozen=True, slots=True)
class _Fence:
    """A fenced block: from the start of its first line to the end of its last."""

    start: int
    end: int
    opening: str

    def holds(self, position: int) -> bool:
        return self.start < position < self.end


def split_text(text: str, max_length: int, length_of: Callable[[str], int]) -> list[str]:
    """The text as messages that each measure at most `max_length` by `length_of`. At least one, maybe empty.

    Code that is longer than a message is closed at the end of one and opened again in the next. Where the first cuts
    fall depends only on the text before them, so messages that stand keep their text while the reply grows.
    `text` has only fences of three backticks at line starts and code spans of one, all closed (`safe_markdown` sees
    to it). Addresses stand in code: a cut that left half a code span would bring them to life.
    """
    parts = []
    rest = text
    while length_of(rest) > max_length:
        part, rest = _cut(rest, max_length, length_of)
        if part:
            parts.append(part)
    return [*parts, rest]


def _cut(text: str, max_length: int, length_of: Callable[[str], int]) -> tuple[str, str]:
    end = _longest_prefix(text, max_length - len(FENCE_END), length_of)
    fences = _fences(text, end)
    fence = next((fence for fence in fences if fence.holds(end)), None)
    if fence and fence.start <= end // 2:
        return _cut_fence(text, fence, end)
    position = fence.start if fence else _boundary(text, end, fences)
    if position is None:
        return _cut_line(text, end)
    return text[:position].rstrip(), text[position:].lstrip("\n ")


def _cut_fence(text: str, fence: _Fence, end: int) -> tuple[str, str]:
    """After a line of the code, if one ends in it; closed there and opened again."""
    opening_end = fence.start + len(fence.opening)
    newline = text.rfind("\n", opening_end + 1, end)
    position = newline if newline > 0 else end
    head, tail = text[:position].rstrip("\n") + FENCE_END, text[position:].removeprefix("\n")
    closing = _FENCE_LINE.match(tail)
    if closing and position + 1 + closing.end() >= fence.end:
        return head, tail[closing.end() :].lstrip("\n")  # all of the code is in
    return head, f"{fence.opening[:LONGEST_OPENING]}\n{tail}"


def _cut_line(text: str, end: int) -> tuple[str, str]:
    """There is no good place: before a code span or an address, else through whatever stands there."""
    start = text.rfind("`", 0, end) if _in_code_span(text, end) else _address_start(text, end)
    if start > end // 2:
        return text[:start], text[start:]
    if not _in_code_span(text, end):
        return text[:end], text[end:].lstrip("\n")
    if text[end] == "`":
        return text[: end + 1], text[end + 1 :]
    return text[:end] + "`", "`" + text[end:]


def _address_start(text: str, end: int) -> int:
    """Where the word at `end` begins, if it is an address: half a domain would be another one."""
    start = max(text.rfind(mark, 0, end) for mark in " \t\n(") + 1
    return start if "://" in text[start : end + 3] else end


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
        unicodedata.category(character).startswith("M")  # accents, vowel signs
        or character in "\u200d\ufe0e\ufe0f\u20e3"
        or before == "\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or ("\u1100" <= before <= "\u11ff" and "\u1160" <= character <= "\u11ff")  # Korean syllables in pieces
        or (_is_flag_letter(character) and _flag_letters_before(text, position) % 2 == 1)
    )


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters_before(text: str, position: int) -> int:
    start = position
    while start > 0 and _is_flag_letter(text[start - 1]):
        start -= 1
    return position - start


def _fences(text: str, end: int) -> list[_Fence]:
    """The fenced blocks that begin before `end`."""
    lines = _FENCE_LINE.finditer(text)
    fences = []
    for opening in lines:
        if opening.start() >= end:
            break
        closing = next(lines, None)
        fences.append(_Fence(opening.start(), closing.end() if closing else len(text) + 1, opening[0]))
    return fences


def _boundary(text: str, end: int, fences: list[_Fence]) -> int | None:
    """The best place to cut in the second half of `text[:end]`, outside all code."""
    for pattern in _BOUNDARIES:
        for match in reversed(list(pattern.finditer(text, end // 2, end))):
            position = match.end()
            if not any(fence.holds(position) for fence in fences) and not _in_code_span(text, position):
                return position
    return None


def _in_code_span(text: str, position: int) -> bool:
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line.count("`") % 2 == 1 and not line.startswith("```")
