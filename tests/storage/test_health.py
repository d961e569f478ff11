"""A disk that is full, a lock that is held, an I/O error: told, found out about, ended."""

import asyncio
import resource
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.database_health import PROBE_SECONDS, DatabaseHealth
from storage import sqlite
from storage.database import Database
from storage.errors import DatabaseUnavailable, Trouble
from storage.replies import ReplyStore
from tests.clock import START, SleepingMovesTime
from tests.conftest import a_question

CANARY = "canary of a question"
SECONDS = 20.0


class CountingClock(SleepingMovesTime):
    def __init__(self) -> None:
        super().__init__()
        self.third_sleep = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if len(self.sleeps) >= 3:
            self.third_sleep.set()


class Watched:
    """A database's health, watched; `recoveries` counts the calls back."""

    def __init__(self, database: Database) -> None:
        self.clock = CountingClock()
        self.recoveries = 0
        self.recovered = asyncio.Event()
        self.health = DatabaseHealth(database, self.clock, self._on_recovery)
        self.failing_recoveries = 0

    async def _on_recovery(self) -> None:
        assert self.health.is_healthy
        self.recoveries += 1
        if self.recoveries <= self.failing_recoveries:
            raise DatabaseUnavailable(Trouble.IO_ERROR)
        self.recovered.set()

    async def recovery(self) -> None:
        await asyncio.wait_for(self.recovered.wait(), SECONDS)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MILLISECONDS", 50)


@pytest.fixture
async def watched(database: Database) -> AsyncIterator[Watched]:
    watched = Watched(database)
    watching = asyncio.create_task(watched.health.watch())
    yield watched
    watching.cancel()
    await asyncio.wait({watching})
    assert watching.cancelled()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite.load_driver().connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def small_files() -> Iterator[None]:
    """No file may grow, nor be written behind its first page: SQLite calls it an I/O error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def fill_up(database: Database) -> None:
    """No page more for this connection, as on a full disk."""
    await database.write(lambda connection: connection.execute(text("PRAGMA max_page_count = 1")))


async def accept_until_it_fails(replies: ReplyStore) -> DatabaseUnavailable:
    for number in range(500):
        try:
            await replies.accept(a_question(f"q{number}", text=f"{CANARY} {number}"), START)
        except DatabaseUnavailable as error:
            return error
    raise AssertionError("every write was committed")


async def test_a_lock_that_is_held_is_told_and_ends(watched: Watched, replies: ReplyStore, database_path: Path) -> None:
    with locked(database_path):
        error = await accept_until_it_fails(replies)
        assert error.trouble is Trouble.LOCKED
        assert not watched.health.is_healthy
        assert await replies.open_replies() == []  # reading goes on

    await watched.recovery()

    assert watched.health.is_healthy
    assert await replies.accept(a_question(), START) is not None


async def test_an_io_error_is_told_and_ends(watched: Watched, replies: ReplyStore) -> None:
    with small_files():
        error = await accept_until_it_fails(replies)
        assert error.trouble is Trouble.IO_ERROR
        assert not watched.health.is_healthy

    await watched.recovery()

    assert len(await replies.open_replies()) == 0
    assert await replies.accept(a_question(), START) is not None


async def test_a_disk_that_was_full_counts_as_mended_when_there_is_room(
    watched: Watched, database: Database, replies: ReplyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "ROOM_BYTES", 1 << 60)  # a page fits, and no disk has so much
    await fill_up(database)
    assert (await accept_until_it_fails(replies)).trouble is Trouble.FULL
    await asyncio.wait_for(watched.clock.third_sleep.wait(), SECONDS)
    assert not watched.health.is_healthy

    monkeypatch.setattr(sqlite, "ROOM_BYTES", 0)
    await watched.recovery()

    assert watched.health.is_healthy


async def test_it_is_tried_once_a_second(watched: Watched, replies: ReplyStore, database_path: Path) -> None:
    with locked(database_path):
        await accept_until_it_fails(replies)
        await asyncio.wait_for(watched.clock.third_sleep.wait(), SECONDS)

    await watched.recovery()

    assert set(watched.clock.sleeps) == {PROBE_SECONDS}
    assert watched.recoveries == 1


async def test_a_recovery_that_meets_the_trouble_again_comes_round_again(
    watched: Watched, replies: ReplyStore, database_path: Path
) -> None:
    watched.failing_recoveries = 2
    with locked(database_path):
        await accept_until_it_fails(replies)

    await watched.recovery()

    assert watched.recoveries == 3
    assert watched.health.is_healthy


async def test_a_mistake_of_ours_is_no_trouble_of_the_disk(watched: Watched, database: Database) -> None:
    with pytest.raises(Exception, match="no such table"):
        await database.write(lambda connection: connection.execute(text("DELETE FROM nowhere")))

    assert watched.health.is_healthy


async def test_trouble_repeats_no_word_of_what_was_to_be_written(replies: ReplyStore, database: Database) -> None:
    await fill_up(database)

    error = await accept_until_it_fails(replies)

    told = "".join(traceback.format_exception(error))
    assert "database or disk is full" in told
    assert CANARY not in told


async def test_a_probe_writes_to_the_disk_and_changes_nothing(database: Database, database_path: Path) -> None:
    wal = database_path.with_name(database_path.name + "-wal")
    before = wal.stat().st_size

    await database.probe(for_room=True)

    assert wal.stat().st_size > before
    assert await database.read(lambda connection: connection.execute(text("PRAGMA user_version")).scalar()) == 0
