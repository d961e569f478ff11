"""Handbooks: documents in passages. They ground generated text, and are never verified answers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.knowledge import changes, fulltext, passage_rows
from storage.knowledge.fulltext import PASSAGES
from storage.knowledge.passage_rows import Stored
from storage.knowledge.records import (
    Author,
    DocumentChange,
    DocumentOutcome,
    DocumentSummary,
    GivenDocument,
    Passage,
)
from storage.knowledge.tables import DocumentRow, PassageRow


class PassageStore:
    """Every import is one transaction with its entries in the audit log, and moves `EntryStore.generation`."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def all(self) -> list[Passage]:
        """By document, in its order."""
        query = passage_rows.passage_query().order_by(PassageRow.document, PassageRow.position)
        return await self._database.read(
            lambda connection: [passage_rows.record(row) for row in connection.execute(query)]
        )

    async def find(self, passage_id: str) -> Passage | None:
        """None: there never was one, or it was changed or removed since."""
        query = passage_rows.passage_query().where(PassageRow.passage_id == passage_id)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else passage_rows.record(row)

    async def documents(self) -> list[DocumentSummary]:
        """By name."""
        return await self._database.read(_summaries)

    async def search(
        self, words: Sequence[str], audience: Collection[str] | None, limit: int
    ) -> list[tuple[str, float]]:
        """Passages that have any of the words and that one of `audience` may see: (id, BM25), best first."""
        return await self._database.read(lambda connection: _search(connection, words, audience, limit))

    async def preview(self, collection: str, documents: Sequence[GivenDocument]) -> list[DocumentChange]:
        """What `replace` would do."""

        def work(connection: Connection) -> list[DocumentChange]:
            return list(_plan(passage_rows.stored_documents(connection, collection), documents))

        return await self._database.read(work)

    async def replace(
        self, collection: str, documents: Sequence[GivenDocument], author: Author, now: datetime
    ) -> list[DocumentChange]:
        """From now on the collection consists of these documents; names stand in them once.

        What became of each, and then of those that were there before and are gone.
        """

        def work(connection: Connection) -> list[DocumentChange]:
            planned = list(_plan(passage_rows.stored_documents(connection, collection), documents))
            self._carry_out(connection, collection, documents, planned, author, now)
            return planned

        return await self._database.write(work)

    def _carry_out(
        self,
        connection: Connection,
        collection: str,
        documents: Sequence[GivenDocument],
        planned: Sequence[DocumentChange],
        author: Author,
        now: datetime,
    ) -> None:
        outcomes = {change.name: change.outcome for change in planned}
        imported = [one for one in documents if outcomes[one.name] is not DocumentOutcome.LEFT]
        removed = [name for name, outcome in outcomes.items() if outcome is DocumentOutcome.REMOVED]
        if not imported and not removed:
            return
        for document in imported:
            passage_rows.write(connection, collection, document, author, now)
        passage_rows.remove(connection, removed)
        self._trail.add_sealed(connection, self._trail.seal_documents(imported, removed, author, now))
        changes.advance(connection)


def _plan(stored: Mapping[str, Stored], documents: Sequence[GivenDocument]) -> Iterator[DocumentChange]:
    for document in documents:
        yield _compare(stored.get(document.name), document)
    for name in sorted(stored.keys() - {document.name for document in documents}):
        yield DocumentChange(name, DocumentOutcome.REMOVED, 0, 0)


def _compare(before: Stored | None, document: GivenDocument) -> DocumentChange:
    number = len(document.passages)
    if before is None:
        return DocumentChange(document.name, DocumentOutcome.ADDED, number, number)
    if before.is_same(document):
        return DocumentChange(document.name, DocumentOutcome.LEFT, number, 0)
    new = {passage.passage_id for passage in document.passages} - set(before.passage_ids)
    return DocumentChange(document.name, DocumentOutcome.CHANGED, number, len(new))


def _summaries(connection: Connection) -> list[DocumentSummary]:
    query = (
        select(*DocumentRow.__table__.columns, func.count(PassageRow.number).label("passages"))
        .outerjoin(PassageRow, PassageRow.document == DocumentRow.name)
        .group_by(DocumentRow.name)
        .order_by(DocumentRow.name)
    )
    return [
        DocumentSummary(row.name, row.collection, row.passages, tuple(row.audience), row.imported_at)
        for row in connection.execute(query)
    ]


def _search(
    connection: Connection, words: Sequence[str], audience: Collection[str] | None, limit: int
) -> list[tuple[str, float]]:
    found = fulltext.search(connection, PASSAGES, words, audience, limit)
    query = select(PassageRow.number, PassageRow.passage_id).where(
        PassageRow.number.in_([number for number, _ in found])
    )
    ids = {row.number: row.passage_id for row in connection.execute(query)}
    return [(ids[number], score) for number, score in found]
