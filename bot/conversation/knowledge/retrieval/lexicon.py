"""Words as sparse vectors: rare words weigh more, every text has length 1, two texts' product is their overlap."""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Whole = NDArray[np.integer]
Mask = NDArray[np.bool_]

MOST_LOOKED_AT = 10_000  # owners, by words in common: a millisecond


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Texts as weighted words, one text after another: text i has `ids[starts[i]:starts[i + 1]]`, sorted."""

    starts: NDArray[np.int64]
    ids: NDArray[np.int32]
    weights: NDArray[np.float32]

    def take(self, rows: NDArray[np.int64]) -> "Words":
        lengths = self.starts[rows + 1] - self.starts[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(self.starts[rows] - starts[:-1], lengths) + np.arange(starts[-1])
        return Words(starts, self.ids[places], self.weights[places])

    def overlaps(self) -> Matrix:
        """(N, N): each text with each."""
        matrix = self._matrix(np.unique(self.ids))
        overlaps: Matrix = matrix @ matrix.T
        return overlaps

    def overlaps_with(self, other: "Words") -> Matrix:
        """(N of the other, N)."""
        common = np.intersect1d(self.ids, other.ids)
        overlaps: Matrix = other._matrix(common) @ self._matrix(common).T
        return overlaps

    def sums_of(self, question: "Words") -> NDArray[np.float32]:
        """(N,): of the words of a single question that a text has, the sum of the question's weights."""
        if not len(question.ids) or not len(self.ids):
            return np.zeros(len(self.starts) - 1, np.float32)
        at = np.minimum(np.searchsorted(question.ids, self.ids), len(question.ids) - 1)
        worth = np.where(question.ids[at] == self.ids, question.weights[at], 0)
        ends = np.concatenate([[0.0], np.cumsum(worth, dtype=np.float64)])
        sums: NDArray[np.float32] = (ends[self.starts[1:]] - ends[self.starts[:-1]]).astype(np.float32)
        return sums

    def _matrix(self, known: NDArray[np.int32]) -> Matrix:
        """(N, words), of the known words alone; they are sorted."""
        matrix = np.zeros((len(self.starts) - 1, len(known)), np.float32)
        if len(known):
            columns = np.minimum(np.searchsorted(known, self.ids), len(known) - 1)
            there = known[columns] == self.ids
            rows = np.repeat(np.arange(len(matrix)), np.diff(self.starts))
            matrix[rows[there], columns[there]] = self.weights[there]
        return matrix


class Lexicon:
    """The words of some texts: how rare each is, and whose texts have it. Made by `learn_words`."""

    def __init__(self, ids: dict[str, int], starts: Whole, owners: Whole) -> None:
        """The owners of texts with word i: `owners[starts[i]:starts[i + 1]]`, each once."""
        self._ids = ids
        self._starts = starts
        self._owners = owners
        number, seen = len(np.unique(owners)), np.diff(starts)
        self.rarity = np.log1p((number - seen + 0.5) / (seen + 0.5))
        self._unseen = math.log1p((number + 0.5) / 0.5)

    def weigh(self, words: Sequence[str]) -> Words:
        """One text. A word that is not known makes it longer and has no id."""
        known: list[tuple[int, float]] = []
        square = 0.0
        for word, count in Counter(words).items():
            at = self._ids.get(word)
            weight = self._rarity_of(at) * (1 + math.log(count))
            square += weight * weight
            if at is not None:
                known.append((at, weight))
        return _one_text(known, math.sqrt(square) or 1.0)

    def rarities(self, words: Sequence[str]) -> tuple[Words, float]:
        """Each word once, by how rare it is; and the sum of that, of unknown words as well."""
        places = [self._ids.get(word) for word in set(words)]
        known = [(at, self._rarity_of(at)) for at in places if at is not None]
        return _one_text(known, 1.0), sum(map(self._rarity_of, places)) or 1.0

    def sharing(self, words: Words, visible: Mask, most: int) -> Whole:
        """So many visible owners as share most of one text's words, by how rare they are; best first.

        By the rarest words first, until so many owners were looked at as matter: common words are everybody's.
        """
        counts = self._starts[words.ids + 1] - self._starts[words.ids]
        order = np.argsort(counts, kind="stable")
        enough = int(np.searchsorted(np.cumsum(counts[order]), MOST_LOOKED_AT, side="right"))
        telling = words.ids[order[: max(enough, 1)]]
        lists = [self._owners[self._starts[word] : self._starts[word + 1]] for word in telling]
        if not lists:
            return np.zeros(0, np.int64)
        owners, places = np.unique(np.concatenate(lists), return_inverse=True)
        worth = np.bincount(places, np.repeat(self.rarity[telling], [len(one) for one in lists]))
        worth, owners = worth[visible[owners]], owners[visible[owners]]
        best: Whole = owners[np.argsort(-worth, kind="stable")[:most]]
        return best

    def _rarity_of(self, at: int | None) -> float:
        return self._unseen if at is None else float(self.rarity[at])


def learn_words(texts: Iterable[Sequence[str]], owners: NDArray[np.int32]) -> tuple[Lexicon, Words]:
    """The lexicon of the texts, and the texts as weighted words.

    `owners`: whose each text is, negative: nobody's. The fewer owners have a word, the rarer it is.
    """
    ids: dict[str, int] = {}
    places, ends = array("i"), array("q", [0])
    for words in texts:
        places.extend(ids.setdefault(word, len(ids)) for word in words)
        ends.append(len(places))
    starts = np.frombuffer(ends, np.int64)
    of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    rows, known, counts = _occurrences(of, np.frombuffer(places, np.int32), len(ids))
    lexicon = _lexicon(ids, owners[rows], known)
    weights = lexicon.rarity[known] * (1 + np.log(counts))
    lengths = np.sqrt(np.bincount(rows, weights * weights, minlength=len(starts) - 1))
    weighed = Words(
        np.searchsorted(rows, np.arange(len(starts))),
        known.astype(np.int32),
        (weights / np.where(lengths == 0, 1, lengths)[rows]).astype(np.float32),
    )
    return lexicon, weighed


def _lexicon(ids: dict[str, int], owners: Whole, words: Whole) -> Lexicon:
    owned = owners >= 0
    having, known, _ = _occurrences(owners[owned], words[owned], len(ids))
    by_word = np.argsort(known, kind="stable")
    starts = np.searchsorted(known[by_word], np.arange(len(ids) + 1))
    return Lexicon(ids, starts, having[by_word].astype(np.int32))


def _occurrences(of: Whole, words: Whole, size: int) -> tuple[Whole, Whole, Whole]:
    """Who has which word how often, by who and word."""
    pairs, counts = np.unique(of.astype(np.int64) * max(size, 1) + words, return_counts=True)
    return pairs // max(size, 1), pairs % max(size, 1), counts


def _one_text(known: list[tuple[int, float]], length: float) -> Words:
    known.sort()
    ids = np.array([at for at, _ in known], np.int32)
    weights = np.array([weight / length for _, weight in known], np.float32)
    return Words(np.array([0, len(known)], np.int64), ids, weights)
