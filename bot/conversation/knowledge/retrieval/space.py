"""The encoder's vectors, made comparable: across languages, between questions and answers, within what one asks for.

An encoder such as E5 gives every text a large part that says only which language it is in and that it is a question;
that part is the mean, and is taken away for each language. Then directions in which phrasings of the same entry differ
count less (as in linear discriminant analysis). Measured: docs/retrieval.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.conversation.knowledge.retrieval.reading import Floats
from bot.conversation.phrases import Language

# How much of the spread within entries is taken to be the same in every direction. Few phrasings know it badly.
EVENLY = 0.9
MOST_PHRASINGS = 4_000  # that the spread is learned from


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """`questions`, `answers`: the mean (D,) of each language. `turn`: (D, D)."""

    questions: dict[Language, Floats]
    answers: dict[Language, Floats]
    turn: Floats

    def place_questions(self, vectors: Floats, langs: Sequence[Language]) -> Floats:
        """(N, D), of length 1. A row of zeros, of a text that is not encoded yet, stays one."""
        return self._place(vectors, langs, self.questions)

    def place_answers(self, vectors: Floats, langs: Sequence[Language]) -> Floats:
        return self._place(vectors, langs, self.answers)

    def _place(self, vectors: Floats, langs: Sequence[Language], means: dict[Language, Floats]) -> Floats:
        around = vectors.copy()
        of = np.array(langs)
        for lang, mean in means.items():
            around[(of == lang) & vectors.any(axis=1)] -= mean
        return unit(unit(around) @ self.turn)


def means_of(vectors: Floats, langs: Sequence[Language]) -> dict[Language, Floats]:
    """Of the encoded ones, by language; of all where a language has none."""
    encoded = vectors.any(axis=1)
    of = np.array(langs)
    return {lang: _mean(vectors[encoded & (of == lang)], vectors[encoded]) for lang in ("en", "zh")}


def learn_turn(vectors: Floats, owners: NDArray[np.int32]) -> Floats:
    """From phrasings (N, D) around their means, and whose they are; rows of zeros count for nothing."""
    size = vectors.shape[1]
    step = len(vectors) // MOST_PHRASINGS + 1  # whole entries: their phrasings are compared
    kept = np.flatnonzero(vectors.any(axis=1) & (owners % step == 0))
    _, whose, counts = np.unique(owners[kept], return_inverse=True, return_counts=True)
    placed = unit(vectors[kept].astype(np.float64))
    sums = np.zeros((len(counts), size))
    np.add.at(sums, whose, placed)
    spread = placed - sums[whose] / counts[whose, None]
    within = spread.T @ spread / max(len(spread), 1)
    level = float(np.trace(within)) / size
    if level == 0:  # nobody has two phrasings
        return np.eye(size, dtype=np.float32)
    mixed = (1 - EVENLY) * within + EVENLY * level * np.eye(size)
    return np.linalg.inv(np.linalg.cholesky(mixed)).T.astype(np.float32)


def unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1, lengths)


def _mean(own: Floats, every: Floats) -> Floats:
    source = own if len(own) else every
    return source.mean(axis=0) if len(source) else np.zeros(every.shape[1])
