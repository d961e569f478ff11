"""`inthread db backup` and `db check` as processes of their own, beside a service that writes all the while."""

import asyncio
import itertools
import os
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage import sqlite
from storage.inspection import inspect_database
from tests.scenarios.conftest import house as house
from tests.scenarios.house import GENERAL, HELP_HR, HELP_IT, PEOPLE, House, scripted

ROOT = Path(__file__).parents[2]
PLACES = (GENERAL, HELP_HR, HELP_IT)
SECONDS = 60.0
PAUSE_SECONDS = 1.5  # of the house's clock: as many edits as Slack allows, so that nobody ever waits for those


class Asking:
    """Somebody asks, is answered, and asks again, until it is ended."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.asked: list[tuple[str, str, str]] = []

    async def go_on(self) -> None:
        for number in itertools.count():
            user, channel = PEOPLE[number % 3], PLACES[number % 3]
            text = f"question {number}"
            self.asked.append((channel, await self._house.ask(user, channel, text), text))
            await self._house.answered(channel, self.asked[-1][1])
            await self._house.clock.sleep(PAUSE_SECONDS)


@pytest.fixture
async def asking(house: House) -> Asking:
    await house.start()
    return Asking(house)


async def command(house: House, *arguments: str) -> tuple[int | None, str]:
    """Exit code and output."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=ROOT,
        env={**os.environ, "INTHREAD_SERVICE__DATA_DIR": str(house.folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    return process.returncode, output.decode()


def rows(path: Path, table: str) -> set[tuple[object, ...]]:
    with closing(sqlite.load_driver().connect(path, timeout=10)) as connection:
        return set(connection.execute(f"SELECT message_key FROM {table}"))


async def test_a_backup_of_a_service_that_writes_is_whole_and_holds_up_nobody(
    house: House, asking: Asking, tmp_path: Path
) -> None:
    going_on = asyncio.create_task(asking.go_on())
    for number in range(3):
        await house.until(lambda many=4 * (number + 1): len(asking.asked) > many)
        copy = tmp_path / f"copy-{number}.db"
        before, asked = rows(house.folder / "inthread.db", "inbox"), len(asking.asked)

        code, output = await command(house, "db", "backup", str(copy))

        assert code == 0, output
        assert inspect_database(f"sqlite:///{copy}").faults == ()
        assert before <= rows(copy, "inbox") == rows(copy, "reply")
        assert len(asking.asked) > asked  # people were answered meanwhile
    answered_before = len(asking.asked)
    await house.until(lambda: len(asking.asked) > answered_before + 1)
    going_on.cancel()

    for channel, ts, text in asking.asked:
        assert await house.answered(channel, ts) == [scripted(text)]


async def test_a_check_of_a_service_that_writes_finds_nothing_and_holds_up_nobody(house: House, asking: Asking) -> None:
    going_on = asyncio.create_task(asking.go_on())
    await house.until(lambda: len(asking.asked) > 3)

    code, output = await command(house, "db", "check")

    asked = len(asking.asked)
    await house.until(lambda: len(asking.asked) > asked + 1)
    going_on.cancel()
    assert code == 0, output
    assert "sound, at revision" in output
