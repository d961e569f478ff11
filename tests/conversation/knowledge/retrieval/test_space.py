"""Vectors made comparable."""

import numpy as np
import pytest

from bot.conversation.knowledge.retrieval.space import Space, learn_turn, means_of, unit
from tests.conversation.knowledge.concepts import SIZE, ConceptEncoder

ENCODER = ConceptEncoder()


def test_the_language_of_a_text_stops_mattering() -> None:
    texts = ["leave", "park", "print", "pay", "年假", "停车", "打印", "工资"]
    langs = ["en"] * 4 + ["zh"] * 4
    vectors = ENCODER.embed_queries(texts)
    space = Space(means_of(vectors, langs), {}, np.eye(SIZE))  # type: ignore[arg-type]

    raw, placed = vectors @ vectors.T, space.place_questions(vectors, langs)  # type: ignore[arg-type]

    assert raw[0, 4] < raw[0, 1], "as encoded, the language says more than the meaning"
    assert (placed @ placed.T)[0, 4] > (placed @ placed.T)[0, 1]
    assert np.allclose(np.linalg.norm(placed, axis=1), 1)


def test_what_is_not_encoded_is_like_nothing() -> None:
    vectors = np.concatenate([ENCODER.embed_queries(["leave", "park"]), np.zeros((1, SIZE))])
    space = Space(means_of(vectors, ["en"] * 3), {}, np.eye(SIZE))

    assert space.place_questions(vectors, ["en"] * 3)[2].tolist() == [0] * SIZE
    assert np.allclose(means_of(vectors, ["en"] * 3)["en"], vectors[:2].mean(axis=0)), "and counts for no mean"


def test_a_language_without_texts_has_the_mean_of_the_others() -> None:
    vectors = ENCODER.embed_queries(["leave", "park"])

    assert np.array_equal(means_of(vectors, ["en", "en"])["zh"], vectors.mean(axis=0))


def test_a_direction_in_which_phrasings_of_one_entry_differ_counts_less() -> None:
    rng = np.random.default_rng(7)
    owners = np.repeat(np.arange(20), 4).astype(np.int32)
    phrasings = rng.normal(size=(20, 8))[owners] + np.eye(8)[0] * rng.normal(size=(80, 1)) * 5

    turn = learn_turn(unit(phrasings), owners)

    noisy, quiet = np.linalg.norm(np.eye(8)[:2] @ turn, axis=1)
    assert noisy < 0.9 * quiet


@pytest.mark.parametrize("number", [0, 1, 3])
def test_with_one_phrasing_each_no_direction_counts_less(number: int) -> None:
    vectors = ENCODER.embed_queries([f"text {at}" for at in range(number)])

    assert np.array_equal(learn_turn(vectors, np.arange(number, dtype=np.int32)), np.eye(SIZE))
