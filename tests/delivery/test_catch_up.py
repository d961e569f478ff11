"""Catching up: what was missed is taken in once, nothing is skipped that may have been missed, nobody is pestered."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.conversation.messages import IncomingMessage, ThreadKey
from bot.delivery.catch_up import CatchUp
from bot.delivery.intake import Intake
from bot.delivery.settings import DeliverySettings
from bot.platforms.base import PastPost, Place
from bot.platforms.errors import Ambiguous, PlaceGone, PlatformError, PlatformUnauthorized, PlatformUnavailable
from storage.database import Database
from storage.looking_back import LookBackStore
from storage.records import Reply
from storage.replies import ReplyStore
from storage.watermarks import WatermarkStore
from tests.clock import START, ManualClock, settle

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OVERLAP = 5 * MINUTE


@dataclass
class FakeHistory:
    """Implements `History`: what was posted, by channel, and which channels cannot be read."""

    channels: list[str] = field(default_factory=lambda: ["C1", "C2", "C3"])
    written: dict[str, list[PastPost]] = field(default_factory=dict)
    errors: dict[str, PlatformError] = field(default_factory=dict)
    looks: dict[str, datetime] = field(default_factory=dict)
    sweeps: int = 0
    on_sweep: Callable[[], Any] = lambda: None

    async def places(self) -> list[Place]:
        self.sweeps += 1
        await asyncio.sleep(0)
        self.on_sweep()
        if error := self.errors.get(""):
            raise error
        return [Place("T1", channel) for channel in self.channels]

    async def posts(self, place: Place, since: datetime) -> AsyncGenerator[PastPost, None]:
        self.looks[place.channel] = since
        for post in self.written.get(place.channel, []):
            if post.message.sent_at > since:
                yield post
        if error := self.errors.get(place.channel):
            raise error

    def write(
        self,
        channel: str,
        sent_at: datetime,
        *,
        text: str = "missed?",
        edited_at: datetime | None = None,
        was_answered: bool = False,
        has_our_reply: bool = False,
    ) -> IncomingMessage:
        thread = str(sent_at.timestamp())
        message = IncomingMessage(
            thread=ThreadKey("slack", "T1", channel, thread),
            message_key=f"slack:T1:{channel}:{thread}",
            user="U1",
            text=text,
            sent_at=sent_at,
            edited_at=edited_at,
        )
        post = PastPost(message=message, was_answered=was_answered, has_our_reply=has_our_reply)
        self.written.setdefault(channel, []).append(post)
        return message


class FakePlatform:
    def __init__(self, history: FakeHistory | None) -> None:
        self.history = history


class Desk:
    """A service as far as catching up needs one. `taken`: the questions it would answer, in their order."""

    def __init__(self, database: Database, replies: ReplyStore, clock: ManualClock, **settings: Any) -> None:
        self.history = FakeHistory()
        self.clock = clock
        self.watermarks = WatermarkStore(database)
        self.taken: list[tuple[str, bool]] = []
        chosen = DeliverySettings(**settings)
        self.intake = Intake(replies, self._submit, chosen, clock)
        platforms: Any = {"web": FakePlatform(None), "slack": FakePlatform(self.history)}
        self.catch_up = CatchUp(platforms, self.intake, self.watermarks, LookBackStore(database), chosen, clock)

    def _submit(self, reply: Reply, *, may_refuse: bool = True) -> None:
        self.taken.append((reply.message_key, may_refuse))

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.taken]

    async def ran_until(self, moment: datetime) -> None:
        """The last sweep of all channels ended then."""
        for channel in self.history.channels:
            await self.watermarks.advance("slack", "T1", channel, moment, moment)

    async def position(self, channel: str) -> datetime:
        return (await self.watermarks.positions("slack", "T1", [channel], self.clock.now()))[channel]


@pytest.fixture
def open_desk(database: Database, replies: ReplyStore, clock: ManualClock) -> Callable[..., Desk]:
    return lambda **settings: Desk(database, replies, clock, **settings)


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()


@pytest.fixture
async def running(desk: Desk) -> AsyncIterator[Desk]:
    """Its channels are none, so that no sweep waits for the database, and the clock owns everything."""
    desk.history.channels = []
    task = asyncio.create_task(desk.catch_up.run())
    yield desk
    task.cancel()
    await asyncio.wait({task})


# ── what is taken ────────────────────────────────────────────────────────────


async def test_missed_questions_are_taken_once_and_never_refused(desk: Desk) -> None:
    await desk.ran_until(START - HOUR)
    missed = [desk.history.write(channel, START - 30 * MINUTE) for channel in ("C1", "C2")]

    for _ in range(3):
        await desk.catch_up.sweep()

    assert desk.taken == [(message.message_key, False) for message in missed]


async def test_what_came_by_its_event_is_not_taken_again(desk: Desk) -> None:
    await desk.ran_until(START - HOUR)
    await desk.intake.accept(desk.history.write("C1", START - MINUTE))

    await desk.catch_up.sweep()

    assert len(desk.taken) == 1


async def test_what_is_posted_meanwhile_is_left_to_its_event(desk: Desk) -> None:
    await desk.ran_until(START - HOUR)
    desk.history.write("C1", START + MINUTE)

    await desk.catch_up.sweep()

    assert desk.taken == []
    assert await desk.position("C1") == START


async def test_the_first_start_of_all_answers_nothing_old(desk: Desk) -> None:
    desk.history.write("C1", START - OVERLAP - MINUTE)

    await desk.catch_up.sweep()

    assert desk.taken == []
    assert await desk.position("C1") == START


async def test_what_is_too_old_is_left_alone(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(catch_up_hours=2)
    await desk.ran_until(START - 5 * HOUR)
    desk.history.write("C1", START - 3 * HOUR)
    young = desk.history.write("C1", START - HOUR)

    with capture_logs() as lines:
        await desk.catch_up.sweep()

    assert desk.keys == [young.message_key]
    (warning,) = [line for line in lines if line["event"] == "older_posts_are_left_alone"]
    assert warning["channels"] == 3


async def test_what_became_too_old_during_a_long_sweep_is_left_alone(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(catch_up_hours=2)
    await desk.ran_until(START - HOUR)
    desk.history.channels = ["C1"]
    desk.history.write("C1", START - 30 * MINUTE)
    look = desk.history.posts

    async def slow_posts(place: Place, since: datetime) -> AsyncGenerator[PastPost, None]:
        await desk.clock.advance(2 * 3600)
        async for post in look(place, since):
            yield post

    desk.history.posts = slow_posts  # type: ignore[method-assign]
    await desk.catch_up.sweep()

    assert desk.taken == []


@pytest.mark.parametrize("leaves_answered", [True, False])
async def test_what_somebody_answered_is_left_alone_if_so_configured(
    open_desk: Callable[..., Desk], leaves_answered: bool
) -> None:
    desk = open_desk(catch_up_leaves_answered=leaves_answered)
    await desk.ran_until(START - HOUR)
    desk.history.write("C1", START - 30 * MINUTE, was_answered=True)

    await desk.catch_up.sweep()

    assert len(desk.taken) == (not leaves_answered)


async def test_what_has_a_reply_of_ours_is_left_alone_though_nobody_remembers_it(desk: Desk) -> None:
    await desk.ran_until(START - HOUR)
    desk.history.write("C1", START - 30 * MINUTE, has_our_reply=True)

    await desk.catch_up.sweep()

    assert desk.taken == []


async def test_an_edit_that_was_missed_reaches_the_question_that_was_not(desk: Desk) -> None:
    await desk.ran_until(START - HOUR)
    before = desk.history.write("C1", START - 2 * MINUTE, text="How many?")
    await desk.intake.accept(before)
    desk.history.written.clear()
    desk.history.write("C1", START - 2 * MINUTE, text="How many days?", edited_at=START - MINUTE)

    for _ in range(2):
        await desk.catch_up.sweep()

    assert desk.keys == [before.message_key] * 2  # once as it was, once as it is now


async def test_an_edited_question_that_was_missed_is_taken_as_it_stands_now(desk: Desk) -> None:
    await desk.ran_until(START - HOUR)
    desk.history.write("C1", START - 30 * MINUTE, edited_at=START - MINUTE)

    await desk.catch_up.sweep()

    assert len(desk.taken) == 1


# ── from where, and up to where ──────────────────────────────────────────────


async def test_a_look_begins_a_little_before_where_the_last_one_ended(desk: Desk) -> None:
    await desk.ran_until(START - HOUR)

    await desk.catch_up.sweep()

    assert desk.history.looks == dict.fromkeys(["C1", "C2", "C3"], START - HOUR - OVERLAP)
    assert await desk.position("C1") == START


async def test_a_clock_that_was_ahead_hides_nothing(desk: Desk) -> None:
    await desk.ran_until(START + 1000 * HOUR)

    await desk.catch_up.sweep()

    assert desk.history.looks["C1"] == START - 12 * HOUR


@pytest.mark.parametrize("error", [PlaceGone("not_in_channel"), Ambiguous("http_503")])
async def test_a_channel_that_fails_is_passed_over_and_looked_at_again_from_the_same_place(
    desk: Desk, error: PlatformError
) -> None:
    await desk.ran_until(START - HOUR)
    desk.history.errors["C1"] = error
    found_before, late = desk.history.write("C1", START - 30 * MINUTE), desk.history.write("C2", START - 20 * MINUTE)

    await desk.catch_up.sweep()

    assert desk.keys == [found_before.message_key, late.message_key]
    assert (await desk.position("C1"), await desk.position("C3")) == (START - HOUR, START)

    del desk.history.errors["C1"]
    await desk.catch_up.sweep()
    assert desk.history.looks["C1"] == START - HOUR - OVERLAP
    assert len(desk.taken) == 2


@pytest.mark.parametrize("error", [PlatformUnavailable("no_connection"), PlatformUnauthorized("token_revoked")])
async def test_a_platform_that_is_away_is_not_asked_for_every_channel(desk: Desk, error: PlatformError) -> None:
    await desk.ran_until(START - HOUR)
    desk.history.errors["C1"] = error

    await desk.catch_up.sweep()

    assert list(desk.history.looks) == ["C1"]
    assert await desk.position("C3") == START - HOUR


async def test_a_position_waits_for_the_commit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.ran_until(START - HOUR)
    missed = desk.history.write("C1", START - 30 * MINUTE)

    async def no_room(*_args: object, **_named: object) -> bool:
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(desk.intake, "accept", no_room)
        with pytest.raises(OSError, match="disk full"):
            await desk.catch_up.sweep()
    assert await desk.position("C1") == START - HOUR

    await desk.catch_up.sweep()
    assert desk.keys == [missed.message_key]


# ── when ─────────────────────────────────────────────────────────────────────


async def test_the_first_request_is_met_at_once_and_further_ones_a_minute_apart(running: Desk) -> None:
    running.catch_up.request()
    await settle()
    assert running.history.sweeps == 1

    for _ in range(5):
        running.catch_up.request()
        await running.clock.advance(11)
    assert running.history.sweeps == 1

    await running.clock.advance(10)
    assert running.history.sweeps == 2


async def test_requests_during_a_sweep_become_one_more(running: Desk) -> None:
    running.history.on_sweep = lambda: [running.catch_up.request() for _ in range(3)] if sweeping_first() else None

    def sweeping_first() -> bool:
        return running.history.sweeps == 1

    running.catch_up.request()
    await running.clock.advance(600)

    assert running.history.sweeps == 2


async def test_nobody_sweeps_who_was_not_asked(running: Desk) -> None:
    await running.clock.advance(3600)

    assert running.history.sweeps == 0


async def test_a_sweep_that_breaks_does_not_end_the_sweeping(running: Desk) -> None:
    def fail() -> None:
        raise OSError("disk full")

    running.history.on_sweep = fail
    running.catch_up.request()
    with capture_logs() as lines:
        await running.clock.advance(60)
    assert [line["event"] for line in lines] == ["catch_up_broke"]

    running.history.on_sweep = lambda: None
    running.catch_up.request()
    await running.clock.advance(60)
    assert running.history.sweeps == 2


async def test_a_platform_that_cannot_be_asked_fails_its_sweep_alone(running: Desk) -> None:
    running.history.errors[""] = PlatformUnavailable("no_connection")

    with capture_logs() as lines:
        running.catch_up.request()
        await settle()

    assert [(line["event"], line.get("code")) for line in lines] == [("catch_up_failed", "no_connection")]


async def test_off_means_off(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(catch_up_hours=0)
    task = asyncio.create_task(desk.catch_up.run())

    desk.catch_up.request()
    await desk.clock.advance(3600)
    task.cancel()

    assert desk.history.sweeps == 0
