"""Where the benchmark keeps what it makes: all below data/bench and .venv-peers, both outside version control."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "data" / "bench"
MODELS = RESULTS / "models"
PEERS_ENVIRONMENT = ROOT / ".venv-peers"


@contextlib.contextmanager
def whole_or_nothing(path: Path) -> Iterator[Path]:
    """A folder beside `path` to write into; it becomes `path` at the end, and is gone after an exception."""
    partial = path.with_name(f"{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
