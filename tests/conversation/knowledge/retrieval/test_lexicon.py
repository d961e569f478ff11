"""Words as sparse vectors."""

from collections.abc import Sequence

import numpy as np
import pytest

from bot.conversation.knowledge.retrieval.lexicon import Lexicon, Words, learn_words

TEXTS = ["how to park", "how to print", "how to park bicycles", "print it here"]
OWNERS = np.array([0, 1, 2, 1], np.int32)


def learn(texts: Sequence[str], owners: Sequence[int] | None = None) -> tuple[Lexicon, Words]:
    of = np.arange(len(texts), dtype=np.int32) if owners is None else np.array(owners, np.int32)
    return learn_words([text.split() for text in texts], of)


def test_a_text_overlaps_fully_with_itself_and_not_at_all_with_what_shares_no_word() -> None:
    _, words = learn(["how to park", "print", "how to park"])

    assert np.allclose(words.overlaps(), [[1, 0, 1], [0, 1, 0], [1, 0, 1]], atol=1e-6)


def test_a_text_weighs_the_same_as_when_it_was_learned() -> None:
    lexicon, words = learn(TEXTS, OWNERS.tolist())

    for at, text in enumerate(TEXTS):
        assert np.allclose(words.overlaps_with(lexicon.weigh(text.split()))[0], words.overlaps()[at], atol=1e-6)


def test_a_rare_word_in_common_counts_more_than_common_ones() -> None:
    lexicon, words = learn(["print x", "how to x", "how to y", "how to z"])

    (rare, common, *_) = words.overlaps_with(lexicon.weigh(["how", "to", "print"]))[0]

    assert rare > common > 0


def test_a_word_is_as_rare_as_its_owners_are_few() -> None:
    """`print` stands in two texts, but of one owner."""
    lexicon, _ = learn(TEXTS, OWNERS.tolist())

    rarity = {word: lexicon.rarities([word])[1] for word in ("here", "print", "park", "how", "zebra")}
    assert rarity["zebra"] > rarity["here"] == rarity["print"] > rarity["park"] > rarity["how"]


def test_those_that_share_the_rarest_words_come_first() -> None:
    lexicon, _ = learn(TEXTS, OWNERS.tolist())
    asked = lexicon.weigh("how to print here".split())

    assert lexicon.sharing(asked, np.ones(3, np.bool_), most=9)[0] == 1
    assert lexicon.sharing(asked, np.ones(3, np.bool_), most=1).tolist() == [1]
    assert 1 not in lexicon.sharing(asked, np.array([True, False, True]), most=9), "hidden ones do not count"
    assert lexicon.sharing(lexicon.weigh(["zebra"]), np.ones(3, np.bool_), most=9).tolist() == []


def test_common_words_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.conversation.knowledge.retrieval.lexicon.MOST_LOOKED_AT", 2)
    lexicon, _ = learn(TEXTS, OWNERS.tolist())

    assert lexicon.sharing(lexicon.weigh(["how", "here"]), np.ones(3, np.bool_), most=9).tolist() == [1]
    assert len(lexicon.sharing(lexicon.weigh(["how"]), np.ones(3, np.bool_), most=9)) == 3, "but one word always"


def test_words_that_nobody_knows_make_a_text_longer() -> None:
    lexicon, words = learn(["park", "how"])

    assert words.overlaps_with(lexicon.weigh(["park"]))[0, 0] == pytest.approx(1)
    assert words.overlaps_with(lexicon.weigh(["park", "zebra"]))[0, 0] < 0.8
    assert words.overlaps_with(lexicon.weigh(["zebra"]))[0, 0] == 0


def test_texts_of_nobody_are_known_and_make_no_word_more_common() -> None:
    lexicon, words = learn(["how", "park", "how badge"], [0, 1, -1])

    assert words.overlaps_with(lexicon.weigh(["badge"]))[0, 2] > 0
    assert lexicon.sharing(lexicon.weigh(["badge"]), np.ones(2, np.bool_), most=9).tolist() == []
    assert lexicon.rarities(["how"])[1] == lexicon.rarities(["park"])[1] < lexicon.rarities(["badge"])[1]


def test_rows_are_taken_in_the_order_asked_for() -> None:
    _, words = learn(["how", "", "print park", "to"])

    taken = words.take(np.array([3, 2, 1, 0]))

    assert taken.starts.tolist() == [0, 1, 3, 3, 4]
    assert np.allclose(taken.overlaps()[0], words.overlaps()[3][[3, 2, 1, 0]])


def test_the_share_of_a_questions_words_that_a_text_has() -> None:
    lexicon, words = learn(["how to park park", "print", ""])

    asked, total = lexicon.rarities(["park", "park", "zebra"])

    shares = words.sums_of(asked) / total
    assert 0 < shares[0] < 1
    assert shares[1:].tolist() == [0, 0]


def test_nothing_is_known_of_no_texts() -> None:
    lexicon, words = learn([])

    assert words.overlaps().shape == (0, 0)
    assert lexicon.weigh(["park"]).ids.tolist() == []
    assert words.sums_of(lexicon.rarities(["park"])[0]).tolist() == []
