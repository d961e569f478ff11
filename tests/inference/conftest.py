"""Fixtures around the tiny model of `tiny_models.py`."""

from pathlib import Path

import pytest

from tests.inference.tiny_models import SpyLoader, save_tiny_model


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
