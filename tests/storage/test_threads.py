"""History stays in its thread."""

import itertools
from datetime import UTC, datetime

from storage.records import Exchange, ReplyFigures
from storage.replies import ReplyStore
from storage.threads import ThreadStore
from tests.clock import START
from tests.conftest import a_question
from tests.storage.test_replies import LEASE

PLACES = [
    dict(zip(("platform", "tenant", "channel", "thread"), values, strict=True))
    for values in itertools.product(("slack", "web"), ("T1", "T2"), ("C1", "C2"), ("1.0", "2.0"))
]


async def say(replies: ReplyStore, key: str, text: str, answer: str | None, **place: str) -> int:
    """Ask, and answer if there is an answer; the thread's id."""
    accepted = await replies.accept(a_question(key, text=text, **place), START)
    assert accepted is not None
    if answer is not None:
        claimed = await replies.claim(accepted.reply_id, START, LEASE)
        assert claimed is not None
        await replies.record_final(claimed, answer, "answered", START, ReplyFigures())
    return accepted.thread_id


async def test_history_is_told_apart_by_all_four_parts_of_the_key(replies: ReplyStore, threads: ThreadStore) -> None:
    ids = {}
    for number, place in enumerate(PLACES):
        ids[number] = await say(replies, f"key {number}", f"canary {number}", f"reply to canary {number}", **place)

    assert len(set(ids.values())) == len(PLACES)
    for number, place in enumerate(PLACES):
        assert await threads.find_thread(**place) == ids[number]
        assert await threads.exchanges_before(ids[number], 9) == [
            Exchange(1, f"canary {number}", f"reply to canary {number}")
        ]


async def test_a_thread_that_nobody_asked_in_is_unknown(threads: ThreadStore) -> None:
    assert await threads.find_thread("slack", "T1", "C1", "1.0") is None


async def test_names_are_compared_to_the_letter(replies: ReplyStore, threads: ThreadStore) -> None:
    await say(replies, "k", "hello", None, channel="C1")

    assert await threads.find_thread("slack", "T1", "c1", "1.0") is None
    assert await threads.find_thread("slack", "T1", "C%", "1.0") is None


async def test_exchanges_come_oldest_first_and_only_those_before(replies: ReplyStore, threads: ThreadStore) -> None:
    for number in (1, 2, 3):
        thread_id = await say(replies, f"k{number}", f"question {number}", f"answer {number}")

    assert await threads.exchanges_before(thread_id, 3) == [
        Exchange(1, "question 1", "answer 1"),
        Exchange(2, "question 2", "answer 2"),
    ]


async def test_a_question_without_an_answer_is_there_without_one(replies: ReplyStore, threads: ThreadStore) -> None:
    await say(replies, "k1", "unanswered", None)
    thread_id = await say(replies, "k2", "next", None)

    assert await threads.exchanges_before(thread_id, 2) == [Exchange(1, "unanswered", None)]


async def test_text_comes_back_as_it_was(replies: ReplyStore, threads: ThreadStore) -> None:
    odd = "年假 🏖️ \x00 'quote\" -- ; \n\t {braces} %s :name"
    thread_id = await say(replies, "k", odd, odd)

    assert await threads.exchanges_before(thread_id, 2) == [Exchange(1, odd, odd)]


async def test_an_answer_written_again_replaces_the_first(replies: ReplyStore, threads: ThreadStore) -> None:
    thread_id = await say(replies, "k", "question", "first")
    again = await replies.claim("reply of k", datetime(2026, 3, 3, tzinfo=UTC), LEASE)
    assert again is not None
    await replies.record_final(again, "second", "answered", START, ReplyFigures())

    assert await threads.exchanges_before(thread_id, 2) == [Exchange(1, "question", "second")]
