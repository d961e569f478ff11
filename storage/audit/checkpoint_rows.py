"""Checkpoints as the database has them."""

from sqlalchemy import LargeBinary, Row, Select, cast, select

from storage.audit.checkpoints import Checkpoint
from storage.schema import AuditCheckpointRow


def checkpoint_query() -> Select[int, bytes, bytes, bytes, bytes]:
    """Rows for `record`, in their order. As bytes, whatever was made of them."""
    row = AuditCheckpointRow
    return select(
        row.size,
        cast(row.head, LargeBinary).label("head"),
        cast(row.time, LargeBinary).label("time"),
        cast(row.prev_signature, LargeBinary).label("prev_signature"),
        cast(row.signature, LargeBinary).label("signature"),
    ).order_by(row.size)


def record(row: Row[int, bytes, bytes, bytes, bytes]) -> Checkpoint:
    return Checkpoint(row.size, row.head, row.time.decode(errors="replace"), row.prev_signature, row.signature)
