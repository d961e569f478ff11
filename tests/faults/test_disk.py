"""The short form of the campaign's disk faults: on the real service, struck from outside."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tools.faults.disk import FAULTS, full_at_start, strike
from tools.faults.disk_faults import full_disk, may_mount
from tools.faults.processes import Processes, processes

SEED = 1


@pytest.fixture
async def running() -> AsyncIterator[Processes]:
    async with processes() as forks:
        yield forks


@pytest.fixture
def mounting(tmp_path: Path) -> None:
    if not may_mount(tmp_path):
        pytest.skip("only who may mount a file system can fill one up")


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault is not full_disk])
async def test_nothing_is_acknowledged_that_is_not_committed_and_nobody_is_forgotten(
    running: Processes, name: str
) -> None:
    await holds(running, name)


@pytest.mark.usefixtures("mounting")
async def test_so_it_is_when_the_disk_is_full(running: Processes) -> None:
    await holds(running, "disk full")


async def holds(running: Processes, name: str) -> None:
    struck = await strike(running, SEED, FAULTS[name])

    assert struck.verdict.is_clean, struck.verdict.evidence
    assert struck.too_early == 0
    assert struck.until_ready <= 5.0
    assert struck.is_discreet


@pytest.mark.usefixtures("mounting")
async def test_on_a_full_disk_the_start_ends_with_one_line(running: Processes) -> None:
    row = await full_at_start(running, SEED)

    assert row.is_held, row.measured
    assert row.verdict.is_clean, row.verdict.evidence
