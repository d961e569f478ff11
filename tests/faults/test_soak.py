"""The soak in small: all is answered, files and tasks stay level. Memory and sockets need `make soak`."""

import asyncio
import re

import pytest

from bot import metrics
from tools.faults import soak
from tools.faults.processes import processes
from tools.faults.soak import Sample, growth, mib_per_10_000


async def test_hundreds_of_messages_leave_no_file_and_no_task_behind() -> None:
    async with processes() as running:
        (row,) = await soak.run(running, seed=1, short=True)

    assert row.holds, [row.measured, *row.verdict.evidence]


def test_the_slope_of_memory_is_that_of_the_line_through_the_samples() -> None:
    samples = [
        Sample(number, 100 + 0.002 * number + (number % 200) / 1000, 9, 10, 15) for number in range(0, 5_000, 100)
    ]

    assert mib_per_10_000(samples) == pytest.approx(20, rel=0.02)


def test_growth_is_told_from_what_comes_and_goes() -> None:
    assert growth([15, 18, 15, 15, 16, 15, 15, 18, 15]) == 0
    assert growth([15, 15, 16, 16, 17, 17, 18, 18, 19]) == 3


async def test_the_gauge_counts_the_tasks_of_the_loop() -> None:
    def counted() -> float:
        found = re.search(r"^inthread_asyncio_tasks ([\d.]+)$", metrics.exposition().decode(), re.MULTILINE)
        assert found is not None
        return float(found[1])

    before = counted()
    tasks = [asyncio.create_task(asyncio.Event().wait()) for _ in range(3)]
    assert counted() == before + 3
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert counted() == before
