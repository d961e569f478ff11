"""Reading the audit log: checking the whole of it, and handing it out. Writing is `storage.audit.log.append`."""

from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, LargeBinary, bindparam, cast, func, select
from sqlalchemy.exc import DatabaseError

from storage.audit.checking import ChainCheck, ChainedEntry, Verdict
from storage.audit.export import entry_line, manifest_line
from storage.database import Database
from storage.errors import DatabaseUnusable
from storage.schema import AuditEntryRow

T = TypeVar("T")
BATCH = 1_000
BEFORE_ALL = -(2**63)  # a row that was slipped in below entry 1 is to be seen
# Bytes, as they were hashed: text that was changed need not be text any more, and reading it as such would fail.
_HASHED = ("header", "body_digest", "prev", "hash", "salt", "body")
_COLUMNS: list[Any] = [AuditEntryRow.seq, *(cast(getattr(AuditEntryRow, name), LargeBinary) for name in _HASHED)]
_BATCH = (
    select(*_COLUMNS)
    .where(AuditEntryRow.seq >= bindparam("first"), AuditEntryRow.seq <= bindparam("last"))
    .order_by(AuditEntryRow.seq)
    .limit(BATCH)
)


class AuditStore:
    """Reads a batch at a time: neither the memory nor the database is taken up by a log of any length."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def verify(self) -> Verdict:
        """Check every entry that was there when this began. Raises: DatabaseUnusable, when they cannot be read."""
        check = ChainCheck()
        first: int | None = BEFORE_ALL
        last = await self._last_seq()
        while first is not None:
            first = await self._read(partial(_check_batch, check=check, first=first, last=last))
        return check.verdict

    async def export(self, created: datetime) -> AsyncGenerator[bytes, None]:
        """The log as it is when this begins, as JSON Lines: chunks of whole lines. Close it (`contextlib.aclosing`).

        Nothing is checked: what was changed is handed out as it is, and found by whoever verifies the file.
        Raises: DatabaseUnusable.
        """
        last = await self._last_seq()
        yield manifest_line(1, last, created)
        first: int | None = BEFORE_ALL
        while first is not None:
            lines, first = await self._read(partial(_export_batch, first=first, last=last))
            yield lines

    async def _last_seq(self) -> int:
        query = select(func.coalesce(func.max(AuditEntryRow.seq), 0))
        return await self._read(lambda connection: connection.execute(query).scalar_one())

    async def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            return await self._database.read(work)
        except DatabaseError as error:
            raise DatabaseUnusable(
                f"cannot read the audit log ({error.orig}): check the database with `inthread db check`"
            ) from error


def _check_batch(connection: Connection, check: ChainCheck, first: int, last: int) -> int | None:
    """Where the next batch begins; None when all is checked, or something is wrong."""
    batch = _read_batch(connection, first, last)
    if not all(check.take(entry) for entry in batch):
        return None
    return _next_first(batch)


def _export_batch(connection: Connection, first: int, last: int) -> tuple[bytes, int | None]:
    batch = _read_batch(connection, first, last)
    return b"".join(entry_line(entry) for entry in batch), _next_first(batch)


def _read_batch(connection: Connection, first: int, last: int) -> list[ChainedEntry]:
    rows = connection.execute(_BATCH, {"first": first, "last": last})
    return [ChainedEntry(*row) for row in rows]


def _next_first(batch: list[ChainedEntry]) -> int | None:
    return batch[-1].seq + 1 if len(batch) == BATCH else None
