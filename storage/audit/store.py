"""Reading the audit log: checking the whole of it, and handing it out. Writing is `storage.audit.log.append`."""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, LargeBinary, bindparam, cast, func, select
from sqlalchemy.exc import DatabaseError

from storage.audit.checking import ChainCheck, ChainedEntry, Verdict
from storage.audit.checkpointing import checkpoint_query, record, take
from storage.audit.checkpoints import Checkpoint, checkpoint_line
from storage.audit.export import entry_line, manifest_line
from storage.audit.keys import BodyKeys
from storage.audit.signing import PublicKey, Signer
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.errors import DatabaseUnusable
from storage.knowledge.records import Author
from storage.schema import AuditCheckpointRow, AuditEntryRow

T = TypeVar("T")
BATCH = 1_000
BEFORE_ALL = -(2**63)  # a row that was slipped in below entry 1 is to be seen
# Bytes, as they were hashed: text that was changed need not be text any more, and reading it as such would fail.
_HASHED = ("header", "body_digest", "prev", "hash", "salt", "body", "key_id", "sealed")
_COLUMNS: list[Any] = [AuditEntryRow.seq, *(cast(getattr(AuditEntryRow, name), LargeBinary) for name in _HASHED)]
_BATCH = (
    select(*_COLUMNS)
    .where(AuditEntryRow.seq >= bindparam("first"), AuditEntryRow.seq <= bindparam("last"))
    .order_by(AuditEntryRow.seq)
    .limit(BATCH)
)
_CHECKPOINTS = checkpoint_query().where(
    AuditCheckpointRow.size >= bindparam("first"), AuditCheckpointRow.size <= bindparam("last")
)


@dataclass(frozen=True, slots=True)
class Span:
    """How far the log went when reading began: its last entry, and the last one that a checkpoint covers, if later.

    `first`: 1, or the one behind a checkpoint where older ones are gone.
    """

    first: int
    last: int
    signed: int


@dataclass(frozen=True, slots=True)
class Taking:
    """Who takes the log away, and why."""

    trail: AuditTrail
    signer: Signer
    author: Author
    reason: str = ""


class AuditStore:
    """Reads a batch at a time: neither the memory nor the database is taken up by a log of any length."""

    def __init__(self, database: Database, keys: BodyKeys) -> None:
        self._database = database
        self._keys = keys

    async def verify(self, key: PublicKey | None = None, shipped: Mapping[int, bytes] | None = None) -> Verdict:
        """Check every entry that was there when this began. `key`, `shipped`: as of `ChainCheck`.

        Raises: DatabaseUnusable, when they cannot be read.
        """
        first: int | None = BEFORE_ALL
        span = await self._read(_span)
        check = ChainCheck(span.first, key, shipped, is_whole=True)
        while first is not None:
            first = await self._read(partial(_check_batch, keys=self._keys, check=check, first=first, span=span))
        check.end()
        return check.verdict

    async def record_export(self, taking: Taking, now: datetime) -> Span:
        """Put on record that somebody takes the log, and sign what they take. Raises: AuditKeyUnusable."""

        def work(connection: Connection) -> Span:
            take(connection, taking.signer, now)
            span = _span(connection)
            said = {"from_seq": span.first, "to_seq": span.last}
            words = {"reason": taking.reason} if taking.reason else None
            taking.trail.administered(connection, "log_exported", taking.author, said, words, now)
            return span

        return await self._database.write(work)

    async def export(self, created: datetime, span: Span | None = None) -> AsyncGenerator[bytes, None]:
        """The log as JSON Lines, chunks of whole lines: as far as was recorded, or as it is when this begins.

        Close it (`contextlib.aclosing`).
        Nothing is checked: what was changed is handed out as it is, and found by whoever verifies the file.
        Raises: DatabaseUnusable.
        """
        if span is None:
            span = await self._read(_span)
        yield manifest_line(span.first, span.last, created)
        first: int | None = BEFORE_ALL
        while first is not None:
            lines, first = await self._read(partial(_export_batch, keys=self._keys, first=first, span=span))
            yield lines

    async def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            return await self._database.read(work)
        except DatabaseError as error:
            raise DatabaseUnusable(
                f"cannot read the audit log ({error.orig}): check the database with `inthread db check`"
            ) from error


def _span(connection: Connection) -> Span:
    last = connection.execute(select(func.coalesce(func.max(AuditEntryRow.seq), 0))).scalar_one()
    signed = connection.execute(select(func.coalesce(func.max(AuditCheckpointRow.size), 0))).scalar_one()
    first = connection.execute(select(func.coalesce(func.min(AuditEntryRow.seq), 1))).scalar_one()
    anchor = select(AuditCheckpointRow.size).where(AuditCheckpointRow.size == first - 1)
    is_pruned = first > 1 and connection.execute(anchor).first() is not None
    return Span(first if is_pruned else 1, last, max(last, signed))


def _check_batch(connection: Connection, keys: BodyKeys, check: ChainCheck, first: int, span: Span) -> int | None:
    """Where the next batch begins; None when all is checked, or something is wrong."""
    batch = _read_batch(connection, keys, first, span.last)
    for entry, checkpoint in _with_checkpoints(connection, batch, first, span.signed):
        if entry is not None and not check.take(entry):
            return None
        if checkpoint is not None and not check.take_checkpoint(checkpoint):
            return None
    return _next_first(batch)


def _export_batch(connection: Connection, keys: BodyKeys, first: int, span: Span) -> tuple[bytes, int | None]:
    batch = _read_batch(connection, keys, first, span.last)
    lines: list[bytes] = []
    for entry, checkpoint in _with_checkpoints(connection, batch, first, span.signed):
        if entry is not None:
            lines.append(entry_line(entry))
        if checkpoint is not None:
            lines.append(checkpoint_line(checkpoint))
    return b"".join(lines), _next_first(batch)


def _read_batch(connection: Connection, keys: BodyKeys, first: int, last: int) -> list[ChainedEntry]:
    rows = connection.execute(_BATCH, {"first": first, "last": last})
    return [_entry(keys, *row) for row in rows]


def _entry(
    keys: BodyKeys,
    seq: int,
    header: bytes,
    body_digest: bytes | None,
    prev: bytes,
    hash: bytes,
    salt: bytes | None,
    body: bytes | None,
    key_id: bytes | None,
    sealed: bytes | None,
) -> ChainedEntry:
    """What cannot be opened is as good as gone: the checks say whether it should be."""
    if key_id is not None and sealed is not None and (opened := keys.open(key_id, sealed)) is not None:
        salt, body = opened
    return ChainedEntry(seq, header, body_digest, prev, hash, salt, body)


def _with_checkpoints(
    connection: Connection, batch: list[ChainedEntry], first: int, end: int
) -> Iterator[tuple[ChainedEntry | None, Checkpoint | None]]:
    """Each entry with the checkpoint over it; behind the last one those over entries that are not there any more."""
    span = {"first": first, "last": end if len(batch) < BATCH else batch[-1].seq}
    over = {row.size: record(row) for row in connection.execute(_CHECKPOINTS, span)}
    if batch:
        yield None, over.pop(batch[0].seq - 1, None)  # where older ones are gone, it is what the rest follows
    for entry in batch:
        yield entry, over.pop(entry.seq, None)
    yield from ((None, checkpoint) for checkpoint in over.values())


def _next_first(batch: list[ChainedEntry]) -> int | None:
    return batch[-1].seq + 1 if len(batch) == BATCH else None
