"""Questions that ask for the same, in groups around one of them. Pure arithmetic.

The question that has most others near to it stands for a group, and takes them; then the next one of what is left. Each
of a group is near to that one question, so that whoever knows it knows them all: nothing is chained from one to the
next. Measured with 600 questions about 15 neighbouring subjects among 206 others (development set, docs/retrieval.md):
of what is in a question's group .80 to .88 is about the same, by words alone .86; average linkage did no better.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.conversation.knowledge.retrieval.everyday import EVERYDAY
from bot.conversation.knowledge.retrieval.lexicon import learn_words
from storage.knowledge.fulltext import SAYING_NOTHING
from storage.knowledge.words import words_of

Matrix = NDArray[np.floating]

NEAR_IN_MEANING = 0.55  # cosine, in the space of the entries' index
NEAR_IN_WORDS = 0.4  # weighted overlap: pairs are of the same subject as often


def overlap(texts: Sequence[str]) -> Matrix:
    """(N, N): the words that each two texts share, weighted by how rare they are; 1 for the same words."""
    words = [_telling(text) for text in texts]
    everyday = (_telling(text) for sentences in EVERYDAY.values() for text in sentences)  # how rare, among few texts
    known = [*words, *everyday]
    _, weighed = learn_words(known, np.arange(len(known), dtype=np.int32))
    return weighed.take(np.arange(len(words))).overlaps()


def _telling(text: str) -> list[str]:
    words = words_of(text)
    return [word for word in words if word not in SAYING_NOTHING] or words


def cluster(likeness: Matrix, near: float) -> list[list[int]]:
    """Groups of numbers, the largest first; in each the one that stands for it first, then by how near they are."""
    is_near = likeness >= near
    counts = is_near.sum(axis=1)
    left = np.ones(len(likeness), np.bool_)
    groups = []
    while left.any():
        centre = int(np.where(left, counts, -1).argmax())
        members = np.flatnonzero(is_near[centre] & left & (np.arange(len(left)) != centre))
        members = members[np.argsort(-likeness[centre, members], kind="stable")]
        groups.append([centre, *members.tolist()])
        left[groups[-1]] = False
        counts = counts - is_near[:, groups[-1]].sum(axis=1)
    return groups
