"""Owners are told once, and what they do is kept with what they were told, in one transaction."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from storage.basis import Basis, BasisKind, CitedGap, from_json, to_json
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import EntryStatus
from storage.learning.digests import DigestStore, Settlement
from storage.learning.dismissals import DismissalStore
from storage.learning.past_questions import PastQuestionStore
from storage.learning.reminders import ReminderStore
from storage.notices import Notice
from storage.records import Reply, ReplyState
from storage.replies import ReplyStore
from tests.clock import START
from tests.conftest import TRAIL
from tests.storage.knowledge.samples import HR, a_text
from tests.storage.test_choosing import BALANCE
from tests.storage.test_feedback import answered
from tests.storage.test_replies import LATER, LEASE

WEEK = "2026-W10"
DANA = Settlement("dismissed", "dana", HR)


@pytest.fixture
def digests(database: Database) -> DigestStore:
    return DigestStore(database, TRAIL)


def gap(*reply_ids: str, **changes: Any) -> CitedGap:
    fields = {"question": "May I bring my dog?", "also": ("are dogs allowed",), "lang": "en", "people": 2}
    return CitedGap(reply_ids=reply_ids, **{**fields, **changes})


def notice(*gaps: CitedGap, channel: str = "C1") -> Notice:
    return Notice(
        message_key=f"told:digest:{channel}",
        reply_id=f"digest for {channel}",
        platform="slack",
        tenant="",
        channel=channel,
        thread=f"told:digest:{channel}",
        user="",
        question="What nothing answered",
        address={"channel": channel},
        text="What nothing answered\n\n“May I bring my dog?”",
        outcome="told",
        basis=Basis(kind=BasisKind.DIGEST, gaps=gaps),
    )


async def told(digests: DigestStore, replies: ReplyStore) -> list[str]:
    """A digest with one gap of two questions, shown; the replies to the questions."""
    asked = [await answered(replies, key, BasisKind.NONE) for key in ("a", "b")]
    reply = await digests.announce(WEEK, "C1", notice(gap(*asked, entry=BALANCE)), START)
    assert reply is not None
    claimed = await replies.claim(reply.reply_id, START, LEASE)
    assert claimed is not None
    await replies.record_intent(claimed, 0, START)
    await replies.record_posted(claimed, 0, "ref", START)
    await replies.record_closed(claimed, ReplyState.DONE, START)
    return asked


def test_a_gap_survives_being_written_down() -> None:
    for one in (gap("a", "b", entry=BALANCE, settled="added", settled_by="dana"), gap("a")):
        basis = Basis(kind=BasisKind.DIGEST, gaps=(one,))
        assert from_json("digest", to_json(basis)) == basis


async def test_a_channel_is_told_once_a_week(digests: DigestStore) -> None:
    first = await digests.announce(WEEK, "C1", notice(gap("a")), START)
    assert first is not None
    assert (first.state, first.channel, first.final_text) == (ReplyState.QUEUED, "C1", notice().text)
    assert await digests.announce(WEEK, "C1", notice(gap("a")), LATER) is None
    assert await digests.announce(WEEK, "C2", None, LATER) is None
    assert await digests.channels_told(WEEK) == {"C1", "C2"}
    assert await digests.channels_told("2026-W11") == frozenset()


async def test_what_is_told_was_asked_by_nobody(digests: DigestStore, database: Database) -> None:
    await digests.announce(WEEK, "C1", notice(gap("a")), START)
    assert await PastQuestionStore(database).last(9) == []


async def test_a_dismissed_gap_is_dismissed_with_its_questions_and_shown_so(
    digests: DigestStore, replies: ReplyStore, database: Database
) -> None:
    asked = await told(digests, replies)

    shown = await digests.dismiss("digest for C1", 1, DANA, LATER)

    assert shown is not None
    assert shown.state is ReplyState.FINALIZING
    assert shown.basis is not None
    assert (shown.basis.gaps[0].settled, shown.basis.gaps[0].settled_by) == ("dismissed", "dana")
    dismissed = await DismissalStore(database, TRAIL).all()
    assert [one.question.reply_id for one in dismissed] == asked
    assert await digests.dismiss("digest for C1", 1, DANA, LATER) is None


async def test_the_first_to_settle_a_gap_has_settled_it(digests: DigestStore, replies: ReplyStore) -> None:
    await told(digests, replies)
    assert await digests.settle("digest for C1", 1, Settlement("created", "dana", HR), LATER) is not None
    assert await digests.settle("digest for C1", 1, Settlement("added", "alice", HR), LATER) is None
    found = await digests.find_gap("digest for C1", 1)
    assert found is not None
    assert (found.settled, found.settled_by) == ("created", "dana")


@pytest.mark.parametrize(
    ("reply_id", "number"), [("digest for C1", 0), ("digest for C1", 2), ("reply of a", 1), ("", 1)]
)
async def test_what_is_no_gap_is_none(digests: DigestStore, replies: ReplyStore, reply_id: str, number: int) -> None:
    await told(digests, replies)
    assert await digests.find_gap(reply_id, number) is None
    assert await digests.settle(reply_id, number, DANA, LATER) is None
    assert await digests.dismiss(reply_id, number, DANA, LATER) is None
    assert await digests.find_review(reply_id, number) is None


async def test_a_reminder_and_that_it_was_are_one(
    database: Database, replies: ReplyStore, digests: DigestStore
) -> None:

    day = date(2026, 3, 10)
    entry = await EntryStore(database, TRAIL).save("bikes", a_text(review_by=day), EntryStatus.PUBLISHED, HR, START)
    cited = replace(BALANCE, entry_id="bikes", review_by=day)
    basis = Basis(kind=BasisKind.REVIEWS, entries=(cited,))
    store = ReminderStore(database)

    reply: Reply = await store.announce([(entry.entry_id, day)], replace(notice(), basis=basis), START)

    assert reply.basis == basis
    assert await store.reminded() == {("bikes", day)}
    assert await digests.find_review(reply.reply_id, 1) == "bikes"
    assert await digests.find_gap(reply.reply_id, 1) is None
