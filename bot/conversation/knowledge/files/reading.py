"""From what stands in a file to entries. Finds every mistake of a file before it refuses it."""

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from bot.conversation.knowledge.entry_rules import find_faults, tidy_answer, tidy_line
from bot.conversation.knowledge.files.raw_entry import RawEntry, Written
from bot.errors import FileProblem
from storage.knowledge.records import EVERYONE, EntryStatus, EntryText, GivenEntry

T = TypeVar("T")
KEYS = (
    "id",
    "lang",
    "question",
    "variants",
    "answer",
    "owner",
    "audience",
    "source_url",
    "verified_at",
    "review_by",
    "status",
)
LISTS = frozenset({"variants", "audience"})
_DAY = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")  # a spreadsheet writes 2027/6/30


@dataclass(slots=True)
class Problems:
    """What is wrong in one file, as it is found."""

    file: str
    found: list[FileProblem] = field(default_factory=list)

    def add(self, line: int, says: str) -> None:
        self.found.append(FileProblem(self.file, line, says))


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """`line`: where it begins."""

    line: int
    given: GivenEntry


def read_entry(raw: RawEntry, problems: Problems) -> ReadEntry:
    """The entry, to be used only when `problems` stays empty."""
    for name in raw.fields.keys() - KEYS:
        problems.add(raw.line_of(name), _unknown_key(name))
    values = _Fields(raw, problems)
    text = EntryText(
        lang=values.line("lang"),
        question=values.line("question"),
        variants=values.lines("variants"),
        answer=tidy_answer(values.text("answer")),
        owner=values.line("owner"),
        audience=values.lines("audience") or (EVERYONE,),
        source_url=values.line("source_url"),
        verified_at=values.day("verified_at"),
        review_by=values.day("review_by"),
    )
    entry_id = values.line("id")
    for fault in find_faults(entry_id, text):
        name = "id" if fault.field == "entry_id" else fault.field
        problems.add(raw.line_of(name, fault.item), fault.says())
    return ReadEntry(raw.line, GivenEntry(entry_id=entry_id, text=text, status=values.status()))


def _unknown_key(name: str) -> str:
    close = difflib.get_close_matches(name, KEYS, n=1, cutoff=0.6)
    hint = f"did you mean `{close[0]}`?" if close else f"known are {', '.join(KEYS)}"
    return f"unknown key {tidy_line(name)[:80]!r}: {hint}"


class _Fields:
    """Reads fields of a raw entry into what they should be, and notes what they are not."""

    def __init__(self, raw: RawEntry, problems: Problems) -> None:
        self._raw = raw
        self._problems = problems

    def text(self, name: str) -> str:
        match self._raw.fields.get(name):
            case Written(text=text):
                return text
            case tuple():
                self._problems.add(self._raw.line_of(name), f"{name} is one text, not a list")
        return ""

    def line(self, name: str) -> str:
        return tidy_line(self.text(name))

    def lines(self, name: str) -> tuple[str, ...]:
        match self._raw.fields.get(name):
            case tuple(items):
                return tuple(tidy_line(item.text) for item in items)
            case Written(text=text) if name == "audience" and text.strip():
                return (tidy_line(text),)
            case Written(text=text, line=line) if text.strip():
                self._problems.add(line, f"{name} is a list: write each on a line of its own, after `- `")
        return ()

    def day(self, name: str) -> date | None:
        return self._read(name, _day) if self.line(name) else None

    def status(self) -> EntryStatus | None:
        return self._read("status", EntryStatus) if self.line("status") else None

    def _read(self, name: str, read: Callable[[str], T]) -> T | None:
        try:
            return read(self.line(name))
        except ValueError:
            self._problems.add(self._raw.line_of(name), f"{name} is {self.line(name)[:40]!r}: write {_EXAMPLES[name]}")
            return None


_EXAMPLES = {
    "verified_at": "a day as 2027-06-30",
    "review_by": "a day as 2027-06-30",
    "status": ", ".join(EntryStatus),
}


def _day(text: str) -> date:
    """Raises: ValueError."""
    if match := _DAY.fullmatch(text):
        year, month, day = map(int, match.groups())
        return date(year, month, day)
    raise ValueError


def repeated(entries: list[tuple[str, ReadEntry]]) -> Iterator[FileProblem]:
    """Of (file, entry) in order: each whose id was given before."""
    first: dict[str, tuple[str, int]] = {}
    for file, entry in entries:
        entry_id = entry.given.entry_id
        if entry_id in first:
            where = "{}:{}".format(*first[entry_id])
            yield FileProblem(
                file, entry.line, f"the id {entry_id} is given twice, first at {where}: change one of them"
            )
        elif entry_id:
            first[entry_id] = file, entry.line
