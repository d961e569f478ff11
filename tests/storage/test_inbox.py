"""What becomes of a post after it was accepted: edited, deleted, asked once more. All of it may be told twice."""

from datetime import timedelta

import pytest

from storage.errors import LeaseLost
from storage.inbox import next_key
from storage.records import Reply, ReplyFigures, ReplyState
from storage.replies import ReplyStore
from storage.threads import ThreadStore
from tests.clock import START
from tests.conftest import a_question

LEASE = timedelta(minutes=10)
WINDOW = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)


async def ended(replies: ReplyStore, key: str = "k", answer: str = "the answer", **changes: object) -> Reply:
    """A question that was answered at START."""
    await replies.accept(a_question(key, **changes), START)
    reply = await replies.claim(f"reply of {key}", START, LEASE)
    assert reply is not None
    await replies.record_intent(reply, 0, START)
    await replies.record_posted(reply, 0, "ref", START)
    await replies.record_final(reply, answer, "answered", START, ReplyFigures(model_id="m", new_tokens=3))
    await replies.record_closed(reply, ReplyState.DONE, START)
    return reply


async def edit(replies: ReplyStore, text: str, minutes: float, key: str = "k") -> Reply | None:
    """Edited `minutes` after START, and told at once."""
    at = START + minutes * MINUTE
    return await replies.edit(key, text, at, at, WINDOW)


# ── edits ────────────────────────────────────────────────────────────────────


async def test_an_edit_opens_the_same_reply_again(replies: ReplyStore) -> None:
    await ended(replies)

    reply = await edit(replies, "other words", 1)

    assert reply is not None
    assert (reply.question, reply.state, reply.posted_ref) == ("other words", ReplyState.POSTED, "ref")
    assert (reply.final_text, reply.outcome, reply.attempt) == (None, None, 0)
    assert await replies.open_replies() == [reply]


async def test_a_reply_that_may_have_been_posted_is_looked_for_after_an_edit(replies: ReplyStore) -> None:
    await replies.accept(a_question("k"), START)
    reply = await replies.claim("reply of k", START, LEASE)
    assert reply is not None
    await replies.record_intent(reply, 0, START)

    edited = await edit(replies, "other words", 1)

    assert edited is not None
    assert edited.state is ReplyState.INTENT


async def test_an_edit_takes_the_reply_from_whoever_writes_it(replies: ReplyStore) -> None:
    await replies.accept(a_question("k"), START)
    reply = await replies.claim("reply of k", START, LEASE)
    assert reply is not None

    await edit(replies, "other words", 1)

    with pytest.raises(LeaseLost):
        await replies.record_final(reply, "to the old words", "answered", START, ReplyFigures())
    with pytest.raises(LeaseLost):
        await replies.require_claim(reply)


@pytest.mark.parametrize("minutes", [1, 0.5])
async def test_an_edit_that_was_overtaken_changes_nothing(replies: ReplyStore, minutes: float) -> None:
    await ended(replies)
    await edit(replies, "the newest words", 1)

    assert await edit(replies, "older words", minutes) is None
    assert [reply.question for reply in await replies.open_replies()] == ["the newest words"]


async def test_an_edit_that_leaves_the_words_alone_is_none(replies: ReplyStore) -> None:
    await ended(replies, text="the words")

    assert await edit(replies, "the words", 1) is None
    assert await replies.open_replies() == []


async def test_an_edit_after_the_window_leaves_the_answer_alone(replies: ReplyStore) -> None:
    await ended(replies)

    assert await edit(replies, "other words", 6) is None


async def test_an_edit_of_what_nobody_asked_is_none(replies: ReplyStore) -> None:
    assert await edit(replies, "words", 1, key="unknown") is None


# ── deletions ────────────────────────────────────────────────────────────────


async def test_a_deletion_takes_words_and_answer_and_leaves_the_messages_to_be_removed(
    replies: ReplyStore, threads: ThreadStore
) -> None:
    before = await ended(replies, answer="a secret answer", text="a secret")

    [reply] = await replies.withdraw("k", START + MINUTE)

    assert (reply.state, reply.posted_ref) == (ReplyState.WITHDRAWING, "ref")
    assert (reply.question, reply.final_text) == ("", None)
    assert await threads.exchanges_before(before.thread_id, 99) == []


async def test_a_deletion_told_twice_is_one(replies: ReplyStore) -> None:
    await ended(replies)
    await replies.withdraw("k", START)

    assert await replies.withdraw("k", START) == []


async def test_a_post_that_was_deleted_before_it_came_is_not_accepted(replies: ReplyStore) -> None:
    await replies.withdraw("k", START)

    assert await replies.accept(a_question("k"), START + MINUTE) is None


async def test_a_deleted_question_is_not_edited_and_not_asked_again(replies: ReplyStore) -> None:
    await ended(replies)
    await replies.withdraw("k", START)

    assert await edit(replies, "other words", 1) is None
    assert await replies.ask_again("reply of k", "reply of {}".format, START) is None


# ── once more ────────────────────────────────────────────────────────────────


async def test_asking_again_makes_one_reply_of_its_own(replies: ReplyStore, threads: ThreadStore) -> None:
    await ended(replies, text="the question")

    again = await replies.ask_again("reply of k", "reply of {}".format, START + MINUTE)
    once_more = await replies.ask_again("reply of k", "reply of {}".format, START + MINUTE)

    assert again is not None
    assert (again.reply_id, again.question, again.exchange) == ("reply of k#2", "the question", 2)
    assert once_more is None
    assert await threads.exchanges_before(again.thread_id, again.exchange) == []  # the model is not told of the first


async def test_a_reply_that_is_still_written_is_not_asked_again(replies: ReplyStore) -> None:
    await replies.accept(a_question("k"), START)

    assert await replies.ask_again("reply of k", "reply of {}".format, START) is None


async def test_edits_and_deletions_of_the_post_reach_the_reply_that_was_asked_for_again(replies: ReplyStore) -> None:
    await ended(replies)
    await edit(replies, "newer words", 1)
    reply = await replies.claim("reply of k", START, LEASE)
    assert reply is not None
    await replies.record_final(reply, "text", "answered", START + MINUTE, ReplyFigures())
    await replies.record_closed(reply, ReplyState.DONE, START + MINUTE)
    await replies.ask_again("reply of k", "reply of {}".format, START + MINUTE)

    assert await edit(replies, "words from before", 0.5) is None
    edited = await edit(replies, "the newest words", 2)
    withdrawn = await replies.withdraw("k", START + 3 * MINUTE)

    assert edited is not None
    assert edited.reply_id == "reply of k#2"
    assert [reply.reply_id for reply in withdrawn] == ["reply of k", "reply of k#2"]


def test_keys_of_the_same_post_count_on() -> None:
    assert next_key("slack:T1:C1:1.0") == "slack:T1:C1:1.0#2"
    assert next_key("slack:T1:C1:1.0#9") == "slack:T1:C1:1.0#10"


async def test_what_is_asked_again_often_stays_in_order(replies: ReplyStore) -> None:
    """`#10` sorts before `#2`, and is later all the same."""
    await ended(replies)
    reply_id = "reply of k"
    for number in range(2, 12):
        again = await replies.ask_again(reply_id, "reply of {}".format, START + number * MINUTE)
        assert again is not None
        reply = await replies.claim(again.reply_id, START, LEASE)
        assert reply is not None
        await replies.record_final(reply, "text", "answered", START, ReplyFigures())
        await replies.record_closed(reply, ReplyState.DONE, START + number * MINUTE)
        reply_id = again.reply_id

    edited = await edit(replies, "the newest words", 12)

    assert edited is not None
    assert edited.reply_id == "reply of k#11"
