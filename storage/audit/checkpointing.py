"""The checkpoints that the database keeps: made when they are due, and handed out once to be written down elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, insert, or_, select, update
from sqlalchemy.orm import aliased

from storage.audit.checkpoint_rows import checkpoint_query, record
from storage.audit.checkpoints import Checkpoint, sign_checkpoint
from storage.audit.signing import Signer
from storage.database import Database
from storage.errors import AuditKeyUnusable
from storage.schema import AuditCheckpointRow, AuditEntryRow

_before = aliased(AuditEntryRow)
# Only one that follows another: a signature over a number that was made up would accuse the log for good.
_LAST_ENTRY = (
    select(AuditEntryRow.seq, AuditEntryRow.hash)
    .where(
        or_(
            AuditEntryRow.seq == 1,
            exists().where(_before.seq == AuditEntryRow.seq - 1),
            exists().where(AuditCheckpointRow.size == AuditEntryRow.seq - 1),
        )
    )
    .order_by(AuditEntryRow.seq.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class CheckpointRule:
    """One over every so many entries, and over whatever there is when the last one is so old."""

    entries: int
    age: timedelta


class CheckpointStore:
    """Every change is one transaction. `signer`: always the same; checkpoints of another key are not gone on from."""

    def __init__(self, database: Database, signer: Signer) -> None:
        self._database = database
        self._signer = signer

    async def take(self, now: datetime) -> Checkpoint | None:
        """One over all there is; the last one if it is that already. None: there are no entries.

        Raises: AuditKeyUnusable.
        """
        return await self._database.write(lambda connection: take(connection, self._signer, now))

    async def take_due(self, rule: CheckpointRule, now: datetime) -> list[Checkpoint]:
        """All that should be there by now and are not. Raises: AuditKeyUnusable."""
        return await self._database.write(lambda connection: list(_take_due(connection, self._signer, rule, now)))

    async def unshipped(self) -> list[Checkpoint]:
        """Those that nothing outside this database knows yet, in their order."""
        query = checkpoint_query().where(~AuditCheckpointRow.is_shipped)
        return await self._database.read(lambda connection: [record(row) for row in connection.execute(query)])

    async def record_shipped(self, size: int) -> None:
        """All up to this one stand elsewhere too."""
        known = update(AuditCheckpointRow).where(AuditCheckpointRow.size <= size).values(is_shipped=True)
        await self._database.write(lambda connection: connection.execute(known))


def take(connection: Connection, signer: Signer, now: datetime) -> Checkpoint | None:
    """As `CheckpointStore.take`, inside the caller's transaction."""
    last, end = _last(connection, signer), connection.execute(_LAST_ENTRY).first()
    if end is None or (last is not None and last.size >= end.seq):
        return last
    return _sign(connection, signer, end.seq, end.hash, last, now)


def _take_due(connection: Connection, signer: Signer, rule: CheckpointRule, now: datetime) -> Iterator[Checkpoint]:
    last, end = _last(connection, signer), connection.execute(_LAST_ENTRY).first()
    if end is None:
        return
    size = 0 if last is None else last.size
    for due in range(size + rule.entries, end.seq + 1, rule.entries):
        head = connection.execute(select(AuditEntryRow.hash).where(AuditEntryRow.seq == due)).scalar_one()
        last = _sign(connection, signer, due, head, last, now)
        yield last
    is_old = last is None or datetime.fromisoformat(last.time) <= now - rule.age
    if is_old and (last is None or last.size < end.seq):
        yield _sign(connection, signer, end.seq, end.hash, last, now)


def _last(connection: Connection, signer: Signer) -> Checkpoint | None:
    row = connection.execute(
        checkpoint_query().order_by(None).order_by(AuditCheckpointRow.size.desc()).limit(1)
    ).first()
    if row is None:
        return None
    if not (last := record(row)).is_signed_with(signer.public_key):
        raise AuditKeyUnusable(
            "the checkpoints of the audit log are signed with another key: "
            "restore [audit] signing_key from a backup, so that it can go on from them"
        )
    return last


def _sign(
    connection: Connection, signer: Signer, size: int, head: bytes, last: Checkpoint | None, now: datetime
) -> Checkpoint:
    made = sign_checkpoint(signer, size, head, now, b"" if last is None else last.signature)
    columns = {name: getattr(made, name) for name in Checkpoint.__dataclass_fields__}
    connection.execute(insert(AuditCheckpointRow).values(**columns))
    return made
