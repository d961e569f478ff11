"""The company's answers: entries, each with all its revisions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection, select

from storage.audit.log import SealedEntry
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.errors import EntryChanged
from storage.knowledge import changes, entry_rows, fulltext
from storage.knowledge.fulltext import ENTRIES
from storage.knowledge.records import Author, Entry, EntryChange, EntryStatus, EntryText, GivenEntry
from storage.knowledge.revising import revise, revise_all
from storage.knowledge.tables import EntryRevisionRow, EntryRow, PhrasingRow
from storage.knowledge.words import fold, text_hash


@dataclass(frozen=True, slots=True)
class _Ready:
    """Changes, with all that is written for them: made before other writers are kept waiting."""

    planned: Sequence[EntryChange]
    rows: entry_rows.Rows
    sealed: Sequence[SealedEntry]


class EntryStore:
    """Every change of an entry is one transaction with its entry in the audit log, and moves `generation`."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def generation(self) -> int:
        """Grows with every change of an entry or a document: an index made at another one is stale."""
        return await self._database.read(changes.generation)

    async def published(self) -> list[Entry]:
        """What questions may be answered with, by id."""
        return await self.list(EntryStatus.PUBLISHED)

    async def changed_last(self, limit: int) -> list[Entry]:
        """Those with the newest revisions, of any status, the newest first."""
        query = entry_rows.current_query().order_by(EntryRevisionRow.revised_at.desc(), EntryRow.entry_id).limit(limit)
        return await self._database.read(
            lambda connection: [entry_rows.record(row) for row in connection.execute(query)]
        )

    async def list(self, status: EntryStatus | None = None) -> list[Entry]:
        """The entries as they are now, by id; of one status, or all."""
        query = current = entry_rows.current_query().order_by(EntryRow.entry_id)
        if status is not None:
            query = current.where(EntryRow.status == status)
        return await self._database.read(
            lambda connection: [entry_rows.record(row) for row in connection.execute(query)]
        )

    async def find(self, entry_id: str) -> Entry | None:
        """As it is now, whatever its status."""
        return await self._database.read(lambda connection: entry_rows.find(connection, entry_id))

    async def find_revision(self, entry_id: str, revision: int) -> Entry | None:
        """What it said then: what somebody was shown can be shown again, to the letter."""
        query = entry_rows.revisions_query(entry_id).where(EntryRevisionRow.revision == revision)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else entry_rows.record(row)

    async def revisions(self, entry_id: str) -> Sequence[Entry]:
        """All that it ever said, newest first."""
        query = entry_rows.revisions_query(entry_id).order_by(EntryRevisionRow.revision.desc())
        return await self._database.read(
            lambda connection: [entry_rows.record(row) for row in connection.execute(query)]
        )

    async def asked_as(self, text: str) -> Sequence[str]:
        """Ids of the published entries that are asked in exactly these words, but for width, case and spaces."""
        query = select(PhrasingRow.entry_id).where(PhrasingRow.text_hash == text_hash(fold(text))).distinct()
        return await self._database.read(
            lambda connection: list(connection.execute(query.order_by(PhrasingRow.entry_id)).scalars())
        )

    async def search(
        self, words: Sequence[str], audience: Collection[str] | None, limit: int
    ) -> Sequence[tuple[str, float]]:
        """Published entries that have any of the words and that one of `audience` may see: (id, BM25), best first.

        `words`: of `storage.knowledge.words.words_of`. `audience`: with `everyone` in it, as a rule; None: whoever may.
        """
        return await self._database.read(lambda connection: _search(connection, words, audience, limit))

    async def save(
        self,
        entry_id: str,
        text: EntryText,
        status: EntryStatus,
        author: Author,
        now: datetime,
        *,
        seen: int | None = None,
    ) -> Entry:
        """The entry as it is then: a new revision if the text differs from the one that holds.

        `seen`: the revision that the author had before them, 0 for none; what came after it is not overwritten.
        Raises: EntryChanged.
        """

        def work(connection: Connection) -> Entry:
            before = entry_rows.find(connection, entry_id)
            _require_seen(before, seen)
            change = revise(before, entry_id, text, status, author, now)
            self._write(connection, self._make_ready([change], author, now))
            return change.after

        return await self._database.write(work)

    async def set_status(self, entry_id: str, status: EntryStatus, author: Author, now: datetime) -> Entry | None:
        """Publish it, retire it, take it back to a draft; the text stays. None: there is no such entry."""

        def work(connection: Connection) -> Entry | None:
            before = entry_rows.find(connection, entry_id)
            if before is None:
                return None
            change = EntryChange(before, replace(before, status=status))
            self._write(connection, self._make_ready([change], author, now))
            return change.after

        return await self._database.write(work)

    async def preview(
        self, given: Sequence[GivenEntry], author: Author, now: datetime, today: date
    ) -> Sequence[EntryChange]:
        """What `take_all` would do."""
        return await self._database.read(lambda connection: _plan(connection, given, author, now, today))

    async def take_all(
        self, given: Sequence[GivenEntry], author: Author, now: datetime, today: date
    ) -> Sequence[EntryChange]:
        """Take over what a file gives, all of it in one transaction; ids stand in it once.

        What became of each, in its order: those without `fields` and with a `before` were left alone.
        """

        def look(connection: Connection) -> tuple[int, _Ready]:
            planned = _plan(connection, given, author, now, today)
            return changes.generation(connection), self._make_ready(planned, author, now)

        generation, looked = await self._database.read(look)

        def work(connection: Connection) -> Sequence[EntryChange]:
            is_current = changes.generation(connection) == generation
            ready = looked if is_current else look(connection)[1]
            self._write(connection, ready)
            return ready.planned

        return await self._database.write(work)

    def _make_ready(self, planned: Sequence[EntryChange], author: Author, now: datetime) -> _Ready:
        real = [change for change in planned if change.before != change.after]
        return _Ready(planned, entry_rows.make_rows(real), self._trail.seal_entries(real, author, now))

    def _write(self, connection: Connection, ready: _Ready) -> None:
        if ready.sealed:
            entry_rows.write(connection, ready.rows)
            self._trail.add_sealed(connection, ready.sealed)
            changes.advance(connection)


def _plan(
    connection: Connection, given: Sequence[GivenEntry], author: Author, now: datetime, today: date
) -> Sequence[EntryChange]:
    existing = entry_rows.find_all(connection, (one.entry_id for one in given))
    return revise_all(existing, given, author, now, today)


def _require_seen(before: Entry | None, seen: int | None) -> None:
    revision = 0 if before is None else before.revision
    if seen is None or seen == revision:
        return
    raise EntryChanged(
        f"the entry was changed meanwhile, by {before.author}: look at it again, then change it"
        if before is not None
        else "the entry is not there any more: look at the list again"
    )


def _search(
    connection: Connection, words: Sequence[str], audience: Collection[str] | None, limit: int
) -> Sequence[tuple[str, float]]:
    found = fulltext.search(connection, ENTRIES, words, audience, limit)
    query = select(EntryRow.number, EntryRow.entry_id).where(EntryRow.number.in_([number for number, _ in found]))
    ids = {row.number: row.entry_id for row in connection.execute(query)}
    return [(ids[number], score) for number, score in found]
