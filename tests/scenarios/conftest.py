"""A house for every test, and every rule of Slack's looked after at its end."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import Sandbox, SandboxSettings
from tests.clock import QuickClock
from tests.scenarios.house import House


@pytest.fixture
async def house(tmp_path: Path, migrated_file: Path) -> AsyncIterator[House]:
    """Not started yet: `await house.start()`."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(migrated_file, folder / "inthread.db")
    clock = QuickClock()
    settings = SandboxSettings(ack_seconds=2.0, redelivery_seconds=(0.0, 0.3, 0.6))
    async with Sandbox(settings, clock=clock.timestamp) as sandbox:
        house = House(sandbox, folder, clock)
        yield house
        await house.stop()
        assert sandbox.violations == [], "called before the Retry-After had passed"
