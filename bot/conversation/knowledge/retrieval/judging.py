"""Who answers a question: regression on the phrasings of the candidates (kernel ridge regression).

Each entry's phrasings and answer are to score 1 for it and 0 for all others, everyday sentences 0 for all. A question
scores by its likeness to them: near 1 where it is asked like one entry's phrasings and like nobody else's. Unlike the
best single likeness, that knows what sets neighbours apart. How a row would score if it were not there itself, or its
entry were not, follows from the same inverse: what the gate is calibrated with costs no second fit.
"""

import numpy as np
from numpy.typing import NDArray

from bot.conversation.knowledge.retrieval.reading import Floats
from bot.conversation.knowledge.retrieval.rows import Numbers, Rows

DOUBT = 0.2  # how far a row's word for its owner is not believed: two entries may be asked alike


class Judge:
    def __init__(self, rows: Rows, places: Numbers, entries: NDArray[np.int32]) -> None:
        """`entries`: the numbers of the candidates. `places`: where the rows stand in the index, ascending."""
        self.rows = rows
        self.places = places
        self.entries = entries
        self._known = rows.likeness() + DOUBT * np.eye(len(rows))
        self._wanted = (rows.owners[:, None] == entries[None]).astype(np.float64)
        self._shares: Floats | None = None
        self._inverse: Floats | None = None

    def scores(self, question: Rows) -> Floats:
        """(C,), one for each candidate, of a single row."""
        if self._shares is None:
            self._shares = np.linalg.solve(self._known, self._wanted)
        scores: Floats = self.rows.likeness_to(question)[0] @ self._shares
        return scores

    def scores_without(self, row: int, left_out: Numbers) -> Floats:
        """(C,): how this row would score if those left out, itself among them, were not there."""
        if self._inverse is None:
            self._inverse = np.linalg.inv(self._known)
            self._shares = self._inverse @ self._wanted
        assert self._shares is not None
        block = self._inverse[np.ix_(left_out, left_out)]
        scores: Floats = (self._wanted[left_out] - np.linalg.solve(block, self._shares[left_out]))[left_out == row][0]
        return scores
