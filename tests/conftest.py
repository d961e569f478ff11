"""What several parts' tests need: clocks, and real SQLite at the newest revision."""

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from bot.assembly.library import Library
from storage import migrations
from storage.audit.keys import BodyKeys, MemoryKeys
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.records import NewQuestion
from storage.replies import ReplyStore
from storage.threads import ThreadStore
from tests.clock import ManualClock
from tests.compiler import stand_in_for_compiler
from tests.made_once import create_alike
from tests.shelf import Shelf

# The same examples in every run: a test that fails now and then is no help to whoever changes something else.
# `--hypothesis-profile search` looks for new ones.
settings.register_profile("steady", derandomize=True)
settings.register_profile("search", derandomize=False, print_blob=True)
settings.load_profile("steady")

KEYS = BodyKeys(MemoryKeys())
TRAIL = AuditTrail(lambda platform, tenant, user: f"pseudonym of {user}", KEYS)


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "cache"):
        stand_in_for_compiler(config.cache.mkdir("kernels"))


@pytest.fixture(scope="session", autouse=True)
def _statements_are_made_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("storage.sqlite.create_engine", create_alike)
        yield


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated once by alembic; tests copy it."""
    path = tmp_path_factory.mktemp("database") / "migrated.db"
    migrations.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def database_path(migrated_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated_file, tmp_path / "inthread.db"))


@pytest.fixture
async def database(database_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(f"sqlite:///{database_path}") as opened:
        yield opened


@pytest.fixture
def replies(database: Database) -> ReplyStore:
    return ReplyStore(database, TRAIL)


@pytest.fixture
def threads(database: Database) -> ThreadStore:
    return ThreadStore(database)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """What a service knows that is started after this."""
    shelf = Shelf()
    monkeypatch.setattr("bot.assembly.library.build_library", lambda *_: Library(shelf, shelf))  # type: ignore[arg-type]
    return shelf


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def a_question(key: str = "slack:T1:C1:1.0", **changes: object) -> NewQuestion:
    """A question as intake writes it; `changes` are its fields."""
    fields = {
        "message_key": key,
        "reply_id": f"reply of {key}",
        "platform": "slack",
        "tenant": "T1",
        "channel": "C1",
        "thread": "1.0",
        "user": "U1",
        "text": "How many days of leave do I have?",
        "address": {"channel": "C1", "thread_ts": "1.0"},
        "sent_at": datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    }
    return NewQuestion(**{**fields, **changes})  # type: ignore[arg-type]
