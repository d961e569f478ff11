"""Entries in the tables: read as records, and written with everything that follows from them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, bindparam, delete, select, update

from storage.dialect import insert, merge_index
from storage.knowledge import fulltext
from storage.knowledge.fulltext import ENTRIES, Indexable, make_indexable
from storage.knowledge.records import FIELDS, Entry, EntryChange, EntryStatus, EntryText
from storage.knowledge.tables import EntryRevisionRow, EntryRow, PhrasingRow, VectorRow
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


@dataclass(frozen=True, slots=True)
class Rows:
    """All that is written for some changes. Made without a connection, so that an import holds up nobody meanwhile."""

    known: list[dict[str, Any]]
    new: list[dict[str, Any]]
    revisions: list[dict[str, Any]]
    phrasings: list[dict[str, Any]]
    indexables: dict[str, Indexable]


def make_rows(changes: Sequence[EntryChange]) -> Rows:
    published = [change.after for change in changes if change.after.status is EntryStatus.PUBLISHED]
    return Rows(
        known=[_entry_values(change.after) for change in changes if change.before is not None],
        new=[_entry_values(change.after) for change in changes if change.before is None],
        revisions=[_revision_values(change.after) for change in changes if change.is_revision],
        phrasings=[values for entry in published for values in _phrasing_values(entry)],
        indexables={
            entry.entry_id: make_indexable("\n".join(entry.phrasings), entry.text.answer, entry.text.audience)
            for entry in published
        },
    )


def write(connection: Connection, rows: Rows) -> None:
    """The entries as they are from now on, their new revisions, and what they are found by."""
    _forget_index(connection, [values["entry_id"] for values in rows.known])
    if rows.known:
        known = [{"of": values["entry_id"], **values} for values in rows.known]
        connection.execute(update(EntryRow.__table__).where(EntryRow.entry_id == bindparam("of")), known)  # type: ignore[arg-type]
    for table, values in ((EntryRow, rows.new), (EntryRevisionRow, rows.revisions), (PhrasingRow, rows.phrasings)):
        if values:
            connection.execute(insert(table), values)
    numbers = _numbers(connection, rows.indexables)
    fulltext.put(connection, ENTRIES, {numbers[entry_id]: row for entry_id, row in rows.indexables.items()})


def _entry_values(entry: Entry) -> dict[str, Any]:
    return {"entry_id": entry.entry_id, "status": entry.status, "revision": entry.revision}


def _revision_values(entry: Entry) -> dict[str, Any]:
    return {
        **{name: getattr(entry.text, name) for name in FIELDS},
        "entry_id": entry.entry_id,
        "revision": entry.revision,
        "author": entry.author,
        "revised_at": entry.revised_at,
    }


def _phrasing_values(entry: Entry) -> Iterator[dict[str, Any]]:
    for position, text in enumerate(entry.phrasings):
        yield {"entry_id": entry.entry_id, "position": position, "text": text, "text_hash": text_hash(fold(text))}


def _forget_index(connection: Connection, entry_ids: Sequence[str]) -> None:
    fulltext.remove(connection, ENTRIES, _numbers(connection, entry_ids).values())
    for some in chunks(entry_ids):
        connection.execute(delete(PhrasingRow).where(PhrasingRow.entry_id.in_(some)))


def _numbers(connection: Connection, entry_ids: Iterable[str]) -> dict[str, int]:
    """The entries' rows in the full-text index."""
    query = select(EntryRow.entry_id, EntryRow.number)
    return {
        row.entry_id: row.number
        for some in chunks(entry_ids)
        for row in connection.execute(query.where(EntryRow.entry_id.in_(some)))
    }


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """So many at a time as one statement takes."""
    iterator = iter(items)
    while some := list(islice(iterator, MOST_IN_A_LIST)):
        yield some


def remove(connection: Connection, entry_ids: Sequence[str]) -> None:
    """With all revisions, for good: drafts in a person's words go so, and nothing that is the company's."""
    _forget_index(connection, entry_ids)
    merge_index(connection, ENTRIES.table)  # some were published once
    for hashes in chunks(_texts_ever(connection, entry_ids)):  # of who else says the same, it is encoded again
        connection.execute(delete(VectorRow).where(VectorRow.text_hash.in_(hashes)))
    for some in chunks(entry_ids):
        for row in (EntryRevisionRow, EntryRow):
            connection.execute(delete(row).where(row.entry_id.in_(some)))


def _texts_ever(connection: Connection, entry_ids: Sequence[str]) -> set[bytes]:
    """Hashes of all ways in which the entries were ever asked, and of all answers they ever gave, folded."""
    revision = EntryRevisionRow
    return {
        text_hash(fold(text))
        for some in chunks(entry_ids)
        for row in connection.execute(
            select(revision.question, revision.variants, revision.answer).where(revision.entry_id.in_(some))
        )
        for text in (row.question, *row.variants, row.answer)
    }
