"""Fixtures around the tiny model of `tiny_models.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inference.hub_double import HubDouble, serve_hub
from tests.inference.tiny_models import SpyLoader, save_tiny_model, save_tiny_qwen


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("tiny-chat"), "LlamaConfig", tie_word_embeddings=False)


@pytest.fixture
def float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Near-ties between tokens are decided alike on every machine."""
    monkeypatch.setattr("inference.loading.has_fast_bf16", lambda: False)


@pytest.fixture
def spy_loader() -> SpyLoader:
    return SpyLoader()


@pytest.fixture(scope="session")
def tiny_qwen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a hub has: whoever loads it takes a copy, into which an engine may note what it hashes to."""
    folder = save_tiny_qwen(tmp_path_factory.mktemp("tiny-qwen"))
    before = set(folder.iterdir())
    yield folder
    assert set(folder.iterdir()) == before


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubDouble]:
    """A ModelScope without models, where the SDK finds it; its cache and its folder of credentials are empty."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "cache"))
    with serve_hub() as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.endpoint)
        yield hub
