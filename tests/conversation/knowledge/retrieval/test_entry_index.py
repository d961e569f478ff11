"""Entries ranked: the meaning counts, and only what the asker may see."""

from dataclasses import replace

import numpy as np
import pytest

from bot.conversation.knowledge.retrieval import entry_index
from bot.conversation.knowledge.retrieval.building import build_entry_index
from storage.knowledge.records import Entry
from tests.conversation.knowledge.retrieval.shelves import (
    ANSWERS,
    BADGE,
    BALANCE,
    OFFICE,
    PAYDAY,
    QUESTIONS,
    REQUEST,
    ids,
    index_of,
    question,
)
from tests.conversation.knowledge.samples import an_entry


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is any holiday left for me", "balance"),
        ("i want to book holiday", "request"),
        ("salary", "payday"),
        ("my pass was stolen", "badge"),
        ("我的年假还有多少", "balance"),
    ],
)
def test_what_means_the_same_comes_first(text: str, expected: str) -> None:
    assert ids(index_of(*OFFICE).rank(question(text), ()).entries)[0] == expected


def test_every_entry_stands_there_once_best_first() -> None:
    ranking = index_of(*OFFICE).rank(question("holiday left"), ())

    assert sorted(ids(ranking.entries)) == ids(OFFICE)
    assert (np.diff(ranking.scores) <= 0).all()
    assert ranking.is_sound


def test_what_is_hidden_is_no_rival_even() -> None:
    """A twin for the managers must not make the answer for all others less sure, nor betray that it is there."""
    twin = replace(BALANCE, entry_id="twin", text=replace(BALANCE.text, audience=("group:S1",)))
    alone, hidden = index_of(*OFFICE), index_of(*OFFICE, twin)

    for_all = hidden.rank(question("leave balance"), ())
    for_managers = hidden.rank(question("leave balance"), {"group:S1"})

    assert "twin" not in ids(for_all.entries)
    assert set(ids(for_managers.entries)[:2]) == {"balance", "twin"}
    lead = for_all.scores[0] - for_all.scores[1]
    assert lead > 0.8 * (alone.rank(question("leave balance"), ()).scores[0] - for_all.scores[1])
    assert for_managers.scores[0] - for_managers.scores[1] < 0.1 * lead


def test_where_nobody_may_see_anything_nothing_is_ranked() -> None:
    hidden = replace(BADGE, text=replace(BADGE.text, audience=("channel:C1",)))

    assert index_of(hidden).rank(question("badge"), ()).entries == ()
    assert index_of().rank(question("badge"), ()).entries == ()


def test_a_single_entry_does_not_answer_everything() -> None:
    index = index_of(BADGE)

    assert index.rank(question("my badge is gone"), ()).scores[0] > 0.5
    assert index.rank(question("what is the weather"), ()).scores[0] < 0.1


def test_an_entry_in_two_languages_is_no_rival_of_itself() -> None:
    """Asked in Chinese, the Chinese one comes first, and nearly as far ahead as if the English one were not there."""
    chinese = an_entry(
        "zh", "工牌丢了", lang="zh", variants=("工牌 丢了 怎么办", "丢了工牌", "我的工牌"), answer="打500"
    )

    both = index_of(BADGE, PAYDAY, chinese).rank(question("工牌丢了"), ())
    alone = index_of(PAYDAY, chinese).rank(question("工牌丢了"), ())

    assert ids(both.entries)[0] == "zh"
    assert both.scores[0] - both.scores[1] > 0.5 * (alone.scores[0] - alone.scores[1])


def test_what_is_not_encoded_yet_is_found_by_words_and_makes_the_ranking_unsound() -> None:
    index = index_of(*OFFICE, unknown=BADGE.phrasings)

    ranking = index.rank(question("badge stolen"), ())

    assert ids(ranking.entries)[0] == "badge"
    assert not ranking.is_sound


def test_without_an_encoder_words_alone_find_it() -> None:
    index = build_entry_index(OFFICE, None, None)
    asked = replace(question("when is my payday"), vector=None)

    ranking = index.rank(asked, ())

    assert ids(ranking.entries)[0] == "payday"
    assert not ranking.is_sound


def many(number: int) -> list[Entry]:
    return [
        an_entry(f"room{at:03}", f"Where is room {at}?", answer=f"Room {at} is on floor {at % 7}.")
        for at in range(number)
    ]


def test_of_many_entries_those_near_by_meaning_or_by_words_are_judged() -> None:
    index = index_of(*OFFICE, *many(200))

    by_meaning = index.rank(question("is any holiday remaining for me"), ())
    by_words = index.rank(question("where is 117?"), ())

    assert ids(by_meaning.entries)[0] == "balance"
    assert ids(by_words.entries)[0] == "room117"
    assert len(by_meaning.entries) <= 2 * entry_index.NEAREST


def test_of_many_entries_none_that_is_hidden_is_judged() -> None:
    secret = [replace(entry, text=replace(entry.text, audience=("group:S1",))) for entry in many(200)]

    ranking = index_of(*OFFICE, *secret).rank(question("Where is room 117?"), ())

    assert set(ids(ranking.entries)) == set(ids(OFFICE))


def test_of_many_entries_words_alone_find_it_without_an_encoder() -> None:
    index = build_entry_index(sorted([*OFFICE, *many(200)], key=lambda one: one.entry_id), None, None)

    assert ids(index.rank(replace(question("where is 117"), vector=None), ()).entries)[0] == "room117"


def test_of_too_many_phrasings_those_most_like_the_question_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry_index, "MOST_ROWS", 20)
    monkeypatch.setattr(entry_index, "MOST_ROWS_OF_ONE", 2)
    wordy = replace(REQUEST, text=replace(REQUEST.text, variants=tuple(f"request {at} leave" for at in range(30))))

    ranking = index_of(BADGE, BALANCE, PAYDAY, wordy).rank(question("request 17 leave"), ())

    assert ids(ranking.entries)[0] == "request"
    assert ranking.scores[0] > 0.5


@pytest.mark.parametrize(
    ("text", "is_everyday"), [("thank you very much", True), ("how are you today?", True), ("badge lost", False)]
)
def test_everyday_sentences_are_known(text: str, is_everyday: bool) -> None:
    assert index_of(*OFFICE).is_everyday(question(text)) is is_everyday


def test_the_same_entries_give_the_same_scores() -> None:
    ones, others = (build_entry_index(OFFICE, QUESTIONS, ANSWERS).rank(question("leave left"), ()) for _ in range(2))

    assert np.array_equal(ones.scores, others.scores)
