"""The fault campaign in its short form: `make faults` with small numbers. What it measures is in tools/faults/."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.delivery.failpoints import NAMES
from tools.faults import acking, kills, restarting, shuffle, sockets, stopping, weather
from tools.faults.processes import Processes, processes
from tools.faults.table import Row, table

pytestmark = pytest.mark.timeout(180)
SEED = 1


@pytest.fixture
async def running() -> AsyncIterator[Processes]:
    async with processes() as started:
        yield started


def assert_held(*rows: Row) -> None:
    evidence = [line for row in rows for line in row.verdict.evidence]
    assert all(row.holds for row in rows), "\n".join([table(rows), *evidence[:20]])


async def test_a_hundred_kills_lose_nothing_and_double_nothing(running: Processes) -> None:
    rows = await kills.run(running, SEED, short=True)

    assert [row.what for row in rows[1:]] == [f"SIGKILL at {name}" for name in NAMES]
    assert_held(*rows)


async def test_shuffled_events_bad_weather_and_closed_sockets_lose_nothing_and_double_nothing(
    running: Processes,
) -> None:
    """Side by side: they wait for most of their time."""
    parts = await asyncio.gather(*(part.run(running, SEED, short=True) for part in (shuffle, weather, sockets)))

    assert_held(*(row for rows in parts for row in rows))


async def test_a_stop_leaves_nothing_behind_and_a_start_takes_everything_up_in_time(running: Processes) -> None:
    parts = await asyncio.gather(*(part.run(running, SEED, short=True) for part in (stopping, restarting)))

    assert_held(*(row for rows in parts for row in rows))


async def test_events_are_acknowledged_in_time(running: Processes) -> None:
    """In one of three tries: the machine may be busy with something else."""
    for _ in range(3):
        rows = await acking.run(running, SEED, short=True)
        if all(row.holds for row in rows):
            break
    assert_held(*rows)
