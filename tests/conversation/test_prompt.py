"""What the model gets to read: the newest of the thread that fits, in whole exchanges."""

from collections.abc import Sequence

import pytest

from bot.conversation.prompt import QuestionTooLong, build_prompt
from inference.engine import ChatMessage
from storage.records import Exchange


def words(messages: Sequence[ChatMessage]) -> int:
    return sum(len(message.content.split()) for message in messages)


def prompt(earlier: list[Exchange], question: str = "and now", budget: int = 100, system: str = "be kind") -> list[str]:
    messages = build_prompt(system, earlier, question, words, budget)
    return [f"{message.role}: {message.content}" for message in messages]


THREAD = [Exchange(number, f"question {number}", f"answer {number}") for number in (1, 2, 3)]


def test_everything_is_there_when_it_fits() -> None:
    assert prompt(THREAD[:2]) == [
        "system: be kind",
        "user: question 1",
        "assistant: answer 1",
        "user: question 2",
        "assistant: answer 2",
        "user: and now",
    ]


@pytest.mark.parametrize(
    ("budget", "oldest"), [(4, None), (7, None), (8, 3), (11, 3), (12, 2), (15, 2), (16, 1), (99, 1)]
)
def test_the_newest_exchanges_come_first_and_whole(budget: int, oldest: int | None) -> None:
    history = prompt(THREAD, budget=budget)[1:-1]

    assert len(history) % 2 == 0
    assert (history[0] if history else None) == (f"user: question {oldest}" if oldest else None)


def test_an_exchange_too_long_ends_the_history() -> None:
    thread = [THREAD[0], Exchange(2, "long " * 200, "answer 2"), THREAD[2]]

    assert prompt(thread) == ["system: be kind", "user: question 3", "assistant: answer 3", "user: and now"]


def test_questions_without_an_answer_are_left_out() -> None:
    thread = [Exchange(1, "question 1", None), THREAD[1], Exchange(3, "question 3", None)]

    assert prompt(thread)[1:] == ["user: question 2", "assistant: answer 2", "user: and now"]


def test_without_a_system_prompt_there_is_none() -> None:
    assert prompt([], system="") == ["user: and now"]


def test_a_question_that_does_not_fit_alone_is_refused_with_the_figures() -> None:
    with pytest.raises(QuestionTooLong) as refusal:
        prompt(THREAD, question="much " * 20, budget=10)

    assert (refusal.value.tokens, refusal.value.limit) == (22, 10)


def test_a_question_of_exactly_the_budget_fits() -> None:
    assert prompt([], question="one two", budget=4)[-1] == "user: one two"
