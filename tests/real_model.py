"""The small real model, fetched once into the checkout's data folder, as `make run` does."""

from pathlib import Path

import pytest

from inference.errors import InferenceError
from inference.models import fetch
from inference.settings import DEFAULT_MODEL

MODELS_DIR = Path(__file__).parent.parent / "data" / "models"


@pytest.fixture(scope="session")
def models_dir() -> Path:
    try:
        fetch(DEFAULT_MODEL, MODELS_DIR, progress=False)
    except InferenceError as error:
        pytest.skip(str(error))
    return MODELS_DIR
