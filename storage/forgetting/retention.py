"""Letting go what is old enough: texts of the log, thread history, at last the log's oldest headers.

What is due is looked for beside the writers, and let go a batch at a time, so that nobody waits for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, delete, exists, select

from storage.audit.canonical import Scalar
from storage.audit.keys import give_up
from storage.audit.log import AuditEntry
from storage.audit.removals import RETENTION, spans_of, spans_text
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.forgetting import bodies, posts
from storage.forgetting.bodies import NOT_SEARCHED, SearchedBy
from storage.forgetting.due import Due, RetentionRule, find_due
from storage.forgetting.holds import all_holds
from storage.schema import AuditCheckpointRow, AuditEntryRow, BodyKeyRow, InboxRow

BATCH = 1_000  # of texts and of exchanges in one transaction: others write in between


@dataclass(frozen=True, slots=True)
class Gone:
    """How much went, or would: texts of the log, exchanges of the thread history, entries of the log as a whole.

    `held`: texts that are old enough, and stay because of a hold.
    """

    texts: int = 0
    exchanges: int = 0
    headers: int = 0
    held: int = 0

    @property
    def is_nothing(self) -> bool:
        return not (self.texts or self.exchanges or self.headers)

    def __add__(self, other: "Gone") -> "Gone":
        held = max(self.held, other.held)  # each who looks sees all of them
        return Gone(self.texts + other.texts, self.exchanges + other.exchanges, self.headers + other.headers, held)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What goes in one transaction. The headers go with the last of what is due."""

    texts: Sequence[int]
    exchanges: Sequence[str]
    headers_to: int | None


class _HoldsChanged(Exception):
    """What was found due may be so no more."""


class RetentionStore:
    def __init__(
        self, database: Database, trail: AuditTrail, rule: RetentionRule, searched_by: SearchedBy = NOT_SEARCHED
    ) -> None:
        self._database = database
        self._trail = trail
        self._rule = rule
        self._searched_by = searched_by
        self._leaves_traces = False  # something went, and the file is not written anew yet

    async def preview(self, now: datetime) -> Gone:
        """What would go if this were now. Changes nothing."""
        due = await self._look(now)
        return Gone(len(due.texts), len(due.exchanges), due.headers, due.held)

    async def run(self, now: datetime) -> Gone:
        """Let go what is due, a batch in each transaction, each with its entry in the log.

        If anything went, writers wait at the end while the file is written anew. Raises: DatabaseUnavailable; the next
        run goes on from there.
        """
        gone = Gone()
        is_done = False
        while not is_done:
            due = await self._look(now)
            gone += Gone(held=due.held)
            try:
                for batch in _batches(due):
                    gone += await self._database.write(partial(self._let_go, batch=batch, due=due, now=now))
                    self._leaves_traces = True
                is_done = True
            except _HoldsChanged:
                continue
        if self._leaves_traces:
            await self._database.write(self._trail.keys.destroy_unheld)
            await self._database.write(self._searched_by.leave_no_trace)
            self._leaves_traces = not await self._database.scrub()
        return gone

    async def _look(self, now: datetime) -> Due:
        return await self._database.read(partial(find_due, pseudonym=self._trail.pseudonym, rule=self._rule, now=now))

    def _let_go(self, connection: Connection, batch: _Batch, due: Due, now: datetime) -> Gone:
        """Raises: _HoldsChanged."""
        if all_holds(connection) != due.holds:
            raise _HoldsChanged
        bodies.remove(connection, batch.texts, self._searched_by)
        old = posts.posts_of(connection, posts.post_query().where(InboxRow.message_key.in_(batch.exchanges)))
        posts.forget(connection, old, now)
        gone = Gone(len(batch.texts), len(old), due.headers if batch.headers_to is not None else 0)
        self._trail.add(connection, _entry(gone, batch, now))  # first: it follows the last one, which may go too
        if batch.headers_to is not None:
            _prune(connection, batch.headers_to, self._searched_by)
        give_up(connection, _unused_keys(connection))
        return gone


def _batches(due: Due) -> Iterator[_Batch]:
    count = max(len(due.texts), len(due.exchanges), 1 if due.headers_to is not None else 0)
    for begin in range(0, count, BATCH):
        end = begin + BATCH
        headers_to = due.headers_to if end >= count else None
        yield _Batch(due.texts[begin:end], due.exchanges[begin:end], headers_to)


def _prune(connection: Connection, headers_to: int, searched_by: SearchedBy) -> None:
    connection.execute(delete(AuditEntryRow).where(AuditEntryRow.seq <= headers_to))
    connection.execute(delete(AuditCheckpointRow).where(AuditCheckpointRow.size < headers_to))
    searched_by.forget_to(connection, headers_to)


def _unused_keys(connection: Connection) -> list[bytes]:
    is_used = exists().where(AuditEntryRow.key_id == BodyKeyRow.key_id)
    return list(connection.execute(select(BodyKeyRow.key_id).where(~is_used)).scalars())


def _entry(gone: Gone, batch: _Batch, now: datetime) -> AuditEntry:
    fields: dict[str, Scalar] = {
        "seqs": spans_text(spans_of(batch.texts)),
        "texts": gone.texts,
        "exchanges": gone.exchanges,
        "headers_to": batch.headers_to,
    }
    return AuditEntry(RETENTION, now, fields)
