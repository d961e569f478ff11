"""Words as sparse vectors."""

import numpy as np
import pytest

from bot.conversation.knowledge.retrieval.lexicon import Lexicon

ENTRIES = [[["how", "to", "park"]], [["how", "to", "print"]], [["how", "to", "park", "bicycles"]]]


@pytest.fixture
def lexicon() -> Lexicon:
    return Lexicon(ENTRIES)


def test_a_text_overlaps_fully_with_itself_and_not_at_all_with_what_shares_no_word(lexicon: Lexicon) -> None:
    words = lexicon.weigh([["how", "to", "park"], ["print"], ["how", "to", "park"]])

    assert np.allclose(words.overlaps(), [[1, 0, 1], [0, 1, 0], [1, 0, 1]], atol=1e-6)


def test_a_rare_word_in_common_counts_more_than_common_ones(lexicon: Lexicon) -> None:
    known = lexicon.weigh([["print", "x"], ["how", "to", "x"]])
    asked = lexicon.weigh([["how", "to", "print"]])

    (rare, common) = known.overlaps_with(asked)[0]

    assert rare > common > 0


def test_words_that_nobody_knows_make_a_text_longer(lexicon: Lexicon) -> None:
    known = lexicon.weigh([["park"]])

    assert known.overlaps_with(lexicon.weigh([["park"]]))[0, 0] == pytest.approx(1)
    assert known.overlaps_with(lexicon.weigh([["park", "zebra"]]))[0, 0] < 0.8
    assert known.overlaps_with(lexicon.weigh([["zebra"]]))[0, 0] == 0


def test_rows_are_taken_in_the_order_asked_for(lexicon: Lexicon) -> None:
    words = lexicon.weigh([["how"], [], ["print", "park"], ["to"]])

    taken = words.take(np.array([3, 2, 1, 0]))

    assert taken.starts.tolist() == [0, 1, 3, 3, 4]
    assert np.allclose(taken.overlaps()[0], words.overlaps()[3][[3, 2, 1, 0]])


def test_the_share_of_a_questions_words_that_a_text_has(lexicon: Lexicon) -> None:
    texts = lexicon.weigh([["how", "to", "park", "park"], ["print"], []])

    asked, total = lexicon.rarities(["park", "park", "zebra"])

    shares = texts.sums_of(asked) / total
    assert 0 < shares[0] < 1
    assert shares[1:].tolist() == [0, 0]


def test_nothing_is_known_of_no_entries() -> None:
    lexicon = Lexicon([])

    words = lexicon.weigh([["park"], []])

    assert words.overlaps().tolist() == [[0, 0], [0, 0]]
    assert words.sums_of(lexicon.rarities(["park"])[0]).tolist() == [0, 0]
