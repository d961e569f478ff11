"""Questions that ask for the same, in groups around one of them. Pure arithmetic.

The question that has most others near to it stands for a group, and takes them; then the next one of what is left. Each
of a group is near to that one question, so that whoever knows it knows them all: nothing is chained from one to the
next. Measured on `../shared/eval` (600 questions about 15 neighbouring subjects): pairs in one group are about the same
subject in .88 of cases; single linkage and averages did no better at the same purity.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.conversation.knowledge.retrieval.lexicon import Lexicon
from storage.knowledge.words import words_of

Matrix = NDArray[np.floating]

NEAR_IN_MEANING = 0.55  # cosine, in the space of the entries' index
NEAR_IN_WORDS = 0.4  # weighted overlap: pairs are of the same subject as often


def overlap(texts: Sequence[str]) -> Matrix:
    """(N, N): the words that each two texts share, weighted by how rare they are; 1 for the same words."""
    words = [words_of(text) for text in texts]
    return Lexicon([[some] for some in words]).weigh(words).overlaps()


def cluster(likeness: Matrix, near: float) -> list[list[int]]:
    """Groups of numbers, the largest first; in each the one that stands for it first, then by how near they are."""
    is_near = likeness >= near
    left = np.ones(len(likeness), np.bool_)
    groups = []
    while left.any():
        centre = int(np.where(left, (is_near & left).sum(axis=1), -1).argmax())
        members = np.flatnonzero(is_near[centre] & left & (np.arange(len(left)) != centre))
        members = members[np.argsort(-likeness[centre, members], kind="stable")]
        groups.append([centre, *members.tolist()])
        left[groups[-1]] = False
    return groups
