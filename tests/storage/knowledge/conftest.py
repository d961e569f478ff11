"""The stores of knowledge on real SQLite."""

import pytest

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
