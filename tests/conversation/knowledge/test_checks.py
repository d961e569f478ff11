"""What is said about entries that could be better."""

from dataclasses import replace
from datetime import date

import pytest

from bot.conversation.knowledge.checks import Concern, Remark, find_remarks
from bot.conversation.knowledge.files.formats import load_entries
from bot.conversation.knowledge.near_duplicates import find_near_duplicates
from storage.knowledge.records import Entry
from tests.conversation.knowledge.files.test_reading import OFFICE
from tests.conversation.knowledge.samples import an_entry

TODAY = date(2026, 3, 2)


def remarks(*entries: Entry) -> list[Remark]:
    return list(find_remarks(entries, TODAY))


def test_good_entries_have_nothing_said_about_them() -> None:
    assert remarks(an_entry("a", review_by=TODAY), an_entry("b", "Who repairs the printer?")) == []
    assert remarks() == []


def test_few_variants_an_overdue_review_and_no_owner_are_said() -> None:
    bad = an_entry("a", variants=("x", "y"), review_by=date(2026, 3, 1), owner="")

    assert [(remark.concern, remark.entry_ids) for remark in remarks(bad)] == [
        (Concern.VARIANTS, ("a",)),
        (Concern.REVIEW, ("a",)),
        (Concern.OWNER, ("a",)),
    ]
    assert remarks(bad)[1].says == "was to be reviewed by 2026-03-01"


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("How do I park a bicycle?", "how do i park a bicycle"),
        ("How do I park a bicycle?", "Please: how do I park a bicycle?"),
        ("自行车停在哪里？", "自行车停在哪里"),
    ],
)
def test_nearly_the_same_questions_are_said_once_for_each_pair(question: str, other: str) -> None:
    filler = [an_entry(f"z{n}", f"Question number {n} about other things") for n in range(5)]

    (remark,) = remarks(an_entry("b", question), an_entry("a", other, variants=(question, "v2", "v3")), *filler[:1])

    assert (remark.concern, remark.entry_ids) == (Concern.DUPLICATE, ("a", "b"))
    assert question in remark.says


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("How many vacation days do I have left?", "How many vacation days have I used?"),
        ("年假有多少天?", "产假有多少天?"),
        ("?!", "…"),
    ],
)
def test_neighbours_are_no_duplicates(question: str, other: str) -> None:
    assert find_near_duplicates([an_entry("a", question), an_entry("b", other)]) == []


def test_the_same_question_for_different_people_is_meant() -> None:
    ours, theirs = an_entry("a", audience=("group:S1",)), an_entry("b", audience=("group:S2",))

    assert find_near_duplicates([ours, theirs]) == []
    assert len(find_near_duplicates([ours, an_entry("c")])) == 1


def test_missing_translations_are_said_where_both_languages_are_in_use() -> None:
    english = [an_entry("payday"), an_entry("parking", "Where are cars parked?")]
    chinese = an_entry("payday_zh", "几号发工资？", lang="zh")

    assert [remark.concern for remark in remarks(*english)] == []
    (remark,) = remarks(*english, chinese)
    assert (remark.concern, remark.entry_ids) == (Concern.TRANSLATION, ("parking",))
    assert "Chinese" in remark.says
    assert "parking_zh" in remark.says


def test_what_the_example_shows_is_as_it_should_be() -> None:
    """But for an entry that is there in one language alone."""
    entries = [replace(an_entry(one.entry_id), text=one.text) for one in load_entries([OFFICE]) if one.status is None]

    assert [remark.entry_ids for remark in remarks(*entries)] == [("visitors",)]
