"""Watermarks begin where it is safe to begin and never go back; the record tells what is known already."""

from datetime import datetime, timedelta

import pytest

from storage.database import Database
from storage.looking_back import LookBackStore
from storage.replies import ReplyStore
from storage.watermarks import WatermarkStore
from tests.clock import START
from tests.conftest import a_question

HOUR = timedelta(hours=1)
PLACE = ("slack", "T1")


@pytest.fixture
def watermarks(database: Database) -> WatermarkStore:
    return WatermarkStore(database)


@pytest.fixture
def record(database: Database) -> LookBackStore:
    return LookBackStore(database)


async def position(watermarks: WatermarkStore, channel: str, now: datetime) -> datetime:
    return (await watermarks.positions(*PLACE, [channel], now))[channel]


async def ask(replies: ReplyStore, channel: str, thread: str, sent_at: datetime, now: datetime = START) -> str:
    key = f"slack:T1:{channel}:{sent_at.timestamp()}"
    await replies.accept(a_question(key, channel=channel, thread=thread, sent_at=sent_at), now)
    return key


# ── where to begin ───────────────────────────────────────────────────────────


async def test_the_first_look_of_all_begins_now(watermarks: WatermarkStore) -> None:
    assert await watermarks.positions(*PLACE, ["C1", "C2"], START) == {"C1": START, "C2": START}


async def test_a_channel_begins_at_its_newest_post(watermarks: WatermarkStore, replies: ReplyStore) -> None:
    await ask(replies, "C1", "1.0", START - 3 * HOUR)
    await ask(replies, "C1", "2.0", START - 2 * HOUR)
    await ask(replies, "C2", "1.0", START - HOUR)

    assert await position(watermarks, "C1", START) == START - 2 * HOUR


async def test_a_channel_that_came_later_begins_when_others_were_last_looked_at(watermarks: WatermarkStore) -> None:
    await watermarks.positions(*PLACE, ["C1"], START)
    await watermarks.advance(*PLACE, "C1", START + HOUR, START + 2 * HOUR)

    assert await position(watermarks, "C2", START + 9 * HOUR) == START + 2 * HOUR


async def test_what_another_tenant_has_seen_says_nothing(watermarks: WatermarkStore, replies: ReplyStore) -> None:
    await ask(replies, "C1", "1.0", START - HOUR)
    await watermarks.advance("slack", "T1", "C1", START, START)

    assert await watermarks.positions("slack", "T2", ["C1"], START + HOUR) == {"C1": START + HOUR}
    assert await watermarks.positions("other", "T1", ["C1"], START + HOUR) == {"C1": START + HOUR}


async def test_a_beginning_stays_until_a_look_succeeds(watermarks: WatermarkStore) -> None:
    await watermarks.positions(*PLACE, ["C1", "C2"], START)
    await watermarks.advance(*PLACE, "C1", START + HOUR, START + HOUR)

    assert await position(watermarks, "C2", START + 2 * HOUR) == START


async def test_of_no_channels_there_are_no_positions(watermarks: WatermarkStore) -> None:
    await watermarks.advance(*PLACE, "C1", START, START)

    assert await watermarks.positions(*PLACE, [], START) == {}


# ── forward only ─────────────────────────────────────────────────────────────


async def test_a_position_never_goes_back(watermarks: WatermarkStore) -> None:
    for hours in (2, 3, 1):
        await watermarks.advance(*PLACE, "C1", START + hours * HOUR, START)

    assert await position(watermarks, "C1", START) == START + 3 * HOUR


async def test_a_look_counts_as_being_here_also_where_the_position_stays(watermarks: WatermarkStore) -> None:
    await watermarks.advance(*PLACE, "C1", START, START)
    await watermarks.advance(*PLACE, "C1", START - HOUR, START + HOUR)

    assert await position(watermarks, "C2", START + 9 * HOUR) == START + HOUR


# ── what is known ────────────────────────────────────────────────────────────


async def test_posts_of_the_inbox_are_known(record: LookBackStore, replies: ReplyStore) -> None:
    key = await ask(replies, "C1", "1.0", START)

    assert await record.knows_post(key)
    assert not await record.knows_post(key + "1")


async def test_a_thread_is_ours_from_its_first_question(record: LookBackStore, replies: ReplyStore) -> None:
    for minutes in (5, 1, 9):
        await ask(replies, "C1", "1.0", START + timedelta(minutes=minutes))

    assert await record.first_asked_at(*PLACE, "C1", "1.0") == START + timedelta(minutes=1)
    assert await record.first_asked_at(*PLACE, "C1", "2.0") is None
    assert await record.first_asked_at(*PLACE, "C2", "1.0") is None


async def test_channels_come_from_questions_and_looks_newest_thread_first(
    record: LookBackStore, replies: ReplyStore, watermarks: WatermarkStore
) -> None:
    for channel, thread in (("C1", "1.0"), ("C2", "1.0"), ("C1", "2.0")):
        await ask(replies, channel, thread, START + HOUR * float(thread))
    await watermarks.positions(*PLACE, ["C9", "C2"], START)

    assert await record.channels(*PLACE) == ["C1", "C2", "C9"]
    assert await record.channels("slack", "T2") == []


async def test_threads_that_moved_of_late_come_newest_first(record: LookBackStore, replies: ReplyStore) -> None:
    for number, thread in enumerate(["1.0", "2.0", "3.0", "1.0"]):
        at = START + number * HOUR
        await ask(replies, "C1", thread, at, now=at)

    assert await record.recent_threads(*PLACE, START, 9) == [("C1", "1.0"), ("C1", "3.0"), ("C1", "2.0")]
    assert await record.recent_threads(*PLACE, START, 1) == [("C1", "1.0")]
    assert await record.recent_threads(*PLACE, START + 2 * HOUR, 9) == [("C1", "1.0"), ("C1", "3.0")]
