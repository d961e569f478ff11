"""Words as sparse vectors: rare words weigh more, every text has length 1, two texts' product is their overlap."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


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
    """The words of a set of entries and how rare they are among them."""

    def __init__(self, entries: Iterable[Iterable[Sequence[str]]]) -> None:
        """`entries`: for each the words of all its phrasings. A word counts once for an entry."""
        counts: Counter[str] = Counter()
        number = 0
        for number, texts in enumerate(entries, 1):  # noqa: B007 how many there were
            counts.update({word for words in texts for word in words})
        self._ids = {word: at for at, word in enumerate(counts)}
        seen = np.fromiter(counts.values(), np.float64, len(counts))
        self._rarity = np.log1p((number - seen + 0.5) / (seen + 0.5))
        self._unseen = math.log1p((number + 0.5) / 0.5)

    def weigh(self, texts: Sequence[Sequence[str]]) -> Words:
        """A word that no entry has makes a text longer and has no id."""
        starts, ids, weights = [0], [], []
        for words in texts:
            known, length = self._weigh(words)
            ids += [word for word, _ in known]
            weights += [weight / length for _, weight in known]
            starts.append(len(ids))
        return Words(np.array(starts, np.int64), np.array(ids, np.int32), np.array(weights, np.float32))

    def rarities(self, words: Sequence[str]) -> tuple[Words, float]:
        """Each word once, by how rare it is; and the sum of that, of words that no entry has as well."""
        distinct = set(words)
        known = sorted(self._ids[word] for word in distinct if word in self._ids)
        ids = np.array(known, np.int32)
        weights = self._rarity[ids].astype(np.float32)
        total = float(weights.sum()) + self._unseen * (len(distinct) - len(known))
        return Words(np.array([0, len(known)], np.int64), ids, weights), total or 1.0

    def _weigh(self, words: Sequence[str]) -> tuple[list[tuple[int, float]], float]:
        known: list[tuple[int, float]] = []
        square = 0.0
        for word, count in Counter(words).items():
            at = self._ids.get(word)
            weight = (self._unseen if at is None else float(self._rarity[at])) * (1 + math.log(count))
            square += weight * weight
            if at is not None:
                known.append((at, weight))
        return sorted(known), math.sqrt(square) or 1.0
