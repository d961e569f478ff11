"""The log as the database has it, a batch at a time: what is checked and what is handed out come from here.

Inside somebody's connection, and of little else: processes are begun for it (`storage.audit.parallel`).
"""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import cast

from sqlalchemy import Connection, bindparam, func, select, text
from sqlalchemy.exc import DatabaseError

from storage.audit.checking import ChainCheck, ChainedEntry
from storage.audit.checkpoint_rows import checkpoint_query, record
from storage.audit.checkpoints import Checkpoint, checkpoint_line
from storage.audit.columns import Hashes, StoredEntry
from storage.audit.export import entry_line
from storage.audit.keys import BodyKeys
from storage.audit.removals import REMOVALS
from storage.schema import AuditCheckpointRow, AuditEntryRow
from storage.sqlite import load_driver

BATCH = 3_000  # to one transaction: beginning one takes as long as checking thirty entries
PIECE = 300  # what stays in a processor's own cache between reading and checking
BEFORE_ALL = -(2**63)  # a row that was slipped in below entry 1 is to be seen
# Bytes, as they were hashed: text that was changed need not be text any more, and reading it as such would fail.
_ENTRIES = (
    "SELECT seq, CAST(header AS BLOB), body_digest, prev, hash, key_id, sealed, salt, body FROM audit_entry "
    "WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?"
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


def lowest_of(connection: Connection) -> tuple[int, int]:
    """The lowest entry, and the lowest that a checkpoint is over; 1 where there is none, as for those of `span_of`."""
    entry = connection.execute(select(func.coalesce(func.min(AuditEntryRow.seq), 1))).scalar_one()
    signed = connection.execute(select(func.coalesce(func.min(AuditCheckpointRow.size), 1))).scalar_one()
    return entry, min(signed, 1)


def were_removed_behind(connection: Connection, seq: int) -> bool:
    """Whether entries that came later say that texts are gone."""
    later = select(AuditEntryRow.seq).where(AuditEntryRow.seq > seq, AuditEntryRow.kind.in_(REMOVALS)).limit(1)
    return connection.execute(later).first() is not None


def check_batch(
    connection: Connection, keys: BodyKeys, hashes: Hashes, check: ChainCheck, first: int, span: Span
) -> int | None:
    """Where the next batch begins; None when all is checked, or something is wrong."""
    batch = _Batch(connection, first, span)
    for rows, checkpoint in batch.pieces():
        if not check.take_rows(rows, hashes, partial(_entry_of, connection, keys)):
            return None
        if checkpoint is not None and not check.take_checkpoint(checkpoint):
            return None
    return batch.following


def export_batch(connection: Connection, keys: BodyKeys, first: int, span: Span) -> tuple[bytes, int | None]:
    """Whole lines, and where the next batch begins, as of `check_batch`."""
    batch = _Batch(connection, first, span)
    lines: list[bytes] = []
    for rows, checkpoint in batch.pieces():
        lines += [entry_line(_entry_of(connection, keys, row)) for row in rows]
        if checkpoint is not None:
            lines.append(checkpoint_line(checkpoint))
    return b"".join(lines), batch.following


class _Batch:
    """Some entries of a span, with the checkpoints over them."""

    def __init__(self, connection: Connection, first: int, span: Span) -> None:
        self._connection = connection
        self._first = first
        self._span = span
        self.following: int | None = None  # where the next one begins, once this one was gone through; None: nowhere

    def pieces(self) -> Iterator[tuple[list[StoredEntry], Checkpoint | None]]:
        """Each with the checkpoint behind it: over its last entry, or over some that are not there.

        Raises: sqlalchemy.exc.DatabaseError.
        """
        span = {"first": self._first, "last": self._span.signed}
        with closing(self._connection.execute(_CHECKPOINTS, span)) as signed:
            checkpoints = map(record, signed)
            checkpoint = next(checkpoints, None)
            count = 0
            for rows in self._read():
                begin = 0
                while checkpoint is not None and checkpoint.size <= rows[-1][0]:
                    stop = bisect_right(rows, checkpoint.size, lo=begin, key=itemgetter(0))
                    yield rows[begin:stop], checkpoint
                    begin, checkpoint = stop, next(checkpoints, None)
                yield rows[begin:], None
                count += len(rows)
                self.following = rows[-1][0] + 1 if count == BATCH else None
            while checkpoint is not None and self.following is None:
                yield [], checkpoint
                checkpoint = next(checkpoints, None)

    def _read(self) -> Iterator[list[StoredEntry]]:
        """By the driver's own cursor: it takes as long to make rows of them as to check them."""
        statement = _ENTRIES, (self._first, self._span.last, BATCH)
        with closing(self._connection.exec_driver_sql(*statement)) as result:
            assert result.cursor is not None, "it returns rows"
            try:
                while rows := result.cursor.fetchmany(PIECE):
                    yield cast(list[StoredEntry], rows)
            except load_driver().Error as error:  # a page that is damaged, or cannot be read
                raise DatabaseError(*statement, error) from error


def _entry_of(connection: Connection, keys: BodyKeys, row: StoredEntry) -> ChainedEntry:
    """Byte for byte, whatever was made of it. What cannot be opened counts as gone: checks say whether it may be."""
    if not all(isinstance(value, bytes | None) for value in row[1:]):
        row = cast(StoredEntry, tuple(connection.execute(_ONE, {"seq": row[0]}).one()))
    seq, header, body_digest, prev, hash, key_id, sealed, salt, body = row
    if sealed is not None and salt is None and body is None:
        opened = None if key_id is None else keys.open(key_id, sealed)
        # Where no text belongs, whatever stands there is one.
        salt, body = (None, sealed if body_digest is None else None) if opened is None else opened
    return ChainedEntry(seq, header, body_digest, prev, hash, salt, body)
