"""A hub with the tiny model, and the update's process of its own taken into this one."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from inference.models.hub_id import HubId
from inference.models.newer import fetch_newer, find_newer
from tests.inference.hub_double import HubDouble, serve_hub
from tests.inference.tiny_models import save_tiny_qwen

ID = "Qwen/Tiny-Chat"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_qwen(tmp_path_factory.mktemp("tiny-qwen"))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny: Path) -> Iterator[HubDouble]:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("modelscope_hub._download.DOWNLOAD_INTEGRITY_RETRY_BACKOFF", 0)
    with serve_hub() as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.endpoint)
        hub.repositories[ID, "master"] = {file.name: file.read_bytes() for file in tiny.iterdir()}
        yield hub


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of its own takes seconds to import the hub's SDK: one test has it."""

    async def look(source: HubId, models_dir: Path) -> Mapping[str, Any] | None:
        found = await asyncio.to_thread(find_newer, source, models_dir)
        return asdict(found) if found else None

    async def bring(source: HubId, name: str, models_dir: Path) -> None:
        await asyncio.to_thread(fetch_newer, source, name, models_dir)

    monkeypatch.setattr("bot.jobs.model_update.look_for_newer", look)
    monkeypatch.setattr("bot.jobs.model_update.fetch_in_process", bring)
