"""The inbox keeps every post once, and a reply moves on for its present owner alone."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text

from storage.database import Database
from storage.errors import LeaseLost
from storage.records import CLOSED_STATES, Continuation, Reply, ReplyFigures, ReplyState
from storage.replies import ReplyStore
from tests.clock import START
from tests.conftest import a_question

LEASE = timedelta(minutes=10)
LATER = START + timedelta(minutes=1)


async def accepted(replies: ReplyStore, key: str = "k", **changes: object) -> Reply:
    reply = await replies.accept(a_question(key, **changes), START)
    assert reply is not None
    return reply


async def claimed(replies: ReplyStore, key: str = "k") -> Reply:
    """Take it over as a worker does; accepted first if nobody did."""
    if await replies.find(f"reply of {key}") is None:
        await accepted(replies, key)
    reply = await replies.claim(f"reply of {key}", START, LEASE)
    assert reply is not None
    return reply


async def state_of(replies: ReplyStore, key: str = "k") -> ReplyState:
    reply = await replies.find(f"reply of {key}")
    assert reply is not None
    return reply.state


async def finish(replies: ReplyStore, reply: Reply) -> None:
    await replies.record_final(reply, "the answer", "answered", LATER, ReplyFigures())


# ── accepting ────────────────────────────────────────────────────────────────


async def test_accepting_writes_the_question_and_a_queued_reply(replies: ReplyStore) -> None:
    reply = await accepted(replies, text="How many days?", user="U7", address={"channel": "C9"})

    assert (reply.state, reply.attempt, reply.fence, reply.exchange) == (ReplyState.QUEUED, 0, 0, 1)
    assert (reply.question, reply.user, reply.address) == ("How many days?", "U7", {"channel": "C9"})
    assert await replies.open_replies() == [reply]


async def test_a_post_is_accepted_once_however_often_it_comes(replies: ReplyStore) -> None:
    answers = await asyncio.gather(*(replies.accept(a_question("k"), START) for _ in range(20)))

    assert sum(answer is not None for answer in answers) == 1
    assert len(await replies.open_replies()) == 1


async def test_a_repeated_post_does_not_lengthen_the_thread(replies: ReplyStore) -> None:
    await accepted(replies, "k1")
    await replies.accept(a_question("k1"), LATER)

    assert (await accepted(replies, "k2")).exchange == 2


async def test_a_post_is_known_also_after_its_reply_has_ended(replies: ReplyStore) -> None:
    await replies.record_closed(await claimed(replies), ReplyState.DONE, LATER)

    assert await replies.accept(a_question("k"), LATER) is None


async def test_exchanges_are_numbered_within_their_thread(replies: ReplyStore) -> None:
    posts = [("k1", "1.0"), ("k2", "2.0"), ("k3", "1.0"), ("k4", "1.0"), ("k5", "2.0")]

    numbers = [(await accepted(replies, key, thread=thread)).exchange for key, thread in posts]

    assert numbers == [1, 1, 2, 3, 2]


async def test_accepting_is_one_transaction(database: Database, replies: ReplyStore) -> None:
    await accepted(replies, "first")
    twin = a_question("second", reply_id="reply of first")  # fails at the last of its rows

    with pytest.raises(Exception, match="UNIQUE"):
        await replies.accept(twin, START)

    for table in ("inbox", "thread", "turn", "reply"):
        count = text(f"SELECT count(*) FROM {table}")
        assert await database.read(lambda connection, count=count: connection.execute(count).scalar()) == 1, table


async def test_times_come_back_aware_and_in_utc(replies: ReplyStore) -> None:
    beijing = datetime(2026, 3, 2, 17, 30, tzinfo=timezone(timedelta(hours=8)))

    reply = await accepted(replies, sent_at=beijing)

    assert reply.sent_at == beijing
    assert reply.sent_at.tzinfo is UTC
    assert reply.received_at == START


# ── the walk ─────────────────────────────────────────────────────────────────


async def test_a_reply_walks_from_queued_to_done(replies: ReplyStore) -> None:
    states = [(await accepted(replies)).state]
    reply = await claimed(replies)
    states.append(reply.state)

    for step in (
        replies.record_intent(reply, 0, LATER),
        replies.record_posted(reply, 0, "ref", LATER),
        replies.record_streaming(reply, LATER),
        finish(replies, reply),
        replies.record_closed(reply, ReplyState.DONE, LATER),
    ):
        await step
        states.append(await state_of(replies))

    assert states == list(ReplyState)[: len(states)]
    assert await replies.open_replies() == []


async def test_a_text_without_a_message_is_not_finalizing_yet(replies: ReplyStore) -> None:
    reply = await claimed(replies)
    await finish(replies, reply)
    assert await state_of(replies) is ReplyState.GENERATING

    await replies.record_intent(reply, 0, LATER)
    assert await state_of(replies) is ReplyState.INTENT

    await replies.record_posted(reply, 0, "ref", LATER)
    assert await state_of(replies) is ReplyState.FINALIZING


async def test_text_that_shows_late_does_not_turn_the_reply_back(replies: ReplyStore) -> None:
    reply = await claimed(replies)
    await replies.record_intent(reply, 0, LATER)
    await replies.record_posted(reply, 0, "ref", LATER)
    await finish(replies, reply)

    await replies.record_streaming(reply, LATER)

    assert await state_of(replies) is ReplyState.FINALIZING


async def test_the_figures_are_kept_with_the_text(database: Database, replies: ReplyStore) -> None:
    figures = ReplyFigures(model_id="tiny", prompt_tokens=12, new_tokens=34, seconds=1.5)
    await replies.record_final(await claimed(replies), "text", "answered", LATER, figures)

    query = text("SELECT model_id, prompt_tokens, new_tokens, seconds, model_sha256 FROM reply")
    row = await database.read(lambda connection: connection.execute(query).one())
    assert tuple(row) == ("tiny", 12, 34, 1.5, None)


@pytest.mark.parametrize("state", sorted(CLOSED_STATES))
async def test_a_closed_reply_cannot_be_claimed_or_moved(replies: ReplyStore, state: ReplyState) -> None:
    reply = await claimed(replies)
    await replies.record_closed(reply, state, LATER)

    assert await replies.claim(reply.reply_id, LATER, LEASE) is None
    with pytest.raises(LeaseLost):
        await finish(replies, reply)
    assert await state_of(replies) is state


async def test_an_unknown_reply_cannot_be_claimed(replies: ReplyStore) -> None:
    assert await replies.claim("nobody's", START, LEASE) is None


# ── fences ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "step",
    [
        lambda replies, reply: replies.record_intent(reply, 0, LATER),
        lambda replies, reply: replies.record_intent(reply, 1, LATER),
        lambda replies, reply: replies.record_posted(reply, 0, "theirs", LATER),
        lambda replies, reply: replies.record_posted(reply, 1, "theirs", LATER),
        lambda replies, reply: replies.record_streaming(reply, LATER),
        lambda replies, reply: finish(replies, reply),
        lambda replies, reply: replies.record_attempt(reply, LATER, LEASE),
        lambda replies, reply: replies.record_progress(reply, LATER, LEASE),
        lambda replies, reply: replies.record_closed(reply, ReplyState.DONE, LATER),
    ],
    ids="intent next_intent posted next_posted streaming final attempt progress closed".split(),
)
async def test_whoever_was_overtaken_can_write_nothing(replies: ReplyStore, step) -> None:  # type: ignore[no-untyped-def]
    old = await claimed(replies)
    new = await claimed(replies)

    with pytest.raises(LeaseLost):
        await step(replies, old)

    assert await replies.find(new.reply_id) == new
    assert await replies.continuations(new.reply_id) == []


async def test_a_lost_lease_leaves_the_history_alone(replies: ReplyStore, database: Database) -> None:
    old = await claimed(replies)
    await claimed(replies)

    with pytest.raises(LeaseLost):
        await finish(replies, old)

    answers = text("SELECT count(*) FROM turn WHERE role = 'assistant'")
    assert await database.read(lambda connection: connection.execute(answers).scalar()) == 0


# ── restarts ─────────────────────────────────────────────────────────────────


async def test_what_was_posted_stays_posted_when_a_restart_claims_it(replies: ReplyStore) -> None:
    reply = await claimed(replies)
    await replies.record_intent(reply, 0, LATER)
    again = await claimed(replies)
    assert (again.state, again.intent_at, again.posted_ref) == (ReplyState.INTENT, LATER, None)

    await replies.record_posted(again, 0, "ref", LATER)
    again = await claimed(replies)
    assert (again.state, again.posted_ref) == (ReplyState.POSTED, "ref")

    await replies.record_streaming(again, LATER)
    await finish(replies, again)
    again = await claimed(replies)
    assert (again.state, again.final_text, again.outcome) == (ReplyState.FINALIZING, "the answer", "answered")


async def test_attempts_count_generations_not_claims(replies: ReplyStore) -> None:
    await claimed(replies)
    await replies.record_attempt(await claimed(replies), START, LEASE)

    assert (await claimed(replies)).attempt == 1


async def test_further_messages_are_remembered_in_order(replies: ReplyStore) -> None:
    reply = await claimed(replies)
    for part in (2, 1):
        await replies.record_intent(reply, part, LATER)
    await replies.record_posted(reply, 1, "ref 1", LATER)
    await replies.record_intent(reply, 1, LATER + LEASE)  # again: the first intent counts

    assert await replies.continuations(reply.reply_id) == [
        Continuation(1, LATER, "ref 1"),
        Continuation(2, LATER, None),
    ]
    assert await state_of(replies) is ReplyState.GENERATING


async def test_replies_without_progress_are_found_when_their_lease_has_run_out(replies: ReplyStore) -> None:
    await claimed(replies, "silent")
    await accepted(replies, "queued")
    await replies.record_closed(await claimed(replies, "closed"), ReplyState.DONE, LATER)
    working = await claimed(replies, "working")
    await replies.record_attempt(working, START + LEASE, LEASE)

    expired = await replies.expired_replies(START + LEASE + timedelta(seconds=1))

    assert [reply.reply_id for reply in expired] == ["reply of silent"]
    assert await replies.expired_replies(START + LEASE) == []


async def test_open_replies_come_in_the_order_of_the_questions(replies: ReplyStore) -> None:
    for minutes, key in ((2, "later"), (1, "first"), (3, "last")):
        await replies.accept(a_question(key), START + timedelta(minutes=minutes))

    assert [reply.message_key for reply in await replies.open_replies()] == ["first", "later", "last"]


async def test_questions_of_the_same_moment_keep_their_order(replies: ReplyStore) -> None:
    for number in range(9, 0, -1):
        await accepted(replies, f"k{number}")

    assert [reply.exchange for reply in await replies.open_replies()] == list(range(1, 10))


async def test_replies_are_counted_by_state(replies: ReplyStore) -> None:
    await accepted(replies, "a")
    await accepted(replies, "b")
    await replies.record_closed(await claimed(replies, "c"), ReplyState.DONE, LATER)

    assert await replies.count_by_state() == {ReplyState.QUEUED: 2, ReplyState.DONE: 1}
