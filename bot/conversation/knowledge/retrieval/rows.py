"""Everything that entries are found by, one text a row: their phrasings, their answers, and everyday sentences."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.conversation.knowledge.retrieval.lexicon import Words
from bot.conversation.knowledge.retrieval.reading import LANGUAGES, Floats
from bot.conversation.phrases import Language

NOBODYS = -1  # whose everyday sentences are

# Chosen on other questions than those that decide, on plateaus: docs/retrieval.md.
SHARPNESS = 2.0  # how fast likeness fades with distance
OVERLAP = 0.15  # what words in common count beside nearness of meaning
ABROAD = 0.8  # what likeness across languages counts: the same entry in two languages is no rival of itself

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """`vectors`: (R, D) float16, placed in the space, of length 1 or zeros; None without an encoder.

    `owners`: (R,) numbers of entries, or NOBODYS.
    """

    owners: NDArray[np.int32]
    langs: NDArray[np.int8]
    are_answers: NDArray[np.bool_]
    words: Words
    vectors: NDArray[np.float16] | None

    def __len__(self) -> int:
        return len(self.owners)

    def take(self, rows: Numbers) -> "Rows":
        return Rows(
            self.owners[rows],
            self.langs[rows],
            self.are_answers[rows],
            self.words.take(rows),
            None if self.vectors is None else self.vectors[rows],
        )

    def likeness(self) -> Floats:
        """(R, R): each with each, a positive definite kernel."""
        return _likeness(self, self, self.words.overlaps())

    def likeness_to(self, others: "Rows") -> Floats:
        """(R of the others, R)."""
        return _likeness(others, self, self.words.overlaps_with(others.words))


def _likeness(ones: Rows, others: Rows, overlaps: Floats) -> Floats:
    same = np.where(ones.langs[:, None] == others.langs[None], 1.0, ABROAD)
    if ones.vectors is None or others.vectors is None:
        return overlaps.astype(np.float64) * same
    nearness = ones.vectors.astype(np.float32) @ others.vectors.astype(np.float32).T
    likeness: Floats = (np.exp(SHARPNESS * (nearness.astype(np.float64) - 1)) + OVERLAP * overlaps) * same
    return likeness


def number_of(lang: Language) -> int:
    return LANGUAGES.index(lang)
