"""What entries are found by."""

import numpy as np
import pytest

from bot.conversation.knowledge.retrieval import building
from bot.conversation.knowledge.retrieval.building import build_entry_index, entry_texts, parts_of
from bot.conversation.knowledge.retrieval.rows import NOBODYS
from tests.conversation.knowledge.retrieval.shelves import ANSWERS, OFFICE, QUESTIONS, ids, question
from tests.conversation.knowledge.samples import an_entry


@pytest.mark.parametrize(
    ("answer", "sentences"),
    [
        ("Call extension 500.", []),
        ("Paid on the 25th. If that is a Sunday, before it.", ["Paid on the 25th.", "If that is a Sunday, before it."]),
        ("每月10日发放;遇节假日提前。工资条发到邮箱。", ["每月10日发放;", "遇节假日提前。", "工资条发到邮箱。"]),
        ("- Book in Workday\n- Ask **two weeks** ahead", ["Book in Workday", "Ask **two weeks** ahead"]),
        ("Version 5.2.1 at https://a.test/x?y=1;z", []),
        ("", []),
    ],
)
def test_an_answer_is_found_as_a_whole_and_by_its_sentences(answer: str, sentences: list[str]) -> None:
    assert parts_of(answer) == [answer, *sentences]


def test_of_a_long_answer_the_first_sentences() -> None:
    assert len(parts_of("One sentence. " * 50)) == 1 + building.MOST_SENTENCES


def test_somebody_asks_for_what_one_sentence_says() -> None:
    wordy = an_entry(
        "canteen",
        "When is the canteen open?",
        variants=("canteen hours", "opening hours of the canteen", "is the canteen open"),
        answer="From 11:30 to 13:30. Lunch vouchers are worth thirty euros. Cutlery stands at the door.",
    )
    index = build_entry_index(sorted([*OFFICE, wordy], key=lambda one: one.entry_id), QUESTIONS, ANSWERS)

    assert ids(index.rank(question("how much are lunch vouchers worth"), ()).entries)[0] == "canteen"


def test_every_row_is_what_its_text_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are placed at a time."""
    whole = build_entry_index(OFFICE, QUESTIONS, ANSWERS).rows
    monkeypatch.setattr(building, "CHUNK", 1)
    pieces = build_entry_index(OFFICE, QUESTIONS, ANSWERS).rows

    texts = list(entry_texts(OFFICE))
    own = whole.owners != NOBODYS
    assert whole.owners[own].tolist() == [text.owner for text in texts]
    assert whole.are_answers[own].tolist() == [text.is_answer for text in texts]
    assert whole.vectors is not None
    assert pieces.vectors is not None
    assert np.array_equal(whole.vectors, pieces.vectors)
    assert np.array_equal(whole.words.overlaps(), pieces.words.overlaps())
