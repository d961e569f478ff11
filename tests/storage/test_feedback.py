"""What people think of replies: one verdict each, on record, and readable with the question."""

from datetime import timedelta
from typing import Any

import pytest

from storage.basis import Basis, BasisKind
from storage.database import Database
from storage.feedback import FeedbackStore, Verdict
from storage.records import ReplyFigures, ReplyState
from storage.replies import ReplyStore
from tests.audit_log import audited
from tests.clock import START
from tests.conftest import TRAIL
from tests.storage.test_choosing import CHOICE, suggesting
from tests.storage.test_replies import LATER, claimed

LATER_STILL = LATER + timedelta(minutes=1)


@pytest.fixture
def feedback(database: Database) -> FeedbackStore:
    return FeedbackStore(database, TRAIL)


async def answered(replies: ReplyStore, key: str = "k", kind: BasisKind = BasisKind.GROUNDED) -> str:
    reply = await claimed(replies, key)
    basis = Basis(kind=kind)
    await replies.record_final(reply, f"the answer to {key}", "answered", START, ReplyFigures(), basis=basis)
    await replies.record_closed(reply, ReplyState.DONE, START)
    return reply.reply_id


async def judged(database: Database) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    return [(header, body) for header, body in await audited(database) if header["kind"] == "feedback"]


async def test_the_last_word_of_each_person_counts(feedback: FeedbackStore, replies: ReplyStore) -> None:
    reply_id = await answered(replies)
    await feedback.record(reply_id, "U1", Verdict.UP, START)
    await feedback.record(reply_id, "U2", Verdict.UP, START)
    await feedback.record(reply_id, "U1", Verdict.DOWN, LATER)
    await feedback.record(reply_id, "U1", Verdict.DOWN, LATER_STILL, "the date is wrong")

    given = await feedback.given_since(START)

    assert [(one.user, one.verdict, one.comment) for one in given] == [
        ("U2", Verdict.UP, ""),
        ("U1", Verdict.DOWN, "the date is wrong"),
    ]
    assert given[1].given_at == LATER_STILL
    assert (given[1].question.text, given[1].question.user) == ("How many days of leave do I have?", "U1")
    assert given[1].question.basis == Basis(kind=BasisKind.GROUNDED)
    assert await feedback.given_since(LATER_STILL + timedelta(seconds=1)) == []
    assert await feedback.verdicts_of("U1", [reply_id, "another"]) == {reply_id: Verdict.DOWN}
    assert await feedback.verdicts_of("U3", [reply_id]) == {}


async def test_each_change_of_mind_is_on_record_and_pressing_twice_is_none(
    feedback: FeedbackStore, replies: ReplyStore, database: Database
) -> None:
    reply_id = await answered(replies)
    for verdict, comment in (
        (Verdict.DOWN, None),
        (Verdict.DOWN, None),
        (Verdict.DOWN, "why"),
        (Verdict.DOWN, None),  # pressed once more: the comment stays
        (Verdict.UP, None),
    ):
        await feedback.record(reply_id, "U2", verdict, LATER, comment)

    recorded = await judged(database)

    assert [(header["verdict"], body) for header, body in recorded] == [
        ("down", None),
        ("down", {"comment": "why"}),
        ("up", None),
    ]
    assert recorded[0][0]["actor"] == "pseudonym of U2"
    assert (await feedback.given_since(START))[0].comment == ""


async def test_there_is_nothing_to_think_of_what_is_not_there(feedback: FeedbackStore, replies: ReplyStore) -> None:
    assert await feedback.record("unknown", "U1", Verdict.UP, START) is None
    reply = await claimed(replies)
    assert await feedback.record(reply.reply_id, "U1", Verdict.UP, START) is None, "it is not written yet"
    await answered(replies)
    await feedback.record(reply.reply_id, "U1", Verdict.UP, START)
    await replies.withdraw("k", LATER)
    assert await feedback.record(reply.reply_id, "U1", Verdict.DOWN, LATER) is None
    assert await feedback.given_since(START) == []


async def test_what_was_thought_of_an_answer_goes_with_it(feedback: FeedbackStore, replies: ReplyStore) -> None:
    reply_id = await answered(replies)
    await feedback.record(reply_id, "U1", Verdict.DOWN, LATER, "wrong")
    await replies.edit("k", "another question", LATER, LATER, timedelta(minutes=10))
    assert await feedback.given_since(START) == []


async def test_questions_can_be_had_by_what_their_reply_rests_on(feedback: FeedbackStore, replies: ReplyStore) -> None:
    for key, kind in (("a", BasisKind.NONE), ("b", BasisKind.GROUNDED), ("c", BasisKind.UNGROUNDED)):
        await answered(replies, key, kind)
    await claimed(replies, "open")

    found = await feedback.questions_since(START, (BasisKind.NONE, BasisKind.UNGROUNDED))

    assert [question.reply_id for question in found] == ["reply of a", "reply of c"]
    assert (found[0].channel, found[0].asked_at.year) == ("C1", 2026)
    assert await feedback.questions_since(LATER, (BasisKind.NONE,)) == []


async def test_choices_can_be_had_with_what_was_offered(feedback: FeedbackStore, replies: ReplyStore) -> None:
    await suggesting(replies)
    await replies.choose("reply of k", "U2", CHOICE, LATER)

    [choice] = await feedback.choices_since(START)

    assert (choice.user, choice.text) == ("U2", "How many days of leave do I have?")
    assert (choice.offered, choice.entry_id, choice.revision) == (("pto_balance", "pto_request"), "pto_balance", 3)
    assert choice.question.basis == CHOICE.basis
    assert await feedback.choices_since(LATER + timedelta(seconds=1)) == []
