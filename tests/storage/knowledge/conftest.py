"""The stores of knowledge on real SQLite."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.passages import PassageStore
from storage.knowledge.vectors import VectorStore
from tests.conftest import TRAIL


@pytest.fixture
def entries(database: Database) -> EntryStore:
    return EntryStore(database, TRAIL)


@pytest.fixture
def passages(database: Database) -> PassageStore:
    return PassageStore(database, TRAIL)


@pytest.fixture
def vectors(database: Database) -> VectorStore:
    return VectorStore(database)


async def audited(database: Database) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Headers and bodies of the audit log, in order."""
    query = text("SELECT header, body FROM audit_entry ORDER BY seq")
    rows = await database.read(lambda connection: connection.execute(query).all())
    return [(json.loads(row.header), None if row.body is None else json.loads(row.body)) for row in rows]
