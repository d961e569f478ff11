"""Twenty thousand messages: memory, file descriptors and tasks stay level. `make soak`.

Asked in batches; what is measured is the service at rest between two of them.
"""

import asyncio
import re
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tools.faults.house import House, house
from tools.faults.judging import judge
from tools.faults.processes import Processes
from tools.faults.shuffle import open_channels
from tools.faults.table import Row

MESSAGES, BATCH = 20_000, 100
# Caches fill at first: SQLite's pages, compiled statements, the allocator's arenas.
WARM_UP_SHARE = 0.2
MOST_MIB_PER_10_000 = 1.0
# Connections that are kept for the next call come and go by a few.
MOST_MORE_DESCRIPTORS, MOST_MORE_TASKS = 3.0, 3.0
MOST_OPEN = 30
# By the quick clock: as it is by default, it would look through all channels every ten seconds.
SPEED, CATCH_UP_SECONDS = 60, 6_000
REST_SECONDS = 0.2
SETTLE_SECONDS = 120.0
REPORT_EVERY = 2_000


@dataclass(frozen=True, slots=True)
class Sample:
    """The service at rest after so many messages."""

    messages: int
    rss_mib: float
    descriptors: int
    tasks: int


async def soak(processes: Processes, seed: int, messages: int, *, holds_memory: bool) -> Row:
    """`holds_memory`: whether there are enough messages to tell a slope from noise."""
    samples: list[Sample] = []
    async with house(processes, seed, speed=SPEED, words=20, words_per_second=0) as home:
        open_channels(home)
        await home.start(delivery__catch_up_seconds=CATCH_UP_SECONDS)
        await home.ready()
        url = home.url()
        while len(home.questions) < messages:
            await _ask_a_batch(home)
            samples.append(await _sample(home, url))
            if samples[-1].messages % REPORT_EVERY == 0:
                print(f"  {samples[-1]}", file=sys.stderr)
        await home.stop()
        verdict = judge(home)
    warm = samples[int(WARM_UP_SHARE * len(samples)) :]
    slope = mib_per_10_000(warm)
    descriptors = _growth([sample.descriptors for sample in warm])
    tasks = _growth([sample.tasks for sample in warm])
    figure = (
        f"RSS {warm[0].rss_mib:.1f} → {warm[-1].rss_mib:.1f} MiB, {slope:+.2f} MiB per 10,000 messages, to hold: ≤ 1; "
        f"descriptors {descriptors:+.0f}, tasks {tasks:+.0f}"
    )
    is_level = descriptors <= MOST_MORE_DESCRIPTORS and tasks <= MOST_MORE_TASKS
    return Row(f"{messages} messages", verdict, figure, is_level and (slope <= MOST_MIB_PER_10_000 or not holds_memory))


async def _ask_a_batch(home: House) -> None:
    for number in range(1, BATCH + 1):
        await home.ask()
        if number % MOST_OPEN == 0:
            await home.settle(SETTLE_SECONDS)
    await home.settle(SETTLE_SECONDS)
    await asyncio.sleep(REST_SECONDS)  # what Slack shows is still to be written into the database


async def _sample(home: House, url: str) -> Sample:
    assert home.service is not None
    process = Path(f"/proc/{home.service.pid}")
    rss = re.search(r"^VmRSS:\s+(\d+) kB$", (process / "status").read_text("ascii"), re.MULTILINE)
    assert rss is not None
    descriptors = sum(1 for _ in (process / "fd").iterdir())
    async with aiohttp.ClientSession() as session, session.get(url + "metrics") as response:
        tasks = re.search(r"^inthread_asyncio_tasks ([\d.]+)$", await response.text(), re.MULTILINE)
    assert tasks is not None
    return Sample(len(home.questions), int(rss[1]) / 1024, descriptors, int(float(tasks[1])))


def mib_per_10_000(samples: Sequence[Sample]) -> float:
    """The slope of memory by least squares."""
    slope, _ = statistics.linear_regression(
        [sample.messages for sample in samples], [sample.rss_mib for sample in samples]
    )
    return 10_000 * slope


def _growth(values: Sequence[int]) -> float:
    """By how much the median of the last third is above the median of the first."""
    third = max(1, len(values) // 3)
    return statistics.median(values[-third:]) - statistics.median(values[:third])


async def run(processes: Processes, seed: int, *, short: bool) -> list[Row]:
    return [await soak(processes, seed, 400 if short else MESSAGES, holds_memory=not short)]
