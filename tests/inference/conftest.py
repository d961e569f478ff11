"""Fixtures around the tiny model of `tiny_models.py`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.inference.hub_double import HubDouble, serve_hub
from tests.inference.tiny_models import SpyLoader, save_tiny_model, save_tiny_qwen


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = save_tiny_model(tmp_path_factory.mktemp("tiny-chat"), "LlamaConfig", tie_word_embeddings=False)
    with left_as_it_is(folder):
        yield folder


@contextmanager
def left_as_it_is(folder: Path) -> Iterator[None]:
    """All tests read it: whoever writes into it takes a copy."""
    before = set(folder.iterdir())
    yield
    assert set(folder.iterdir()) == before


@pytest.fixture
def float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Near-ties between tokens are decided alike on every machine."""
    monkeypatch.setattr("inference.loading.has_fast_bf16", lambda: False)


@pytest.fixture
def spy_loader() -> SpyLoader:
    return SpyLoader()


@pytest.fixture(scope="session")
def tiny_qwen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = save_tiny_qwen(tmp_path_factory.mktemp("tiny-qwen"))
    with left_as_it_is(folder):
        yield folder


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubDouble]:
    """A ModelScope without models, where the SDK finds it; its cache and its folder of credentials are empty."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "cache"))
    with serve_hub() as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.endpoint)
        yield hub
