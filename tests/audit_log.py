"""The audit log as tests look at it: headers and opened bodies, in order."""

import json
from typing import Any

from sqlalchemy import Connection, text

from storage.database import Database
from tests.conftest import KEYS


async def audited(database: Database) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    return await database.read(_audited)


def _audited(connection: Connection) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    rows = connection.execute(text("SELECT header, key_id, sealed FROM audit_entry ORDER BY seq"))
    return [(json.loads(row.header), _opened(row.key_id, row.sealed)) for row in rows]


def _opened(key_id: bytes | None, sealed: bytes | None) -> dict[str, Any] | None:
    if key_id is None or sealed is None:
        return None
    opened = KEYS.open(key_id, sealed)
    assert opened is not None
    body: dict[str, Any] = json.loads(opened[1])
    return body
