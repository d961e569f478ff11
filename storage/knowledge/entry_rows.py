"""Entries in the tables: read as records, and written with everything that follows from them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, delete, select, update
from sqlalchemy import bindparam as bind

from storage.dialect import insert
from storage.knowledge import fulltext
from storage.knowledge.fulltext import ENTRIES, Indexed
from storage.knowledge.records import FIELDS, Entry, EntryChange, EntryStatus, EntryText
from storage.knowledge.tables import EntryRevisionRow, EntryRow, PhrasingRow
from storage.knowledge.words import fold, text_hash

T = TypeVar("T")
MOST_IN_A_LIST = 10_000  # SQLite takes 32,766 values in one statement


def current_query() -> Select[Any]:
    """Every entry with the revision that holds."""
    return _query().where(EntryRevisionRow.revision == EntryRow.revision)


def revisions_query(entry_id: str) -> Select[Any]:
    return _query().where(EntryRow.entry_id == entry_id)


def _query() -> Select[Any]:
    return select(EntryRow.status, *EntryRevisionRow.__table__.columns).join(
        EntryRow, EntryRow.entry_id == EntryRevisionRow.entry_id
    )


def record(row: Row[Any]) -> Entry:
    values: dict[str, Any] = {name: getattr(row, name) for name in FIELDS}
    values |= {"variants": tuple(row.variants), "audience": tuple(row.audience)}
    return Entry(
        entry_id=row.entry_id,
        revision=row.revision,
        status=EntryStatus(row.status),
        text=EntryText(**values),
        author=row.author,
        revised_at=row.revised_at,
    )


def find(connection: Connection, entry_id: str) -> Entry | None:
    row = connection.execute(current_query().where(EntryRow.entry_id == entry_id)).first()
    return None if row is None else record(row)


def find_all(connection: Connection, entry_ids: Iterable[str]) -> dict[str, Entry]:
    """Those that are there, by id."""
    return {
        row.entry_id: record(row)
        for some in chunks(entry_ids)
        for row in connection.execute(current_query().where(EntryRow.entry_id.in_(some)))
    }


def write(connection: Connection, changes: Sequence[EntryChange]) -> None:
    """The entries as they are from now on, their new revisions, and what they are found by."""
    _write_entries(connection, changes)
    _write_revisions(connection, changes)
    numbers = _numbers(connection, changes)
    _write_phrasings(connection, changes)
    _write_index(connection, changes, numbers)


def _write_entries(connection: Connection, changes: Sequence[EntryChange]) -> None:
    values = [
        {"of": change.after.entry_id, "status": change.after.status, "revision": change.after.revision}
        for change in changes
        if change.before is not None
    ]
    if values:
        connection.execute(update(EntryRow.__table__).where(EntryRow.entry_id == bind("of")), values)  # type: ignore[arg-type]
    new = [change.after for change in changes if change.before is None]
    if new:
        connection.execute(
            insert(EntryRow),
            [{"entry_id": entry.entry_id, "status": entry.status, "revision": entry.revision} for entry in new],
        )


def _write_revisions(connection: Connection, changes: Sequence[EntryChange]) -> None:
    values = [
        _revision_values(change.after)
        for change in changes
        if change.before is None or change.before.revision != change.after.revision
    ]
    if values:
        connection.execute(insert(EntryRevisionRow), values)


def _revision_values(entry: Entry) -> dict[str, Any]:
    return {
        **{name: getattr(entry.text, name) for name in FIELDS},
        "entry_id": entry.entry_id,
        "revision": entry.revision,
        "author": entry.author,
        "revised_at": entry.revised_at,
    }


def _numbers(connection: Connection, changes: Sequence[EntryChange]) -> dict[str, int]:
    """The entries' rows in the full-text index."""
    query = select(EntryRow.entry_id, EntryRow.number)
    return {
        row.entry_id: row.number
        for some in chunks(change.after.entry_id for change in changes)
        for row in connection.execute(query.where(EntryRow.entry_id.in_(some)))
    }


def _write_phrasings(connection: Connection, changes: Sequence[EntryChange]) -> None:
    for some in chunks(change.after.entry_id for change in changes if change.before is not None):
        connection.execute(delete(PhrasingRow).where(PhrasingRow.entry_id.in_(some)))
    values = [
        {"entry_id": entry.entry_id, "position": position, "text": text, "text_hash": text_hash(fold(text))}
        for entry in _published(changes)
        for position, text in enumerate(entry.phrasings)
    ]
    if values:
        connection.execute(insert(PhrasingRow), values)


def _write_index(connection: Connection, changes: Sequence[EntryChange], numbers: dict[str, int]) -> None:
    fulltext.remove(
        connection, ENTRIES, (numbers[change.after.entry_id] for change in changes if change.before is not None)
    )
    fulltext.put(
        connection,
        ENTRIES,
        (
            Indexed(numbers[entry.entry_id], ("\n".join(entry.phrasings), entry.text.answer), entry.text.audience)
            for entry in _published(changes)
        ),
    )


def _published(changes: Iterable[EntryChange]) -> Iterator[Entry]:
    return (change.after for change in changes if change.after.status is EntryStatus.PUBLISHED)


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """So many at a time as one statement takes."""
    iterator = iter(items)
    while some := list(islice(iterator, MOST_IN_A_LIST)):
        yield some
