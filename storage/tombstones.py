"""Posts that must not be taken for new ones: deleted before they were accepted, or forgotten since.

Under a digest of their key: a key of the browser chat has the person's id in it, and outlives what is erased of them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, delete, select

from storage.dialect import insert
from storage.schema import TombstoneRow

KEPT = timedelta(days=1)


def bury(connection: Connection, message_keys: Iterable[str], now: datetime) -> None:
    connection.execute(delete(TombstoneRow).where(TombstoneRow.deleted_at < now - KEPT))
    if rows := [{"message_key": _digest(key), "deleted_at": now} for key in message_keys]:
        connection.execute(insert(TombstoneRow).on_conflict_do_nothing(), rows)


def is_buried(connection: Connection, message_key: str) -> bool:
    row = select(TombstoneRow.message_key).where(TombstoneRow.message_key == _digest(message_key))
    return connection.execute(row).first() is not None


def _digest(message_key: str) -> str:
    return sha256(message_key.encode()).hexdigest()
