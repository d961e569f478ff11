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
# Of one sample against the other: a file or a task that comes and goes.
TOLERANCE = 1.0
MOST_OPEN = 30
# By the quick clock: as it is by default, it would look through all channels every ten seconds.
SPEED, CATCH_UP_SECONDS = 60, 6_000
REST_SECONDS = 0.2
# aiohttp keeps a connection for the next call for 15 s, and looks for those that are over it as often.
POOL_SECONDS = 35.0
SETTLE_SECONDS = 120.0
REPORT_EVERY = 2_000


@dataclass(frozen=True, slots=True)
class Sample:
    """The service at rest after so many messages. Open descriptors are `sockets` or `files` (all others)."""

    messages: int
    rss_mib: float
    files: int
    sockets: int
    tasks: int


async def soak(processes: Processes, seed: int, messages: int, *, at_length: bool) -> Row:
    """`at_length`: with messages enough to tell a slope from noise, and time to let pooled connections go."""
    samples: list[Sample] = []
    rested: list[Sample] = []
    async with house(processes, seed, speed=SPEED, words=20, words_per_second=0) as home:
        open_channels(home)
        await home.start(delivery__catch_up_seconds=CATCH_UP_SECONDS)
        await home.ready()
        url = home.url()
        while len(home.questions) < messages:
            await _ask_a_batch(home)
            samples.append(await _sample(home, url))
            if at_length and samples[-1].messages in (WARM_UP_SHARE * messages, messages):
                await asyncio.sleep(POOL_SECONDS)
                rested.append(await _sample(home, url))
            if samples[-1].messages % REPORT_EVERY == 0:
                print(f"  {samples[-1]}", file=sys.stderr)
        await home.stop()
        verdict = judge(home)
    warm = samples[int(WARM_UP_SHARE * len(samples)) :]
    slope = mib_per_10_000(warm)
    more = {
        "files": growth([sample.files for sample in warm]),
        "tasks": growth([sample.tasks for sample in warm]),
        "sockets when idle": growth([sample.sockets for sample in rested]) if at_length else 0.0,
    }
    figure = (
        f"RSS {warm[0].rss_mib:.1f} → {warm[-1].rss_mib:.1f} MiB, {slope:+.2f} MiB per 10,000 messages, to hold: ≤ 1; "
        + ", ".join(f"{name} {count:+.0f}" for name, count in more.items())
    )
    is_level = all(count <= TOLERANCE for count in more.values())
    return Row(f"{messages} messages", verdict, figure, is_level and (slope <= MOST_MIB_PER_10_000 or not at_length))


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
    links = [str(descriptor.readlink()) for descriptor in (process / "fd").iterdir()]
    sockets = sum(link.startswith("socket:") for link in links)
    async with aiohttp.ClientSession() as session, session.get(url + "metrics") as response:
        tasks = re.search(r"^inthread_asyncio_tasks ([\d.]+)$", await response.text(), re.MULTILINE)
    assert tasks is not None
    return Sample(len(home.questions), int(rss[1]) / 1024, len(links) - sockets, sockets, int(float(tasks[1])))


def mib_per_10_000(samples: Sequence[Sample]) -> float:
    """The slope of memory by least squares."""
    slope, _ = statistics.linear_regression(
        [sample.messages for sample in samples], [sample.rss_mib for sample in samples]
    )
    return 10_000 * slope


def growth(values: Sequence[int]) -> float:
    """By how much the median of the last third is above the median of the first."""
    third = max(1, len(values) // 3)
    return statistics.median(values[-third:]) - statistics.median(values[:third])


async def run(processes: Processes, seed: int, *, short: bool) -> list[Row]:
    return [await soak(processes, seed, 200 if short else MESSAGES, at_length=not short)]
