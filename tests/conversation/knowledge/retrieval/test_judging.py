"""Regression on phrasings, and what would be without some of them."""

import numpy as np
import pytest

from bot.conversation.knowledge.retrieval.judging import Judge
from tests.conversation.knowledge.retrieval.shelves import OFFICE, index_of

INDEX = index_of(*OFFICE)
ENTRIES = np.arange(len(OFFICE), dtype=np.int32)
PLACES = np.arange(len(INDEX.rows))
JUDGE = Judge(INDEX.rows, PLACES, ENTRIES)


@pytest.mark.parametrize("row", [0, 3, 7, 12])
def test_a_phrasing_left_out_scores_as_if_it_had_never_been_there(row: int) -> None:
    others = np.delete(PLACES, row)

    expected = Judge(INDEX.rows.take(others), others, ENTRIES).scores(INDEX.rows.take(np.array([row])))

    assert np.allclose(JUDGE.scores_without(row, np.array([row])), expected)


@pytest.mark.parametrize("entry", range(len(OFFICE)))
def test_a_whole_entry_left_out_too(entry: int) -> None:
    own = np.flatnonzero(INDEX.rows.owners == entry)
    others = np.delete(PLACES, own)

    expected = Judge(INDEX.rows.take(others), others, ENTRIES).scores(INDEX.rows.take(own[1:2]))

    assert np.allclose(JUDGE.scores_without(int(own[1]), own), expected)


def test_phrasings_score_high_for_their_entry_and_low_for_the_others() -> None:
    for row in np.flatnonzero((INDEX.rows.owners >= 0) & ~INDEX.rows.are_answers):
        scores = JUDGE.scores(INDEX.rows.take(np.array([row])))
        assert scores.argmax() == INDEX.rows.owners[row]
        assert scores.max() > 0.5 > np.sort(scores)[-2]


def test_everyday_sentences_score_low_for_all() -> None:
    for row in np.flatnonzero(INDEX.rows.owners < 0)[::20]:
        assert np.abs(JUDGE.scores(INDEX.rows.take(np.array([row])))).max() < 0.3
