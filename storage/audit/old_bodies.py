"""Bodies that stand in the clear, from before there were keys: sealed where they are. The chain stays as it is."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from storage import sqlite
from storage.audit.keys import BodyKeys
from storage.audit.log import person_of
from storage.schema import AuditEntryRow

BATCH = 1_000
_CLEAR = (
    select(AuditEntryRow.seq, AuditEntryRow.header, AuditEntryRow.salt, AuditEntryRow.body)
    # Beside a sealed one nothing was ever written in the clear: `verify` finds what was put there.
    .where(AuditEntryRow.seq > bindparam("behind"), AuditEntryRow.body.is_not(None), AuditEntryRow.sealed.is_(None))
    .order_by(AuditEntryRow.seq)
    .limit(BATCH)
)
_SEAL = (
    update(AuditEntryRow)
    .where(AuditEntryRow.seq == bindparam("of"))
    .values(key_id=bindparam("with_key"), sealed=bindparam("as_sealed"), salt=None, body=None)
)


def seal_old_bodies(url: str, keys: BodyKeys) -> int:
    """Seal all there are, a batch in each transaction; how many. Blocks.

    What stood in the clear is overwritten in the file, and nothing of it stays in the write-ahead log.
    """
    engine = sqlite.open_engine(sqlite.parse_url(url), writer=True)
    sealed, behind = 0, 0
    try:
        while True:
            with engine.begin() as connection:
                batch = connection.execute(_CLEAR, {"behind": behind}).all()
                if not batch:
                    break
                _seal(connection, keys, batch)
            sealed, behind = sealed + len(batch), batch[-1].seq
        if sealed:
            with engine.connect() as connection:
                sqlite.empty_log(connection)
        return sealed
    finally:
        engine.dispose()


def _seal(connection: Connection, keys: BodyKeys, rows: Any) -> None:
    """One whose header is no JSON any more is sealed under the company's key: it has to be found, not repaired."""
    changes = []
    for row in rows:
        whose = _whose(row.header)
        key_id = keys.current(connection, *whose[:2], whose[2])
        changes.append(
            {"of": row.seq, "with_key": key_id, "as_sealed": keys.seal(key_id, row.salt or b"", row.body.encode())}
        )
    connection.execute(_SEAL, changes)


def _whose(header: str) -> tuple[str, str, datetime]:
    """Person, month, and when."""
    try:
        said = json.loads(header)
        at = datetime.fromisoformat(said["time"])
        return person_of(said["kind"], said.get("actor")), said["time"][:7], at
    except (ValueError, KeyError, TypeError):
        return "", "0000-00", datetime.fromtimestamp(0, UTC)
