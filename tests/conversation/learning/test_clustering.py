"""Groups around one question, from how alike questions are."""

import numpy as np

from bot.conversation.learning.clustering import NEAR_IN_WORDS, cluster, overlap


def likeness_of(size: int, *pairs: tuple[int, int, float]) -> np.ndarray:
    likeness = np.eye(size)
    for one, other, value in pairs:
        likeness[one, other] = likeness[other, one] = value
    return likeness


def test_the_question_with_most_others_near_to_it_stands_for_them() -> None:
    likeness = likeness_of(5, (1, 0, 0.7), (1, 2, 0.9), (1, 3, 0.6), (3, 4, 0.8))
    assert cluster(likeness, 0.6) == [[1, 2, 0, 3], [4]]


def test_nothing_is_chained() -> None:
    likeness = likeness_of(4, (0, 1, 0.9), (1, 2, 0.9), (2, 3, 0.9))
    assert cluster(likeness, 0.5) == [[1, 0, 2], [3]]


def test_what_is_alone_is_a_group_of_one() -> None:
    assert cluster(np.eye(3), 0.5) == [[0], [1], [2]]
    assert cluster(np.zeros((0, 0)), 0.5) == []


def test_questions_of_the_same_rare_words_are_near_and_of_common_ones_are_not() -> None:
    texts = [
        "how do I get a parking permit",
        "parking permit please",
        "how do I get a locker",
        "how do I get a badge",
        "停车证怎么办",
        "怎么办停车证",
    ]
    near = overlap(texts) >= NEAR_IN_WORDS
    assert near[0].tolist() == [True, True, False, False, False, False]
    assert near[4].tolist() == [False, False, False, False, True, True]
