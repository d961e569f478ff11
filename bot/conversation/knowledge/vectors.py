"""Vectors by text, in memory, while an index is made of them."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from bot.conversation.knowledge.retrieval.reading import Floats
from storage.knowledge.vectors import Vectors
from storage.knowledge.words import text_hash

STORED = np.dtype("<f2")


class KnownVectors:
    def __init__(self, places: dict[bytes, int], matrix: Floats) -> None:
        self._places = places
        self._matrix = matrix

    @classmethod
    def of(cls, stored: Vectors, size: int) -> Self:
        """As the store has them; `size`: numbers in a vector."""
        matrix = np.frombuffer(stored.data, STORED).reshape(len(stored.hashes), size)
        return cls({one: place for place, one in enumerate(stored.hashes)}, matrix)

    def take(self, texts: Sequence[str]) -> Floats:
        """(N, D) float32; a row of zeros for a text that has no vector yet."""
        places = np.array([self._places.get(text_hash(text), -1) for text in texts], np.int64)
        taken = np.zeros((len(texts), self._matrix.shape[1]), np.float32)
        known = places >= 0
        taken[known] = self._matrix[places[known]]
        return taken


def stored_form(vector: Floats) -> bytes:
    return vector.astype(STORED).tobytes()


def dimensions(stored: Vectors) -> int:
    """0 where there are none."""
    return len(stored.data) // STORED.itemsize // max(len(stored.hashes), 1)
