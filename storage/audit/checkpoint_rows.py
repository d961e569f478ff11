"""Checkpoints as the database has them."""

from sqlalchemy import Row, Select, select

from storage.audit.checkpoints import Checkpoint
from storage.schema import AuditCheckpointRow


def checkpoint_query() -> Select[int, bytes, str, bytes, bytes]:
    """Rows for `record`, in their order."""
    row = AuditCheckpointRow
    return select(row.size, row.head, row.time, row.prev_signature, row.signature).order_by(row.size)


def record(row: Row[int, bytes, str, bytes, bytes]) -> Checkpoint:
    return Checkpoint(row.size, row.head, row.time, row.prev_signature, row.signature)
