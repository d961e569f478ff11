"""Whatever breaks: every question that was accepted has exactly one whole reply in the end."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from bot.conversation.phrases import phrase
from bot.platforms.slack import clients
from bot.sandbox import Fault
from storage import sqlite
from tests.scenarios.house import (
    ALICE,
    BRUNO,
    GENERAL,
    HELP_HR,
    HELP_IT,
    PEOPLE,
    House,
    is_finished,
    note_of,
    scripted,
    text_of,
)

SLOWLY = {"words": 100, "words_per_second": 50}


async def grown_to(house: House, ts: str, words: str) -> None:
    """The reply in general's thread `ts` shows these words."""
    await house.until(lambda: (found := house.ours(GENERAL, ts)) and words in text_of(found[0]))


# ── one thread ───────────────────────────────────────────────────────────────


async def test_the_next_answer_of_a_thread_knows_the_one_before_even_while_slack_is_slow(house: House) -> None:
    house.sandbox.faults.add(Fault("hang_before_commit", "chat.update", nth=1, seconds=0.3))
    await house.start(scripted={"words_per_second": 1000})
    ts = await house.ask(ALICE, GENERAL, "first")
    await house.until(lambda: house.ours(GENERAL, ts))
    await house.ask(BRUNO, GENERAL, "second", ts)

    first, second = await house.answered(GENERAL, ts, messages=2)

    assert first == scripted("first", 5)
    assert second == scripted("second", 5) + " (turn 2)"


# ── stop and start ───────────────────────────────────────────────────────────


async def test_an_answer_in_progress_is_finished_before_the_service_stops(house: House) -> None:
    await house.start(scripted={"words": 50, "words_per_second": 50})
    ts = await house.ask(ALICE, GENERAL, "finish this")
    await grown_to(house, ts, " 1 2")

    await house.stop()

    assert [text_of(message) for message in house.ours(GENERAL, ts)] == [scripted("finish this", 50)]


async def test_an_answer_cut_off_by_a_stop_is_finished_in_the_same_message_after_the_start(house: House) -> None:
    await house.start(scripted=SLOWLY, delivery={"grace_seconds": 0})
    ts = await house.ask(ALICE, GENERAL, "interrupt this")
    await grown_to(house, ts, " 1 2 3")
    await house.stop()
    (reply,) = house.ours(GENERAL, ts)
    assert is_finished(reply)  # nothing looks as if it were still being written
    assert note_of(reply) == phrase("restarting", "en")

    await house.start(scripted={"words": 100})

    await grown_to(house, ts, scripted("interrupt this", 100))
    assert await house.answered(GENERAL, ts) == [scripted("interrupt this", 100)]
    assert [message["ts"] for message in house.ours(GENERAL, ts)] == [reply["ts"]]


async def test_an_answer_interrupted_twice_says_so(house: House) -> None:
    await house.start(scripted=SLOWLY, delivery={"grace_seconds": 0})
    ts = await house.ask(ALICE, GENERAL, "interrupt this")
    for _ in range(2):
        await grown_to(house, ts, " 1 2 3")
        await house.stop()
        await house.start(scripted=SLOWLY, delivery={"grace_seconds": 0})
        await house.until(lambda: note_of(house.ours(GENERAL, ts)[0]) != phrase("restarting", "en"))

    assert await house.answered(GENERAL, ts) == [phrase("interrupted", "en")]


async def test_who_waited_in_line_is_answered_after_the_restart(house: House) -> None:
    one_by_one = {**SLOWLY, "max_concurrent": 1}
    await house.start(scripted=one_by_one, delivery={"grace_seconds": 0})
    threads = [
        (channel, await house.ask(user, channel, "hello")) for user, channel in zip(PEOPLE, PLACES, strict=False)
    ]
    await house.until(lambda: all(house.ours(channel, ts) for channel, ts in threads))
    await house.stop()
    waiting = [text_of(house.ours(channel, ts)[0]) for channel, ts in threads[1:]]
    assert waiting == [phrase("restarting", "en")] * 2

    await house.start(scripted={"words": 100, "max_concurrent": 1})

    for channel, ts in threads:
        await house.until(lambda channel=channel, ts=ts: text_of(house.ours(channel, ts)[0]) == scripted("hello", 100))
        assert len(house.ours(channel, ts)) == 1


PLACES = (GENERAL, HELP_HR, HELP_IT)


async def test_a_question_asked_while_nobody_ran_is_answered_when_slack_delivers_it_again(house: House) -> None:
    await house.start()
    await house.stop()
    ts = await house.ask(ALICE, GENERAL, "is anybody there?")

    await house.start()

    assert await house.answered(GENERAL, ts) == [scripted("is anybody there?")]


# ── the sweep ────────────────────────────────────────────────────────────────

SWEEPING = {"stuck_replies_seconds": 0.2}


async def test_an_answer_that_makes_progress_is_not_ended_however_long_it_takes(house: House) -> None:
    await house.start(scripted=SLOWLY, delivery={"lease_seconds": 8}, jobs=SWEEPING)
    ts = await house.ask(ALICE, GENERAL, "slow but alive")

    assert await house.answered(GENERAL, ts) == [scripted("slow but alive", 100)]


async def test_who_waits_in_line_is_not_ended_however_long_it_takes(house: House) -> None:
    one_by_one = {"words": 50, "words_per_second": 50, "max_concurrent": 1}
    await house.start(scripted=one_by_one, delivery={"lease_seconds": 8}, jobs=SWEEPING)
    threads = [
        (channel, await house.ask(user, channel, "hello")) for user, channel in zip(PEOPLE, PLACES, strict=False)
    ]

    for channel, ts in threads:
        assert await house.answered(channel, ts) == [scripted("hello", 50)]


async def test_an_answer_without_progress_is_ended_with_a_sentence(house: House) -> None:
    stuck = {"words": 100, "words_per_second": 0.1}
    await house.start(scripted=stuck, delivery={"lease_seconds": 5, "grace_seconds": 0}, jobs=SWEEPING)
    ts = await house.ask(ALICE, GENERAL, "is anybody at work?")

    (text,) = await house.answered(GENERAL, ts)
    assert text.startswith(phrase("failed", "en", incident="").removesuffix(")"))


# ── the database ─────────────────────────────────────────────────────────────


async def test_an_event_is_acknowledged_only_when_it_is_committed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MILLISECONDS", 50)
    await house.start()
    with locked(house.folder / "inthread.db"):
        ts = await house.sandbox.post_as(ALICE, house.sandbox.dm_with(ALICE), "while the disk is away")
        await house.until(lambda: len(house.sandbox.acks) >= 2)
        assert [ack.acked_at for ack in house.sandbox.acks] == [None] * len(house.sandbox.acks)

    assert await house.answered(house.sandbox.dm_with(ALICE), ts) == [scripted("while the disk is away")]
    assert len(house.ours(house.sandbox.dm_with(ALICE))) == 1


def locked(path: Path) -> "closing[sqlite.ModuleType]":
    """Somebody else writes and does not end."""
    connection = sqlite.load_driver().connect(str(path), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return closing(connection)


# ── Slack ────────────────────────────────────────────────────────────────────


async def test_a_platform_that_fails_at_every_turn_shows_each_reply_once_and_whole(house: House) -> None:
    await house.start(scripted={"words": 30, "words_per_second": 60}, slack={"timeout_seconds": 2})
    for method in ("chat.postMessage", "chat.update", "conversations.replies"):
        house.sandbox.faults.add(
            Fault("rate_limited", method, probability=0.3, retry_after=2),
            Fault("server_error", method, probability=0.1),
            Fault("reset_before_commit", method, probability=0.05),
            Fault("reset_after_commit", method, probability=0.15),
        )
    asked = [
        (channel, await house.ask(user, channel, f"{user} asks {number}"), f"{user} asks {number}")
        for number in range(2)
        for user, channel in zip(PEOPLE, (*PLACES, GENERAL), strict=True)
    ]

    for channel, ts, question in asked:
        texts = await asyncio.wait_for(house.answered(channel, ts), 60)
        assert texts == [scripted(question, 30)]
    assert {fault.kind for _, fault in house.sandbox.faults.fired} >= {"rate_limited", "reset_after_commit"}


@pytest.mark.parametrize(
    "kind", ["reset_after_commit", "reset_before_commit", "server_error", "rate_limited", "hang_after_commit"]
)
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_a_call_that_fails_twice_leaves_one_reply(house: House, method: str, kind: str) -> None:
    await house.start(scripted={"words": 10, "words_per_second": 50}, slack={"timeout_seconds": 0.5})
    house.sandbox.faults.add(Fault(kind, method, times=2, retry_after=1, seconds=1.0))  # type: ignore[arg-type]
    ts = await house.ask(ALICE, GENERAL, "once please")

    await grown_to(house, ts, scripted("once please", 10))
    await house.answered(GENERAL, ts)
    assert [text_of(message) for message in house.ours(GENERAL)] == [scripted("once please", 10)]


async def test_sockets_that_drop_come_back_and_nothing_is_lost(house: House) -> None:
    await house.start()
    for number in range(3):
        await (house.sandbox.kill_sockets() if number % 2 else house.sandbox.disconnect_sockets())
        ts = await house.ask(PEOPLE[number], PLACES[number], f"after drop {number}")
        assert await house.answered(PLACES[number], ts) == [scripted(f"after drop {number}")]
    await house.until(lambda: house.sandbox.sockets == 2)


async def test_handshakes_that_are_refused_do_not_end_the_trying(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "PING_SECONDS", 0.3)  # how long the SDK waits between attempts
    await house.start()
    house.sandbox.faults.sockets.refuse = 1.0
    await house.sandbox.kill_sockets()
    await house.until(lambda: tickets(house) >= 4)  # the first two are spent in vain
    house.sandbox.faults.sockets.refuse = 0.0
    await house.until(lambda: house.sandbox.sockets >= 1)

    ts = await house.ask(ALICE, GENERAL, "still there?")

    assert await house.answered(GENERAL, ts) == [scripted("still there?")]


def tickets(house: House) -> int:
    return sum(call.method == "apps.connections.open" for call in house.sandbox.calls)


async def test_events_late_doubled_lost_and_out_of_order_are_each_answered_once(house: House) -> None:
    await house.start(scripted={"words": 3})
    house.sandbox.faults.deliveries.duplicate = 0.5
    house.sandbox.faults.deliveries.drop = 0.2
    house.sandbox.faults.deliveries.delay_seconds = 0.3
    asked = [
        (channel, await house.ask(user, channel, f"question {number}"))
        for number, (user, channel) in enumerate(zip(PEOPLE, (*PLACES, GENERAL), strict=True))
    ]

    for number, (channel, ts) in enumerate(asked):
        assert await house.answered(channel, ts) == [scripted(f"question {number}", 3)]


async def test_a_reply_that_somebody_deletes_is_not_written_again(house: House) -> None:
    await house.start(scripted=SLOWLY)
    ts = await house.ask(ALICE, GENERAL, "delete this")
    await grown_to(house, ts, " 1 2")
    (reply,) = house.ours(GENERAL, ts)
    message = house.sandbox.workspace.message(GENERAL, reply["ts"])
    house.sandbox.workspace.delete(message)

    after = await house.ask(BRUNO, HELP_HR, "and then?")
    await house.answered(HELP_HR, after)

    assert house.ours(GENERAL, ts) == []


async def test_a_channel_without_us_does_not_hold_up_others(house: House) -> None:
    await house.start()
    house.sandbox.channels[HELP_IT].members.remove("U0INTHREAD")
    await house.ask(ALICE, HELP_IT, "nobody can answer here")
    ts = await house.ask(ALICE, GENERAL, "but here")

    assert await house.answered(GENERAL, ts) == [scripted("but here")]
    assert house.ours(HELP_IT) == []
