"""What was put aside and what was not wanted is remembered, on record, and without anybody's words."""

from typing import Any

import pytest

from storage.basis import BasisKind
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import EntryStatus
from storage.learning.dismissals import DismissalStore
from storage.learning.rejections import RejectionStore, is_among, same_words
from storage.replies import ReplyStore
from tests.audit_log import audited
from tests.clock import START
from tests.conftest import TRAIL
from tests.storage.knowledge.samples import HR, a_text
from tests.storage.test_feedback import answered
from tests.storage.test_replies import LATER


@pytest.fixture
def dismissals(database: Database) -> DismissalStore:
    return DismissalStore(database, TRAIL)


@pytest.fixture
def rejections(database: Database) -> RejectionStore:
    return RejectionStore(database, TRAIL)


async def last_audited(database: Database) -> dict[str, Any]:
    header, body = (await audited(database))[-1]
    assert body is None
    return header


async def test_a_gap_is_put_aside_with_its_questions(
    dismissals: DismissalStore, replies: ReplyStore, database: Database
) -> None:
    one, two = [await answered(replies, key, BasisKind.NONE) for key in ("a", "b")]

    assert await dismissals.dismiss(one, [one, two], HR, START) == 2

    found = await dismissals.all()
    assert [(each.question.reply_id, each.stands_for_gap) for each in found] == [(one, True), (two, False)]
    assert (found[0].question.text, found[0].author) == ("How many days of leave do I have?", "slack:T1:UHR")
    header = await last_audited(database)
    assert (header["kind"], header["reply_id"], header["questions"]) == ("gap_dismissed", one, 2)
    assert (header["via"], header["actor"]) == ("slack", "pseudonym of UHR")


async def test_putting_it_aside_again_adds_what_is_new_and_records_nothing_else(
    dismissals: DismissalStore, replies: ReplyStore, database: Database
) -> None:
    one, two = [await answered(replies, key, BasisKind.NONE) for key in ("a", "b")]
    await dismissals.dismiss(one, [], HR, START)

    assert await dismissals.dismiss(one, [two], HR, LATER) == 1
    before = await last_audited(database)
    assert await dismissals.dismiss(one, [two], HR, LATER) == 0
    assert await last_audited(database) == before


async def test_what_was_put_aside_can_be_taken_back(
    dismissals: DismissalStore, replies: ReplyStore, database: Database
) -> None:
    one, two = [await answered(replies, key, BasisKind.NONE) for key in ("a", "b")]
    await dismissals.dismiss(one, [two], HR, START)

    assert await dismissals.restore(one, HR, LATER) == 2

    assert await dismissals.all() == []
    assert (await last_audited(database))["kind"] == "gap_restored"
    assert await dismissals.restore(one, HR, LATER) == 0


async def test_a_deleted_question_is_gone_from_here_too(dismissals: DismissalStore, replies: ReplyStore) -> None:
    reply_id = await answered(replies, "k", BasisKind.NONE)
    await dismissals.dismiss(reply_id, [], HR, START)
    await replies.withdraw("k", LATER)
    assert await dismissals.all() == []


async def test_rejected_words_are_known_again_however_they_are_spelt(
    rejections: RejectionStore, database: Database
) -> None:
    await EntryStore(database, TRAIL).save("bicycles", a_text(), EntryStatus.PUBLISHED, HR, START)

    assert await rejections.reject("bicycles", "Where's my bike?", HR, START)
    assert not await rejections.reject("bicycles", "wheres  MY bike", HR, LATER)

    known = await rejections.all()
    assert is_among(known, "bicycles", "WHERE’S MY BIKE")
    assert not is_among(known, "bicycles", "where is my bike")
    assert not is_among(known, "lockers", "Where's my bike?")
    assert (await last_audited(database)) | {"seq": 0, "time": ""} == {
        "kind": "variant_rejected",
        "entry_id": "bicycles",
        "via": "slack",
        "actor": "pseudonym of UHR",
        "seq": 0,
        "time": "",
    }


@pytest.mark.parametrize(
    ("one", "other"), [("How do I?", "how do i"), ("年假，多少天？", "年假多少天"), ("ＡＢＣ 1", "abc 1")]
)
def test_same_words(one: str, other: str) -> None:
    assert same_words(one) == same_words(other)
