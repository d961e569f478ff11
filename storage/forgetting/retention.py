"""What goes because it is old enough: texts of the log, thread history, at last the log's oldest headers.

Days are counted in UTC and go whole: what goes, goes once a day. Holds are stronger than age.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from sqlalchemy import Connection, and_, delete, exists, func, or_, select

from storage.audit.canonical import Scalar, utc_text
from storage.audit.keys import give_up
from storage.audit.log import AuditEntry, person_of
from storage.audit.removals import RETENTION, spans_of, spans_text
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.forgetting import bodies, posts, traces
from storage.forgetting.bodies import HAS_BODY, NOT_SEARCHED, SearchedBy
from storage.forgetting.holds import Scope, all_holds
from storage.forgetting.traces import Person
from storage.records import CLOSED_STATES
from storage.schema import AuditCheckpointRow, AuditEntryRow, BodyKeyRow, InboxRow, ReplyRow, ThreadRow

BATCH = 1_000  # of texts and of exchanges in one transaction: others write in between


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """In days. `channels`: for texts and history of channels that are named, in place of the general ones."""

    texts: int
    headers: int
    history: int
    channels: Mapping[str, int]


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
        held = max(self.held, other.held)  # seen by each batch
        return Gone(self.texts + other.texts, self.exchanges + other.exchanges, self.headers + other.headers, held)


class _OnlyLooking(Exception):
    def __init__(self, gone: Gone) -> None:
        self.gone = gone


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

        def work(connection: Connection) -> None:
            raise _OnlyLooking(self._let_go(connection, now, None))

        try:
            await self._database.write(work)
        except _OnlyLooking as looked:
            return looked.gone
        raise AssertionError("looking always ends so")

    async def run(self, now: datetime) -> Gone:
        """Let go what is due, a batch in each transaction, each with its entry in the log.

        If anything went, writers wait at the end while the file is written anew. Raises: DatabaseUnavailable; the next
        run goes on from there.
        """
        total = Gone()
        while True:
            gone = await self._database.write(lambda connection: self._let_go(connection, now, BATCH))
            total += gone
            if gone.is_nothing:
                break
            self._leaves_traces = True
        if self._leaves_traces:
            await self._database.write(self._trail.keys.destroy_unheld)
            await self._database.write(self._searched_by.leave_no_trace)
            self._leaves_traces = not await self._database.scrub()
        return total

    def _let_go(self, connection: Connection, now: datetime, most: int | None) -> Gone:
        due = _Due(connection, self._trail, self._rule, now)
        seqs = list(islice(due.texts(), most))
        bodies.remove(connection, seqs, self._searched_by)
        old = list(islice(due.exchanges(), most))
        posts.forget(connection, old, now)
        headers_to = None if len(seqs) == most else due.headers_to()  # not before the last of their texts has gone
        headers = 0 if headers_to is None else _prune(connection, headers_to, self._searched_by)
        gone = Gone(len(seqs), len(old), headers, due.held)
        if not gone.is_nothing:
            give_up(connection, _unused_keys(connection))
            self._trail.add(connection, _entry(gone, seqs, headers_to, now))
        return gone


class _Due:
    """What is old enough, by one rule, on one day."""

    def __init__(self, connection: Connection, trail: AuditTrail, rule: RetentionRule, now: datetime) -> None:
        self._connection = connection
        self._rule = rule
        self._today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        holds = all_holds(connection)
        self._places = {(hold.held.scope, hold.held.platform, hold.held.name) for hold in holds}
        people = [Person(hold.held.platform, hold.held.name) for hold in holds if hold.held.scope is Scope.PERSON]
        self._names = {name for person in people for name in traces.pseudonyms(connection, trail.pseudonym, person)}
        self.held = 0

    def texts(self) -> Iterator[int]:
        """Entries in their order. What the company says (entries, handbooks, erasures) stays as long as its header."""
        query = select(AuditEntryRow.seq, AuditEntryRow.header).where(HAS_BODY).order_by(AuditEntryRow.seq)
        latest = utc_text(self._before(min([self._rule.texts, *self._rule.channels.values()])))
        for row in self._connection.execute(query):
            header = _parse(row.header)
            if header is None or not person_of(str(header["kind"]), header.get("actor")):
                continue
            if str(header["time"]) >= latest:
                return
            days = self._rule.channels.get(str(header.get("channel")), self._rule.texts)
            if str(header["time"]) >= utc_text(self._before(days)):
                continue
            if self._is_held(header):
                self.held += 1
                continue
            yield row.seq

    def exchanges(self) -> Iterator[posts.Post]:
        """Of the thread history, ended, oldest first."""
        rule = self._rule
        special = [
            and_(ThreadRow.channel == channel, InboxRow.received_at < self._before(days))
            for channel, days in rule.channels.items()
        ]
        general = and_(ThreadRow.channel.not_in(rule.channels), InboxRow.received_at < self._before(rule.history))
        query = (
            posts.post_query()
            .where(ReplyRow.state.in_(CLOSED_STATES), or_(general, *special))
            .order_by(InboxRow.received_at)
        )
        for row in self._connection.execute(query):
            post = posts.Post(*row)
            held = (Scope.PERSON, post.user), (Scope.CHANNEL, post.channel), (Scope.THREAD, post.thread)
            if not any((scope, post.platform, name) in self._places for scope, name in held):
                yield post

    def headers_to(self) -> int | None:
        """The last of the oldest entries that can go as a whole: one that a checkpoint covers, so that the rest can
        still be checked from there. None: nothing can."""
        limit = utc_text(self._before(self._rule.headers))
        last = None
        for row in self._connection.execute(
            select(AuditEntryRow.seq, AuditEntryRow.header).order_by(AuditEntryRow.seq)
        ):
            header = _parse(row.header)
            if header is None or str(header["time"]) >= limit or self._is_held(header):
                break
            last = row.seq
        if last is None:
            return None
        covered = select(func.max(AuditCheckpointRow.size)).where(AuditCheckpointRow.size <= last)
        size = self._connection.execute(covered).scalar()
        first = self._connection.execute(select(func.min(AuditEntryRow.seq))).scalar()
        return size if size is not None and first is not None and size >= first else None

    def _before(self, days: int) -> datetime:
        return self._today - timedelta(days=days)

    def _is_held(self, header: Mapping[str, object]) -> bool:
        platform = str(header.get("platform"))
        places = {(scope, platform, str(header.get(scope.value))) for scope in (Scope.CHANNEL, Scope.THREAD)}
        return header.get("actor") in self._names or not self._places.isdisjoint(places)


def _prune(connection: Connection, headers_to: int, searched_by: SearchedBy) -> int:
    gone = connection.execute(delete(AuditEntryRow).where(AuditEntryRow.seq <= headers_to)).rowcount
    connection.execute(delete(AuditCheckpointRow).where(AuditCheckpointRow.size < headers_to))
    searched_by.forget_to(connection, headers_to)
    return gone


def _unused_keys(connection: Connection) -> list[bytes]:
    is_used = exists().where(AuditEntryRow.key_id == BodyKeyRow.key_id)
    return list(connection.execute(select(BodyKeyRow.key_id).where(~is_used)).scalars())


def _entry(gone: Gone, seqs: list[int], headers_to: int | None, now: datetime) -> AuditEntry:
    fields: dict[str, Scalar] = {
        "seqs": spans_text(spans_of(seqs)),
        "texts": gone.texts,
        "exchanges": gone.exchanges,
        "headers_to": headers_to,
    }
    return AuditEntry(RETENTION, now, fields)


def _parse(header: str) -> dict[str, object] | None:
    """None: it was changed. That is found by `verify`, and stays as it is."""
    try:
        said = json.loads(header)
        return said if {"kind", "time"} <= said.keys() else None
    except (ValueError, AttributeError):
        return None
