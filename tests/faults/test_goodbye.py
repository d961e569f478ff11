"""What an orderly stop leaves in Slack is true: only who is still to be answered is told to wait for the restart."""

import asyncio
import copy
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection

from bot.conversation.phrases import phrase
from bot.sandbox import Sandbox, SandboxSettings
from storage.database import Database
from storage.replies import ReplyStore
from tests.clock import QuickClock
from tests.scenarios.house import ALICE, GENERAL, SECONDS, House, note_of, scripted, text_of

T = TypeVar("T")
COMMIT_SECONDS = 0.5


@pytest.fixture
async def house(tmp_path: Path, migrated_file: Path) -> AsyncIterator[House]:
    shutil.copy(migrated_file, tmp_path / "inthread.db")
    clock = QuickClock()
    async with Sandbox(SandboxSettings(), clock=clock.timestamp) as sandbox:
        opened = House(sandbox, tmp_path, clock)
        yield opened
        await opened.stop()


class SlowDisk:
    """A database whose commits take long. `begun` is set when one is under way: nothing can take it back then."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loop = asyncio.get_running_loop()
        self.begun = asyncio.Event()

    async def write(self, work: Callable[[Connection], T]) -> T:
        def work_slowly(connection: Connection) -> T:
            result = work(connection)
            self._loop.call_soon_threadsafe(self.begun.set)
            time.sleep(COMMIT_SECONDS)
            return result

        return await self._database.write(work_slowly)


async def test_a_reply_that_was_closed_while_the_grace_period_ended_keeps_its_last_words(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelling who waits for a commit that has begun does not undo it."""
    disks: list[SlowDisk] = []
    close = ReplyStore.record_closed

    async def close_slowly(store: ReplyStore, *arguments: Any, **fields: Any) -> None:
        disks.append(SlowDisk(store._database))
        slow_store = copy.copy(store)
        slow_store._database = disks[0]  # type: ignore[assignment]
        await close(slow_store, *arguments, **fields)

    monkeypatch.setattr(ReplyStore, "record_closed", close_slowly)
    await house.start(delivery={"grace_seconds": 0})
    ts = await house.ask(ALICE, GENERAL, "finish this")
    await house.until(lambda: disks)
    await asyncio.wait_for(disks[0].begun.wait(), SECONDS)

    await house.stop()

    (reply,) = house.ours(GENERAL, ts)
    assert states(house) == ["DONE"]
    assert text_of(reply) == scripted("finish this")
    assert note_of(reply) != phrase("restarting", "en"), "the next process has nothing to go on with"


def states(house: House) -> list[str]:
    with closing(sqlite3.connect(house.folder / "inthread.db")) as connection:
        return [state for (state,) in connection.execute("SELECT state FROM reply")]
