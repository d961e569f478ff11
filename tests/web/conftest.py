"""One service for the tests that only use it, and people at it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.chat import Person, RunningService, a_person, prepared, running_service, web_settings


@pytest.fixture
def data_dir(migrated_file: Path, tmp_path: Path) -> Path:
    return prepared(migrated_file, tmp_path / "data")


@pytest.fixture
async def service(data_dir: Path) -> AsyncIterator[RunningService]:
    async with running_service(web_settings(data_dir)) as running:
        yield running


@pytest.fixture
async def slow_service(data_dir: Path) -> AsyncIterator[RunningService]:
    """Its answers take so long that something can be done meanwhile."""
    async with running_service(web_settings(data_dir, words=2_000, pace=100, grace_seconds=0)) as running:
        yield running


@pytest.fixture
async def alice(service: RunningService) -> AsyncIterator[Person]:
    async with a_person(service, "Alice") as person:
        yield person
