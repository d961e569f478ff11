"""When an answer is shown."""

import numpy as np
import pytest

from bot.conversation.knowledge.findings import Route
from bot.conversation.knowledge.retrieval.gate import LEAST_SCORE, Gate, Trial, calibrate, lead_of

CLEAR, CLOSE, FAINT = np.array([0.9, 0.1]), np.array([0.35, 0.3]), np.array([LEAST_SCORE - 0.01, 0.0])


def test_without_trials_it_is_what_other_questions_taught() -> None:
    gate = calibrate([], everyday=LEAST_SCORE)

    assert [gate.route(scores) for scores in (CLEAR, CLOSE, FAINT)] == [Route.DIRECT, Route.SUGGEST, Route.NONE]
    assert gate == Gate()


def test_of_two_that_are_asked_alike_none_is_the_answer() -> None:
    assert Gate().route(np.array([0.95, 0.9])) is Route.SUGGEST


def test_of_nothing_nothing_is_shown() -> None:
    assert Gate().route(np.zeros(0)) is Route.NONE
    assert Gate().probabilities(np.zeros(0)).tolist() == []


def test_entries_that_look_alike_make_it_careful() -> None:
    mistaken = calibrate([Trial(0.7, is_right=False)] * 40 + [Trial(1.2, is_right=True)] * 40, everyday=LEAST_SCORE)
    easy = calibrate([Trial(0.5, is_right=True)] * 40 + [Trial(0.1, is_right=False)] * 40, everyday=LEAST_SCORE)

    scores = np.array([0.4, 0.15])  # a lead of 0.65
    assert mistaken.route(scores) is Route.SUGGEST
    assert easy.route(scores) is Route.DIRECT


def test_impostors_that_come_near_make_it_careful() -> None:
    far = calibrate([Trial(0.9, is_right=True)] * 20 + [Trial(0.1, False, is_impostor=True)] * 20, everyday=LEAST_SCORE)
    near = calibrate(
        [Trial(0.9, is_right=True)] * 20 + [Trial(0.8, False, is_impostor=True)] * 20, everyday=LEAST_SCORE
    )

    assert near.probabilities(CLEAR)[0] < far.probabilities(CLEAR)[0]


def test_a_higher_score_never_makes_it_less_sure() -> None:
    upside_down = calibrate(
        [Trial(2.0, is_right=False)] * 500 + [Trial(0.0, is_right=True)] * 500, everyday=LEAST_SCORE
    )

    assert upside_down.sureness[1] > 0


def test_probabilities_are_ordered_as_the_scores() -> None:
    chances = Gate().probabilities(np.array([0.6, 0.5, 0.5, 0.1, -0.2]))

    assert (np.diff(chances) <= 0).all()
    assert ((chances > 0) & (chances < 1)).all()


def test_what_everyday_sentences_reach_is_not_suggested() -> None:
    assert Gate(everyday=0.22).route(np.array([0.21, 0.0])) is Route.NONE
    assert Gate(everyday=-1.0).route(FAINT) is Route.NONE


def test_an_entry_about_something_everyday_takes_no_answer_from_others() -> None:
    gate = Gate(everyday=0.9)

    assert gate.route(np.array([0.8, 0.1])) is Route.DIRECT
    assert gate.route(np.array([0.35, 0.0])) is Route.SUGGEST


@pytest.mark.parametrize(("scores", "lead"), [([0.8], 1.6), ([0.8, 0.3], 1.3), ([0.8, 0.8, 0.1], 0.8)])
def test_the_lead(scores: list[float], lead: float) -> None:
    assert lead_of(np.array(scores)) == pytest.approx(lead)
