"""Events may never come. What was asked meanwhile is found in the history, and answered once."""

import asyncio
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from bot.conversation.phrases import phrase
from bot.sandbox import Fault
from tests.scenarios.house import (
    ALICE,
    BRUNO,
    DANA,
    GENERAL,
    HELP_HR,
    HELP_IT,
    PRIVATE,
    SECONDS,
    House,
    note_of,
    scripted,
    text_of,
)

HOUR = timedelta(hours=1)
HISTORY = "conversations.history"


def sweeps() -> float:
    """Looks back that have ended in this process, however they ended."""
    outcomes = ("whole", "partial", "failed")
    samples = [
        REGISTRY.get_sample_value("inthread_sweeps_total", {"platform": "slack", "outcome": outcome})
        for outcome in outcomes
    ]
    return sum(sample or 0.0 for sample in samples)


async def start_and_look(house: House, **tables: object) -> None:
    """Start the service; returns when it has looked through every channel."""
    before = sweeps()
    await house.start(**tables)
    async with asyncio.timeout(SECONDS):
        while await asyncio.to_thread(sweeps) == before:
            pass


async def go_away(house: House) -> None:
    """Stop the service, for longer than looks overlap."""
    await house.stop()
    house.clock.leap(HOUR)


def texts(house: House, channel: str, thread_ts: str) -> list[str]:
    return [text_of(message) for message in house.ours(channel, thread_ts)]


# ── nobody ran ───────────────────────────────────────────────────────────────


async def test_whatever_was_asked_while_nobody_ran_is_answered_once(house: House) -> None:
    await start_and_look(house)
    root = await house.ask(ALICE, GENERAL, "first")
    await house.answered(GENERAL, root)
    await go_away(house)
    dm = house.sandbox.dm_with(DANA)
    asked = [(HELP_HR, await house.ask(BRUNO, HELP_HR, "hello")), (PRIVATE, await house.ask(DANA, PRIVATE, "hello"))]
    asked.append((dm, await house.sandbox.post_as(DANA, dm, "hello")))
    await house.sandbox.post_as(ALICE, GENERAL, "and then?", root)
    talk = await house.sandbox.post_as(BRUNO, HELP_IT, "lunch, anybody?")
    await house.sandbox.delivered()  # Slack has given up
    house.clock.leap(HOUR)

    for _ in range(2):
        await start_and_look(house)
        for channel, ts in asked:
            assert await house.answered(channel, ts) == [scripted("hello")]
            await house.until(lambda place=(channel, ts): phrase("late", "en") in note_of(house.ours(*place)[0]))
        assert await house.answered(GENERAL, root, messages=2) == [
            scripted("first"),
            scripted("and then?") + " (turn 2)",
        ]
        assert house.ours(HELP_IT, talk) == []
        await go_away(house)


async def test_a_thread_that_began_while_nobody_ran_is_answered_in_its_order(house: House) -> None:
    await start_and_look(house)
    await go_away(house)
    root = await house.ask(ALICE, GENERAL, "first")
    await house.sandbox.post_as(ALICE, GENERAL, "second", root)
    await house.sandbox.delivered()

    await start_and_look(house)

    assert await house.answered(GENERAL, root, messages=2) == [scripted("first"), scripted("second") + " (turn 2)"]


async def test_what_is_too_old_stays_unanswered(house: House) -> None:
    await start_and_look(house)
    await house.stop()
    old = await house.ask(ALICE, GENERAL, "this morning")
    house.clock.leap(3 * HOUR)
    young = await house.ask(BRUNO, HELP_IT, "just now")
    await house.sandbox.delivered()

    await start_and_look(house, delivery={"catch_up_hours": 2})

    assert await house.answered(HELP_IT, young) == [scripted("just now")]
    assert house.ours(GENERAL, old) == []


@pytest.mark.parametrize("leaves_answered", [True, False])
async def test_what_a_colleague_answered_stays_theirs_if_so_configured(house: House, leaves_answered: bool) -> None:
    await start_and_look(house)
    await go_away(house)
    settled = await house.ask(ALICE, GENERAL, "where is the key?")
    await house.sandbox.post_as(BRUNO, GENERAL, "under the mat", settled)
    still_open = await house.ask(ALICE, GENERAL, "and the door?")
    await house.sandbox.delivered()

    await start_and_look(house, delivery={"catch_up_leaves_answered": leaves_answered})

    assert await house.answered(GENERAL, still_open) == [scripted("and the door?")]
    if leaves_answered:
        assert house.ours(GENERAL, settled) == []
    else:
        assert scripted("where is the key?") in await house.answered(GENERAL, settled)


async def test_a_database_that_was_put_back_answers_nothing_a_second_time(house: House, tmp_path: Path) -> None:
    await start_and_look(house)
    await house.stop()
    shutil.copy(house.folder / "inthread.db", tmp_path / "copy.db")
    await start_and_look(house)
    dm = house.sandbox.dm_with(DANA)
    asked = [(GENERAL, await house.ask(ALICE, GENERAL, "hello")), (dm, await house.sandbox.post_as(DANA, dm, "hello"))]
    for channel, ts in asked:
        await house.answered(channel, ts)
    await go_away(house)
    missed = await house.ask(BRUNO, HELP_IT, "and I?")
    await house.sandbox.delivered()
    shutil.copy(tmp_path / "copy.db", house.folder / "inthread.db")

    await start_and_look(house)

    assert await house.answered(HELP_IT, missed) == [scripted("and I?")]
    for channel, ts in asked:
        assert texts(house, channel, ts) == [scripted("hello")]


# ── events that do not come ──────────────────────────────────────────────────


async def test_a_question_whose_events_are_lost_is_found_by_the_clock_and_answered_once(house: House) -> None:
    await start_and_look(house, delivery={"catch_up_seconds": 1})
    house.sandbox.faults.deliveries.drop = 1.0
    ts = await house.ask(ALICE, GENERAL, "is anybody there?")

    assert await house.answered(GENERAL, ts) == [scripted("is anybody there?")]

    house.sandbox.faults.deliveries.drop = 0.0
    await house.sandbox.delivered()  # what Slack repeats arrives after all
    assert texts(house, GENERAL, ts) == [scripted("is anybody there?")]


async def test_a_question_whose_events_are_lost_is_found_after_a_reconnect(house: House) -> None:
    await start_and_look(house)
    house.sandbox.faults.deliveries.drop = 1.0
    ts = await house.ask(ALICE, GENERAL, "is anybody there?")

    await house.sandbox.kill_sockets()

    assert await house.answered(GENERAL, ts) == [scripted("is anybody there?")]


# ── trouble ──────────────────────────────────────────────────────────────────


async def test_without_a_list_of_channels_the_known_ones_are_looked_at(house: House) -> None:
    house.sandbox.faults.add(Fault("refused", "users.conversations", error="missing_scope"))
    await start_and_look(house)
    known = await house.ask(ALICE, GENERAL, "first")
    await house.answered(GENERAL, known)
    await go_away(house)
    missed = await house.ask(BRUNO, GENERAL, "second")
    await house.sandbox.delivered()

    await start_and_look(house)

    assert await house.answered(GENERAL, missed) == [scripted("second")]


async def test_limits_are_obeyed_and_every_channel_is_looked_at(house: House) -> None:
    await start_and_look(house)
    await go_away(house)
    asked = [(channel, await house.ask(ALICE, channel, "hello")) for channel in (GENERAL, HELP_HR, HELP_IT, PRIVATE)]
    await house.sandbox.delivered()
    for method in ("users.conversations", HISTORY):
        house.sandbox.faults.add(Fault("rate_limited", method, probability=0.4, retry_after=2))

    await start_and_look(house)  # the fixture looks for calls that came too early

    for channel, ts in asked:
        assert await house.answered(channel, ts) == [scripted("hello")]


async def test_a_stop_does_not_wait_for_a_look(house: House) -> None:
    house.sandbox.faults.add(Fault("rate_limited", HISTORY, retry_after=600))
    await house.start()
    await house.until(lambda: any(call.method == HISTORY for call in house.sandbox.calls))
    began = time.monotonic()

    await house.stop()

    assert time.monotonic() - began < 5
