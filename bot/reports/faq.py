"""Entries as `inthread faq` shows them. Terminals obey what they print: whatever commands one is taken out."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from bot.conversation.characters import strip_invisible
from bot.conversation.knowledge.checks import MOST_NAMED, Remark
from bot.desks.faq_files import Import
from storage.knowledge.records import FIELDS, Entry

_LABEL_WIDTH = 12


def import_lines(done: Import, *, dry_run: bool) -> Iterator[str]:
    """What was added and changed, one in a line; what stays hidden; how many of each, and how many were left alone."""
    added = [change.after for change in done.changes if change.before is None]
    changed = [change for change in done.changes if change.fields]
    for entry in added:
        yield f"added    {entry.entry_id}  {_shown(entry.text.question)}"
    for change in changed:
        yield f"changed  {change.after.entry_id}  {', '.join(change.fields)}"
    for entry in done.withheld:
        yield f"note     {entry.entry_id} stays {entry.status}: `status: published` in the file would change that"
    total, left = len(done.changes), len(done.changes) - len(added) - len(changed)
    yield (
        f"{_count(total, 'entry', 'entries')}: {len(added):,} added, {len(changed):,} changed, {left:,} left alone"
        + ("; nothing was written (--dry-run)" if dry_run else "")
    )


def list_lines(entries: Sequence[Entry], *, are_some: bool) -> Iterator[str]:
    """`are_some`: not all entries were asked for."""
    if not entries and are_some:
        yield "no such entries: `inthread faq list` shows all there are"
        return
    if not entries:
        yield "no entries yet: `inthread faq import FILE` takes some over (docs/knowledge.md)"
        return
    widest = max(len(entry.entry_id) for entry in entries)
    yield f"{'id':{widest}}  lang  {'status':9}  {'revision':>8}  {'review by':10}  question"
    for entry in entries:
        review_by = entry.text.review_by.isoformat() if entry.text.review_by else ""
        yield (
            f"{entry.entry_id:{widest}}  {entry.text.lang:4}  {entry.status:9}  {entry.revision:8}  {review_by:10}  "
            f"{_shown(entry.text.question)}"
        )


def entry_lines(entry: Entry) -> Iterator[str]:
    yield (
        f"{entry.entry_id}  {entry.status}, revision {entry.revision} by {entry.author}, "
        f"{entry.revised_at:%Y-%m-%d %H:%M} UTC"
    )
    for name, value in _plain(entry).items():
        if name in FIELDS and name != "answer":
            values = value if isinstance(value, list) else [value or "none"]
            for label, line in zip([name, *[""] * len(values)], values, strict=False):
                yield f"{label:{_LABEL_WIDTH}}  {line}"
    yield "answer"
    yield from (f"    │ {line}".rstrip() for line in strip_invisible(entry.text.answer).split("\n"))


def remark_lines(entries: int, remarks: Sequence[Remark]) -> Iterator[str]:
    """One in a line, and how many there are."""
    for remark in remarks:
        ids = ", ".join(remark.entry_ids[:MOST_NAMED])
        more = f" and {len(remark.entry_ids) - MOST_NAMED:,} more" if len(remark.entry_ids) > MOST_NAMED else ""
        yield f"{remark.concern:14}  {ids}{more}: {_shown(remark.says)}"
    yield f"{_count(entries, 'entry', 'entries')}, {_count(len(remarks), 'warning', 'warnings')}"


def as_json(entry: Entry) -> dict[str, Any]:
    return _plain(entry)


def _plain(entry: Entry) -> dict[str, Any]:
    """Visible characters, days in ISO 8601."""
    text = {name: _value(getattr(entry.text, name)) for name in FIELDS}
    return {
        "id": entry.entry_id,
        "status": entry.status.value,
        "revision": entry.revision,
        "author": strip_invisible(entry.author),
        "revised_at": entry.revised_at.isoformat(),
        **text,
    }


def _value(value: object) -> Any:
    match value:
        case str():
            return strip_invisible(value)
        case tuple():
            return [_value(item) for item in value]
        case date():
            return value.isoformat()
    return value


def _shown(text: str) -> str:
    return " ".join(strip_invisible(text).split())


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
