"""What is found by looking back is what the events would have brought: the same posts, under the same keys."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.messages import IncomingMessage
from bot.platforms.base import PastPost, Place
from bot.platforms.errors import Ambiguous, PlaceGone, PlatformError, PlatformUnauthorized, RateLimited
from bot.platforms.slack.api import SlackApi
from bot.platforms.slack.events import Identity, parse_post, to_message
from bot.platforms.slack.history import SlackHistory
from bot.platforms.slack.paced_calls import CALLS_PER_MINUTE, PacedCalls
from bot.platforms.slack.settings import SlackSettings
from bot.sandbox import Fault, Sandbox, SandboxSettings
from bot.sandbox.clock import Ids
from bot.sandbox.events import Events
from bot.sandbox.settings import BOT_EVENTS
from storage.database import Database
from storage.looking_back import LookBackStore
from storage.records import NewQuestion
from storage.replies import ReplyStore
from tests.clock import START, QuickClock, SleepingMovesTime
from tests.scenarios.house import ALICE, BRUNO, DANA, GENERAL, HELP_HR, HELP_IT, PRIVATE, US

TEAM = "T0NORTHWIND"
HOUR = timedelta(hours=1)


@dataclass
class Past:
    """A workspace, and somebody who looks back in it from `now`. Its events go nowhere, but are kept."""

    sandbox: Sandbox
    history: SlackHistory
    replies: ReplyStore
    clock: QuickClock
    bodies: list[dict[str, Any]]
    us: Identity
    settings: SlackSettings

    async def found(self, channel: str, since: datetime = START) -> list[PastPost]:
        return [post async for post in self.history.posts(Place(TEAM, channel), since)]

    async def texts(self, channel: str, since: datetime = START) -> list[str]:
        return [post.message.text for post in await self.found(channel, since)]

    async def write(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        return await self.sandbox.post_as(user, channel, text, thread_ts)

    async def ask(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        return await self.write(user, channel, f"<@{US}> {text}", thread_ts)

    async def accept(self, ts: str) -> None:
        """What a service does that heard of this post when it was written."""
        message = self.by_event(ts)
        thread = message.thread
        await self.replies.accept(
            NewQuestion(
                message_key=message.message_key,
                reply_id=f"reply of {ts}",
                platform=thread.platform,
                tenant=thread.tenant,
                channel=thread.channel,
                thread=thread.thread,
                user=message.user,
                text=message.text,
                address=message.address,
                sent_at=message.sent_at,
            ),
            self.clock.now(),
        )

    def by_event(self, ts: str) -> IncomingMessage:
        posts = [parse_post(body, self.us) for body in self.bodies if body["event"]["event_ts"] == ts]
        messages = [to_message(post, self.us, self.settings.dm_mode) for post in posts if post is not None]
        assert messages
        assert len({message.message_key for message in messages}) == 1
        return messages[0]


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> SlackSettings:
    return SlackSettings(**getattr(request, "param", {}))


@pytest.fixture
async def past(database: Database, replies: ReplyStore, settings: SlackSettings) -> AsyncIterator[Past]:
    clock = QuickClock()
    timeout = aiohttp.ClientTimeout(total=1)
    async with (
        Sandbox(SandboxSettings(), clock=clock.timestamp) as sandbox,
        aiohttp.ClientSession(timeout=timeout) as session,
    ):
        bodies: list[dict[str, Any]] = []
        rng = random.Random(0)
        events = Events(sandbox.workspace, BOT_EVENTS, Ids(rng, clock.timestamp), rng, clock.timestamp)
        sandbox.feed.subscribe(lambda change: bodies.extend(events.of(change)))
        client = AsyncWebClient(
            token=sandbox.bot_token, base_url=sandbox.api_url, session=session, timeout=1, retry_handlers=[]
        )
        us = Identity(user_id=US, bot_id="B0INTHREAD", team_id=TEAM)
        history = SlackHistory(SlackApi(client, clock), us, settings, LookBackStore(database), clock)
        yield Past(sandbox, history, replies, clock, bodies, us, settings)
        assert sandbox.violations == []


# ── which posts ──────────────────────────────────────────────────────────────


async def test_mentions_direct_messages_and_follow_ups_are_found_in_their_order(past: Past) -> None:
    first = await past.ask(ALICE, GENERAL, "first")
    await past.accept(first)
    await past.write(BRUNO, GENERAL, "lunch, anybody?")
    await past.write(ALICE, GENERAL, "and then?", first)
    await past.ask(BRUNO, GENERAL, "second")
    dm = past.sandbox.dm_with(DANA)
    await past.write(DANA, dm, "between us")

    assert await past.texts(GENERAL) == ["first", "and then?", "second"]
    assert await past.texts(dm) == ["between us"]
    assert await past.texts(HELP_HR) == []


@pytest.mark.parametrize("settings", [{}, {"dm_mode": "conversation"}], indirect=True)
async def test_a_post_is_read_as_its_event_was(past: Past) -> None:
    dm = past.sandbox.dm_with(ALICE)
    root = await past.ask(ALICE, GENERAL, "with <https://a.example|a link> & 中文")
    dm_root = await past.write(ALICE, dm, "how many days?")
    stamps = [
        (GENERAL, root),
        (GENERAL, await past.ask(BRUNO, GENERAL, "below it", root)),
        (dm, dm_root),
        (dm, await past.write(ALICE, dm, "and next year?", dm_root)),
        (PRIVATE, await past.ask(DANA, PRIVATE, "in private")),
    ]

    for channel, ts in stamps:
        expected = past.by_event(ts)
        assert expected.message_key == f"slack:{TEAM}:{channel}:{ts}"
        assert expected in [post.message for post in await past.found(channel)]


async def test_a_mention_makes_the_thread_ours_as_soon_as_it_was_taken(past: Past) -> None:
    root = await past.ask(ALICE, GENERAL, "first")
    await past.write(ALICE, GENERAL, "second", root)

    assert await past.texts(GENERAL) == ["first"]  # nobody took it
    taken = []
    async for post in past.history.posts(Place(TEAM, GENERAL), START):
        taken.append(post.message.text)
        await past.accept(post.message.message_key.rpartition(":")[2])
    assert taken == ["first", "second"]


async def test_what_was_said_before_we_were_asked_was_not_meant_for_us(past: Past) -> None:
    root = await past.write(ALICE, GENERAL, "the printer is broken")
    await past.write(BRUNO, GENERAL, "turn it off and on", root)
    await past.accept(await past.ask(ALICE, GENERAL, "what now?", root))
    await past.write(BRUNO, GENERAL, "<@U0ALICE> did you?", root)

    assert await past.texts(GENERAL) == ["what now?"]


@pytest.mark.parametrize("settings", [{"follow_ups": False}], indirect=True)
async def test_without_follow_ups_only_mentions_are_found(past: Past) -> None:
    root = await past.ask(ALICE, GENERAL, "first")
    await past.accept(root)
    await past.write(ALICE, GENERAL, "second", root)

    assert await past.texts(GENERAL) == ["first"]


async def test_only_what_came_after_the_moment_is_found(past: Past) -> None:
    root = await past.ask(ALICE, GENERAL, "early")
    await past.ask(ALICE, GENERAL, "early, below it", root)
    past.clock.leap(HOUR)
    since = past.clock.now()
    await past.ask(ALICE, GENERAL, "late", root)

    assert await past.texts(GENERAL, since) == ["late"]


async def test_an_edited_post_is_found_as_it_stands_now(past: Past) -> None:
    ts = await past.ask(ALICE, GENERAL, "how many?")
    await past.ask(ALICE, GENERAL, "untouched")
    past.clock.leap(HOUR)
    edited_from = past.clock.now()
    await past.sandbox.edit_as(ALICE, GENERAL, ts, f"<@{US}> how many days?")

    edited, untouched = await past.found(GENERAL)

    assert edited.message.text == "how many days?"
    assert edited.message.message_key == past.by_event(ts).message_key
    assert edited.message.edited_at is not None
    assert edited_from <= edited.message.edited_at <= past.clock.now()
    assert untouched.message.edited_at is None


async def test_deleted_posts_are_gone_and_the_thread_below_one_is_not(past: Past) -> None:
    gone, root = await past.ask(ALICE, GENERAL, "never mind"), await past.ask(ALICE, GENERAL, "nor this")
    await past.ask(BRUNO, GENERAL, "but this", root)
    for ts in (gone, root):
        await past.sandbox.delete_as(ALICE, GENERAL, ts)

    assert await past.texts(GENERAL) == ["but this"]


# ── answered meanwhile ───────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("user", "text", "is_answer"),
    [
        (BRUNO, "25 days", True),
        (ALICE, "please", False),  # who asked
        (BRUNO, f"<@{US}> I want to know that too", False),
    ],
)
async def test_a_reply_of_somebody_else_may_be_an_answer(past: Past, user: str, text: str, is_answer: bool) -> None:
    root = await past.ask(ALICE, GENERAL, "how many days?")
    await past.ask(DANA, GENERAL, "something else")
    await past.write(user, GENERAL, text, root)

    answered = {post.message.text: post.was_answered for post in await past.found(GENERAL)}

    assert answered["how many days?"] == is_answer
    assert not answered["something else"]


async def test_what_stood_there_before_is_no_answer(past: Past) -> None:
    root = await past.write(ALICE, GENERAL, "holidays")
    await past.write(BRUNO, GENERAL, "25 days", root)
    await past.ask(ALICE, GENERAL, "is that so?", root)

    (asked,) = await past.found(GENERAL)
    assert not asked.was_answered


# ── far back ─────────────────────────────────────────────────────────────────


async def test_all_pages_are_read(past: Past) -> None:
    await past.ask(ALICE, GENERAL, "at the bottom")
    for number in range(450):
        await past.write(BRUNO, GENERAL, f"noise {number}")
    root = await past.ask(ALICE, GENERAL, "on top")
    for number in range(250):
        await past.write(BRUNO, GENERAL, f"more noise {number}", root)
    await past.ask(ALICE, GENERAL, "under it all", root)

    assert await past.texts(GENERAL) == ["at the bottom", "on top", "under it all"]


async def test_a_question_in_a_thread_of_yesterday_is_found(past: Past) -> None:
    root = await past.write(ALICE, GENERAL, "the printer is broken")
    past.clock.leap(20 * HOUR)
    since = past.clock.now()
    await past.ask(BRUNO, GENERAL, "how do I mend it?", root)

    assert await past.texts(GENERAL, since) == ["how do I mend it?"]


async def test_the_way_back_for_the_sake_of_threads_is_bounded(past: Past) -> None:
    await past.write(ALICE, GENERAL, "long ago")
    for number in range(1500):
        await past.write(BRUNO, GENERAL, f"noise {number}")
    past.clock.leap(HOUR)

    await past.found(GENERAL, past.clock.now())

    assert len(past.sandbox.calls) == 5


async def test_threads_of_ours_are_looked_at_however_old_they_are(past: Past) -> None:
    root = await past.ask(ALICE, GENERAL, "on Monday")
    await past.accept(root)
    conversation = await past.write(ALICE, past.sandbox.dm_with(ALICE), "privately")
    await past.accept(conversation)
    past.clock.leap(72 * HOUR)
    since = past.clock.now()
    await past.write(ALICE, GENERAL, "on Thursday", root)

    await past.history.places()

    assert await past.texts(GENERAL, since) == ["on Thursday"]
    assert await past.texts(HELP_HR, since) == []


async def test_a_thread_of_ours_that_is_gone_is_passed_over(past: Past) -> None:
    root = await past.ask(ALICE, GENERAL, "on Monday")
    await past.accept(root)
    await past.sandbox.delete_as(ALICE, GENERAL, root)
    past.clock.leap(72 * HOUR)
    since = past.clock.now()
    await past.ask(BRUNO, GENERAL, "on Thursday")
    await past.history.places()

    assert await past.texts(GENERAL, since) == ["on Thursday"]
    assert [call.error for call in past.sandbox.calls if call.method == "conversations.replies"] == ["thread_not_found"]


# ── which channels ───────────────────────────────────────────────────────────


async def test_every_channel_that_we_are_in_is_a_place_the_liveliest_first(past: Past) -> None:
    for channel in (HELP_IT, PRIVATE):
        await past.accept(await past.ask(DANA, channel, "hello"))

    places = await past.history.places()

    assert {place.tenant for place in places} == {TEAM}
    channels = [place.channel for place in places]
    assert channels[:2] == [PRIVATE, HELP_IT]
    assert sorted(channels) == sorted(set(past.sandbox.channels) - {"C0RANDOM"})


@pytest.mark.parametrize("code", ["missing_scope", "unknown_method", "not_allowed_token_type"])
async def test_where_slack_lists_no_channels_those_on_record_are_the_places(past: Past, code: str) -> None:
    await past.accept(await past.ask(DANA, HELP_IT, "hello"))
    past.sandbox.faults.add(Fault("refused", "users.conversations", error=code))

    assert await past.history.places() == [Place(TEAM, HELP_IT)]


async def test_a_token_that_is_refused_is_no_reason_to_look_elsewhere(past: Past) -> None:
    past.sandbox.faults.add(Fault("refused", "users.conversations", error="token_revoked"))

    with pytest.raises(PlatformUnauthorized):
        await past.history.places()


# ── trouble ──────────────────────────────────────────────────────────────────


async def test_a_retry_after_is_waited_out_and_the_call_made_again(past: Past) -> None:
    await past.ask(ALICE, GENERAL, "missed")
    past.sandbox.faults.add(Fault("rate_limited", "conversations.history", times=2, retry_after=3))
    began = past.clock.monotonic()

    assert await past.texts(GENERAL) == ["missed"]
    assert past.clock.monotonic() - began >= 6


@pytest.mark.parametrize("kind", ["server_error", "reset_before_commit"])
async def test_what_fails_is_tried_again_some_times(past: Past, kind: Any) -> None:
    await past.ask(ALICE, GENERAL, "missed")
    past.sandbox.faults.add(Fault(kind, "conversations.history", times=3))

    assert await past.texts(GENERAL) == ["missed"]

    past.sandbox.faults.add(Fault(kind, "conversations.history"))
    with pytest.raises(Ambiguous):
        await past.texts(GENERAL)
    assert len(past.sandbox.calls) >= 4 + 4  # aiohttp sends a GET once more by itself where a connection was reset


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("missing_scope", PlaceGone),  # of this kind of channel: others can be read
        ("not_in_channel", PlaceGone),
        ("token_revoked", PlatformUnauthorized),
    ],
)
async def test_what_is_refused_here_is_told_apart_from_what_is_refused_everywhere(
    past: Past, code: str, error: type[PlatformError]
) -> None:
    past.sandbox.faults.add(Fault("refused", "conversations.history", error=code))

    with pytest.raises(error):
        await past.texts(GENERAL)


# ── pace ─────────────────────────────────────────────────────────────────────


class CountingApi:
    """Stands in for `SlackApi`: keeps the time of each call, and refuses as told."""

    def __init__(self, clock: SleepingMovesTime, errors: list[PlatformError]) -> None:
        self._clock = clock
        self._errors = errors
        self.called_at: list[float] = []

    async def call(self, method: Callable[..., Awaitable[Any]], **_arguments: Any) -> dict[str, Any]:
        self.called_at.append(self._clock.monotonic())
        if self._errors:
            raise self._errors.pop()
        return {}


async def some_method() -> None:
    raise AssertionError("never called: the API stands in between")


@pytest.mark.parametrize("refusals", [0, 40])
async def test_no_minute_sees_more_calls_than_its_share(refusals: int) -> None:
    clock = SleepingMovesTime()
    api: Any = CountingApi(clock, [RateLimited("ratelimited", 0.0) for _ in range(refusals)])
    calls = PacedCalls(api, clock)

    for _ in range(100):
        await calls.call(some_method)

    times = api.called_at
    assert len(times) == 100 + refusals
    assert all(later - earlier >= 60 for earlier, later in zip(times, times[CALLS_PER_MINUTE:], strict=False))
    assert times[CALLS_PER_MINUTE - 1] == 0  # a small workspace does not wait at all
