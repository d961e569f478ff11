"""Passages of handbooks: grounds, by meaning and by words."""

import pytest

from bot.conversation.knowledge.retrieval.passage_index import PassageIndex, passage_text
from storage.knowledge.records import Passage
from tests.conversation.knowledge.retrieval.shelves import ANSWERS, QUESTIONS, question


def a_passage(text: str, *heading_path: str, audience: tuple[str, ...] = ("everyone",), lang: str = "en") -> Passage:
    return Passage(
        passage_id=text, document="book.md", heading_path=heading_path, text=text, lang=lang, audience=audience
    )


LEAVE = a_passage("Five days of vacation carry over to March.", "People", "Leave")
PARKING = a_passage("Day tickets for the car park cost five euros.", "Building")
BOARD = a_passage("The salary of the board is public.", "Board", audience=("group:S1",))
BOOK = [LEAVE, PARKING, BOARD, *(a_passage(f"Room {at} is on floor {at % 7}.", "Rooms") for at in range(20))]


@pytest.fixture(scope="module")
def index() -> PassageIndex:
    return PassageIndex(BOOK, QUESTIONS, ANSWERS)


def found(index: PassageIndex, text: str, *audience: str) -> list[Passage]:
    return [passage for passage, _ in index.find(question(text), audience, 3)]


def test_meaning_and_words_find_it(index: PassageIndex) -> None:
    assert found(index, "does pto carry over to march?")[0] == LEAVE
    assert found(index, "tickets for parking")[0] == PARKING


def test_in_another_language_the_meaning_finds_it(index: PassageIndex) -> None:
    assert found(index, "年假")[0] == LEAVE


def test_the_headings_count(index: PassageIndex) -> None:
    assert passage_text(LEAVE) == "people · leave · five days of vacation carry over to march."


def test_what_is_hidden_is_not_found(index: PassageIndex) -> None:
    assert BOARD not in found(index, "salary of the board")
    assert found(index, "salary of the board", "group:S1")[0] == BOARD


def test_an_everyday_sentence_brings_back_nothing(index: PassageIndex) -> None:
    assert found(index, "tell me something funny") == []


def test_what_shares_little_with_a_passage_is_not_answered_by_it(index: PassageIndex) -> None:
    assert found(index, "what is the capital of france?") == []
    assert found(PassageIndex(BOOK), "is the car wash open on sunday") == []


def test_without_an_encoder_words_find_it() -> None:
    assert found(PassageIndex(BOOK), "day tickets for the car park")[0] == PARKING


def test_of_many_those_near_by_meaning_or_by_words_are_scored() -> None:
    rooms = [a_passage(f"Room {at} is on floor {at % 7}.", "Rooms") for at in range(600)]
    index = PassageIndex([LEAVE, *rooms], QUESTIONS, ANSWERS)

    by_meaning = index.find(question("remaining pto"), (), 1)
    by_words = index.find(question("room 433 floor"), (), 3)

    assert by_meaning[0][0] == LEAVE
    assert by_words[0][0].text == "Room 433 is on floor 6."


def test_no_passages_nothing_found() -> None:
    assert PassageIndex([], QUESTIONS, ANSWERS).find(question("leave"), (), 3) == []
