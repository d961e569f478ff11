"""The entries as they are found: their rows, who may see them, and which are worth judging."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bot.conversation.knowledge.retrieval.judging import Judge
from bot.conversation.knowledge.retrieval.lexicon import Lexicon
from bot.conversation.knowledge.retrieval.reading import Floats, Reading
from bot.conversation.knowledge.retrieval.rows import NOBODYS, Numbers, Rows, number_of
from bot.conversation.knowledge.retrieval.space import Space
from bot.conversation.knowledge.retrieval.visibility import Mask, Visibility
from storage.knowledge.records import Entry

ALL_ARE_JUDGED = 48  # entries; of more, those that are near by meaning or by words
NEAREST = 24
MUCH_LIKE = 0.5
MOST_ROWS = 640  # judged at once: the cost grows with the cube
MOST_ROWS_OF_ONE = 12  # where there are more, those most like the question


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Entries that were judged, best first, with their scores. `is_sound`: everything had vectors, so that scores are
    what the gate was calibrated on."""

    entries: Sequence[Entry]
    scores: Floats
    is_sound: bool


class EntryIndex:
    """Never changes: a new one is made when entries do."""

    def __init__(
        self,
        entries: Sequence[Entry],
        rows: Rows,
        starts: NDArray[np.int64],
        lexicon: Lexicon,
        space: Space | None,
        centres: Floats | None,
    ) -> None:
        """Entry i has rows `starts[i]` to `starts[i + 1]`; everyday sentences follow the last entry's.

        `centres`: (E, D) float32, the middle of each entry's phrasings, where there are too many to judge all.
        """
        self.entries = entries
        self.rows = rows
        self._starts = starts
        self._lexicon = lexicon
        self._space = space
        self._centres = centres
        self._visibility = Visibility([entry.text.audience for entry in entries])
        self._encoded: Mask | None = None if rows.vectors is None else np.any(rows.vectors != 0, axis=1)
        self._judge = lru_cache(4)(self._judge_all)

    def rank(self, question: Reading, audience: Collection[str]) -> Ranking:
        """Of the entries that `audience` may see."""
        row = self._row_of(question)
        chosen = self._candidates(row, self._visibility.mask(audience))
        if not len(chosen):
            return Ranking((), np.zeros(0), is_sound=True)
        judge = self._judge_for(row, chosen)
        scores = judge.scores(row)
        order = np.argsort(-scores, kind="stable")
        is_sound = question.vector is not None and self._encoded is not None and bool(self._encoded[judge.places].all())
        return Ranking([self.entries[judge.entries[at]] for at in order], scores[order], is_sound)

    def is_everyday(self, question: Reading) -> bool:
        """Whether it is asked much like a sentence that no entry answers, a greeting or thanks."""
        everyday = self.rows.take(np.arange(self._starts[-1], len(self.rows)))
        return bool(everyday.likeness_to(self._row_of(question)).max() >= MUCH_LIKE)

    def nearness(self, questions: Sequence[Reading]) -> Floats | None:
        """(N, N) cosines of what questions mean, in the space that entries are compared in. None without vectors."""
        vectors = [question.vector for question in questions]
        if self._space is None or any(vector is None for vector in vectors):
            return None
        stacked = np.array(vectors, np.float32)
        placed = self._space.place_questions(stacked, [question.lang for question in questions])
        nearness: Floats = placed @ placed.T
        return nearness

    def judge_of_row(self, place: int) -> Judge:
        """Who would judge the row that stands there if it were a question of somebody who may see everything."""
        row = self.rows.take(np.array([place]))
        near = self._candidates(row, np.ones(len(self.entries), np.bool_))
        own = row.owners[row.owners != NOBODYS]
        return self._judge_for(row, np.union1d(near, own).astype(np.int32))

    def _judge_for(self, row: Rows, chosen: NDArray[np.int32]) -> Judge:
        places = self._places_of(chosen)
        if len(places) <= MOST_ROWS:
            return self._judge(chosen.tobytes())
        return self._judge_of(self._most_like(row, places), chosen)

    def _judge_all(self, chosen: bytes) -> Judge:
        entries = np.frombuffer(chosen, np.int32)
        return self._judge_of(self._places_of(entries), entries)

    def _judge_of(self, places: Numbers, entries: NDArray[np.int32]) -> Judge:
        everyday = np.arange(self._starts[-1], len(self.rows))
        places = np.concatenate([places, everyday])
        return Judge(self.rows.take(places), places, entries)

    def _row_of(self, question: Reading) -> Rows:
        vectors = None
        if self._space is not None and question.vector is not None:
            placed = self._space.place_questions(question.vector[None].astype(np.float32), [question.lang])
            vectors = placed.astype(np.float16)
        return Rows(
            np.array([NOBODYS], np.int32),
            np.array([number_of(question.lang)], np.int8),
            np.zeros(1, np.bool_),
            self._lexicon.weigh(question.words),
            vectors,
        )

    def _candidates(self, row: Rows, visible: Mask) -> NDArray[np.int32]:
        """Numbers, ascending."""
        numbers = np.flatnonzero(visible)
        if len(numbers) > ALL_ARE_JUDGED:
            sharing = self._lexicon.sharing(row.words, visible, NEAREST)
            numbers = np.union1d(sharing, self._near(row, visible))
        return numbers.astype(np.int32)

    def _near(self, row: Rows, visible: Mask) -> NDArray[np.int64]:
        if self._centres is None or row.vectors is None:
            return np.zeros(0, np.int64)
        nearness = np.where(visible, self._centres @ row.vectors[0].astype(np.float32), -np.inf)
        return np.argpartition(-nearness, NEAREST)[:NEAREST]

    def _places_of(self, entries: NDArray[np.int32]) -> Numbers:
        spans = zip(self._starts[entries], self._starts[entries + 1], strict=True)
        return np.array([place for first, end in spans for place in range(first, end)], np.int64)

    def _most_like(self, row: Rows, places: Numbers) -> Numbers:
        taken = self.rows.take(places)
        likeness = taken.likeness_to(row)[0]
        order = np.lexsort((-likeness, taken.owners))
        owners = taken.owners[order]
        within = np.arange(len(order)) - np.searchsorted(owners, owners)
        return np.sort(places[order[within < MOST_ROWS_OF_ONE]])
