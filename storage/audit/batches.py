"""The log as the database has it, a batch at a time: what is checked and what is handed out come from here.

Inside somebody's connection, and of little else: processes are begun for it (`storage.audit.parallel`).
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import cast

from sqlalchemy import Connection, bindparam, func, select, text

from storage.audit.checking import ChainCheck, ChainedEntry, StoredEntry
from storage.audit.checkpoint_rows import checkpoint_query, record
from storage.audit.checkpoints import Checkpoint, checkpoint_line
from storage.audit.export import entry_line
from storage.audit.keys import BodyKeys
from storage.schema import AuditCheckpointRow, AuditEntryRow

BATCH = 300  # what stays in a processor's own cache between reading and checking
BEFORE_ALL = -(2**63)  # a row that was slipped in below entry 1 is to be seen
# Bytes, as they were hashed: text that was changed need not be text any more, and reading it as such would fail.
_BATCH = (
    "SELECT seq, CAST(header AS BLOB), body_digest, prev, hash, key_id, sealed, salt, body FROM audit_entry "
    f"WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT {BATCH}"
)
_CHAINED = ("header", "body_digest", "prev", "hash", "key_id", "sealed", "salt", "body")
_ONE = text(f"SELECT seq, {', '.join(f'CAST({name} AS BLOB)' for name in _CHAINED)} FROM audit_entry WHERE seq = :seq")
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


def span_of(connection: Connection) -> Span:
    last = connection.execute(select(func.coalesce(func.max(AuditEntryRow.seq), 0))).scalar_one()
    signed = connection.execute(select(func.coalesce(func.max(AuditCheckpointRow.size), 0))).scalar_one()
    first = connection.execute(select(func.coalesce(func.min(AuditEntryRow.seq), 1))).scalar_one()
    anchor = select(AuditCheckpointRow.size).where(AuditCheckpointRow.size == first - 1)
    is_pruned = first > 1 and connection.execute(anchor).first() is not None
    return Span(first if is_pruned else 1, last, max(last, signed))


def check_batch(connection: Connection, keys: BodyKeys, check: ChainCheck, first: int, span: Span) -> int | None:
    """Where the next batch begins; None when all is checked, or something is wrong."""
    batch = _read_batch(connection, first, span.last)
    ciphers = keys.ciphers({key_id for _, _, _, _, _, key_id, _, _, _ in batch})
    for rows, checkpoint in _with_checkpoints(connection, batch, first, span.signed):
        if not check.take_rows(rows, ciphers, partial(_entry_of, connection, keys)):
            return None
        if checkpoint is not None and not check.take_checkpoint(checkpoint):
            return None
    return _next_first(batch)


def export_batch(connection: Connection, keys: BodyKeys, first: int, span: Span) -> tuple[bytes, int | None]:
    """Whole lines, and where the next batch begins, as of `check_batch`."""
    batch = _read_batch(connection, first, span.last)
    lines: list[bytes] = []
    for rows, checkpoint in _with_checkpoints(connection, batch, first, span.signed):
        lines += [entry_line(_entry_of(connection, keys, row)) for row in rows]
        if checkpoint is not None:
            lines.append(checkpoint_line(checkpoint))
    return b"".join(lines), _next_first(batch)


def _entry_of(connection: Connection, keys: BodyKeys, row: StoredEntry) -> ChainedEntry:
    """Byte for byte, whatever was made of it. What cannot be opened counts as gone: checks say whether it may be."""
    if not all(isinstance(value, bytes | None) for value in row[1:]):
        row = cast(StoredEntry, tuple(connection.execute(_ONE, {"seq": row[0]}).one()))
    seq, header, body_digest, prev, hash, key_id, sealed, salt, body = row
    if key_id is not None and sealed is not None and (opened := keys.open(key_id, sealed)) is not None:
        salt, body = opened
    return ChainedEntry(seq, header, body_digest, prev, hash, salt, body)


def _read_batch(connection: Connection, first: int, last: int) -> list[StoredEntry]:
    """By the driver's own cursor: it takes as long to make rows of a batch as to check them."""
    cursor = connection.exec_driver_sql(_BATCH, (first, last)).cursor
    return cast(list[StoredEntry], [] if cursor is None else cursor.fetchall())


def _with_checkpoints(
    connection: Connection, batch: list[StoredEntry], first: int, end: int
) -> Iterator[tuple[list[StoredEntry], Checkpoint | None]]:
    """The entries in pieces, each with the checkpoint behind it: over its last one, or over some that are not there."""
    span = {"first": first, "last": end if len(batch) < BATCH else batch[-1][0]}
    begin = 0
    for row in connection.execute(_CHECKPOINTS, span):
        stop = bisect_right(batch, row.size, lo=begin, key=itemgetter(0))
        yield batch[begin:stop], record(row)
        begin = stop
    yield batch[begin:], None


def _next_first(batch: list[StoredEntry]) -> int | None:
    return batch[-1][0] + 1 if len(batch) == BATCH else None
