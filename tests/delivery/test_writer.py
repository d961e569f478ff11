"""One reply, whatever happens: posted once, found when its post is in doubt, and its final text lands."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.delivery.pacing import EditBudget
from bot.delivery.writer import ReplyWriter
from bot.platforms.base import Act, Button, Content, Phase
from bot.platforms.errors import (
    MessageGone,
    PlaceGone,
    PlatformError,
    PlatformUnauthorized,
    PlatformUnavailable,
    RateLimited,
    Rejected,
)
from storage.database import Database
from storage.errors import LeaseLost
from storage.records import ReplyFigures, ReplyState
from storage.replies import ReplyStore
from tests.clock import SleepingMovesTime
from tests.conftest import TRAIL, a_question
from tests.delivery.fake_surface import CAPABILITIES, LOST, FakeSurface, after, before, slow_down

LEASE = timedelta(minutes=10)
REPLY_ID = "reply of k"
NewWriter = Callable[[], Awaitable[ReplyWriter]]


def status(text: str = "Working on it…") -> Content:
    return Content(text, Phase.STATUS, stop_label="Stop")


def growing(text: str) -> Content:
    return Content(text, Phase.GROWING, note="Writing…", stop_label="Stop")


def final(text: str) -> Content:
    return Content(text, Phase.FINAL)


@pytest.fixture
def time() -> SleepingMovesTime:
    return SleepingMovesTime()


@pytest.fixture
def surface(time: SleepingMovesTime) -> FakeSurface:
    return FakeSurface(time)


@pytest.fixture
def new_writer(replies: ReplyStore, surface: FakeSurface, time: SleepingMovesTime) -> NewWriter:
    """A writer for a new claim of the one reply: call it again for what a restart does."""

    async def claim() -> ReplyWriter:
        await replies.accept(a_question("k"), time.now())
        reply = await replies.claim(REPLY_ID, time.now(), LEASE)
        assert reply is not None
        budget = EditBudget(CAPABILITIES.edits_per_minute, time)
        writer = ReplyWriter(reply, surface, replies, CAPABILITIES, budget, time)
        await writer.load_continuations()
        return writer

    return claim


async def state_of(replies: ReplyStore) -> ReplyState:
    reply = await replies.find(REPLY_ID)
    assert reply is not None
    return reply.state


# ── whose text it is ─────────────────────────────────────────────────────────


async def test_what_the_company_stored_is_shown_character_for_character(
    new_writer: NewWriter, surface: FakeSurface
) -> None:
    text = "See https://intranet.acme.test/x & www.acme.test, *soon*: ![x](https://acme.test/x.png)"
    await (await new_writer()).show(Content(text, Phase.FINAL, is_stored=True))
    assert surface.texts == [text]


async def test_where_there_are_no_buttons_the_text_says_what_they_offer(
    new_writer: NewWriter, surface: FakeSurface
) -> None:
    writer = await new_writer()
    writer._capabilities = replace(CAPABILITIES, has_buttons=False)
    buttons = (Button(Act.CHOOSE, "How many?", 1), Button(Act.CHOOSE, "How?", 2), Button(Act.DECLINE, "None"))
    await writer.show(Content("Which?", Phase.FINAL, buttons=buttons))
    [message] = surface.messages.values()
    assert message.content == Content("Which?\n\n1. How many?\n2. How?", Phase.FINAL)


# ── the plain way ────────────────────────────────────────────────────────────


async def test_a_reply_is_posted_once_and_edited_from_then_on(
    new_writer: NewWriter, surface: FakeSurface, replies: ReplyStore
) -> None:
    writer = await new_writer()
    for content in (status(), growing("One"), growing("One two"), final("One two three")):
        await writer.show(content)

    assert surface.calls == ["post", "edit", "edit", "edit"]
    assert surface.texts == ["One two three"]
    assert writer.edits == 3


async def test_what_is_shown_already_is_not_written_again(new_writer: NewWriter, surface: FakeSurface) -> None:
    writer = await new_writer()
    await writer.show(growing("One"))
    await writer.show(growing("One"))

    assert surface.calls == ["post"]


async def test_the_intent_is_committed_before_the_first_call(
    new_writer: NewWriter, surface: FakeSurface, replies: ReplyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = []
    post = surface.post

    async def watched_post(part: int, content: Content) -> str:
        states.append(await state_of(replies))
        return await post(part, content)

    monkeypatch.setattr(surface, "post", watched_post)
    await (await new_writer()).show(status())

    assert states == [ReplyState.INTENT]
    assert await state_of(replies) is ReplyState.POSTED


async def test_growing_text_makes_it_a_stream(new_writer: NewWriter, replies: ReplyStore) -> None:
    writer = await new_writer()
    await writer.show(status())
    await writer.show(growing("One"))

    assert await state_of(replies) is ReplyState.STREAMING


async def test_model_text_is_made_harmless_on_its_way(new_writer: NewWriter, surface: FakeSurface) -> None:
    await (await new_writer()).show(final("[here](https://evil.com)"))

    assert surface.texts == ["here (`https://evil.com`)"]


# ── posts in doubt ───────────────────────────────────────────────────────────


async def test_a_post_that_arrived_without_an_answer_is_found_and_taken(
    new_writer: NewWriter, surface: FakeSurface
) -> None:
    surface.fail("post", after(LOST))
    await (await new_writer()).show(final("The answer"))

    assert surface.calls == ["post", "find", "edit"]
    assert surface.texts == ["The answer"]


@pytest.mark.parametrize("seconds", [0.5, 2, 6, 21])
async def test_a_post_that_shows_late_is_still_found(
    new_writer: NewWriter, surface: FakeSurface, seconds: float
) -> None:
    surface.fail("post", after(LOST, seconds))
    await (await new_writer()).show(final("The answer"))

    assert surface.posts == 1
    assert surface.texts == ["The answer"]


async def test_a_post_that_never_arrived_is_made_again_after_four_looks(
    new_writer: NewWriter, surface: FakeSurface, time: SleepingMovesTime
) -> None:
    surface.fail("post", before(LOST))
    await (await new_writer()).show(final("The answer"))

    assert surface.calls == ["post", "find", "find", "find", "find", "post"]
    assert time.sleeps == [2.0, 5.0, 15.0]
    assert surface.texts == ["The answer"]


async def test_of_several_posts_the_first_stays(new_writer: NewWriter, surface: FakeSurface) -> None:
    surface.fail("post", after(LOST))
    writer = await new_writer()
    surface.put(0, status("the twin"))
    surface.put(0, status("the triplet"))

    await writer.show(final("The answer"))

    assert list(surface.messages) == ["ref 1"]
    assert surface.texts == ["The answer"]


async def test_looking_goes_on_when_looking_fails_too(new_writer: NewWriter, surface: FakeSurface) -> None:
    surface.fail("post", after(LOST))
    surface.fail("find", before(LOST), slow_down(9), before(PlatformUnavailable("no_connection")))
    await (await new_writer()).show(final("The answer"))

    assert surface.posts == 1
    assert surface.texts == ["The answer"]


@pytest.mark.parametrize(
    "error",
    [PlatformUnavailable("no_connection"), RateLimited("ratelimited", 7), PlatformUnauthorized("token_revoked")],
)
async def test_a_post_that_surely_did_not_happen_is_made_again_without_a_look(
    new_writer: NewWriter, surface: FakeSurface, error: PlatformError
) -> None:
    surface.fail("post", before(error))
    await (await new_writer()).show(status())

    assert surface.calls == ["post", "post"]


# ── limits ───────────────────────────────────────────────────────────────────


async def test_nothing_is_called_before_the_platform_said(new_writer: NewWriter, surface: FakeSurface) -> None:
    surface.fail("post", slow_down(30))
    writer = await new_writer()
    await writer.show(status())
    surface.fail("edit", slow_down(20), slow_down(10))
    await writer.show(final("The answer"))

    assert surface.called_at == [(0, "post"), (30, "post"), (30, "edit"), (50, "edit"), (60, "edit")]


async def test_growing_text_is_left_out_when_the_platform_is_slow(
    new_writer: NewWriter, surface: FakeSurface, time: SleepingMovesTime
) -> None:
    writer = await new_writer()
    await writer.show(status())
    surface.fail("edit", slow_down(20))

    await writer.show(growing("One"))

    assert time.monotonic() == 0
    assert surface.texts == ["Working on it…"]


@pytest.mark.parametrize(
    "fault",
    [
        before(LOST),
        after(LOST),
        slow_down(40),
        before(PlatformUnavailable("no_connection")),
        before(PlatformUnauthorized("token_revoked")),
    ],
    ids="lost_before lost_after rate_limited away token_revoked".split(),
)
async def test_the_final_text_lands_whatever_went_wrong_before(
    new_writer: NewWriter, surface: FakeSurface, fault
) -> None:  # type: ignore[no-untyped-def]
    writer = await new_writer()
    await writer.show(status())
    surface.fail("edit", *[fault] * 6)

    await writer.show(growing("One"))
    await writer.show(final("One two"))

    assert surface.texts == ["One two"]


@pytest.mark.parametrize("error", [MessageGone("message_not_found"), PlaceGone("is_archived"), Rejected("bad")])
async def test_what_cannot_be_mended_is_raised(
    new_writer: NewWriter, surface: FakeSurface, error: PlatformError
) -> None:
    writer = await new_writer()
    await writer.show(status())
    surface.fail("edit", before(error))

    with pytest.raises(type(error)):
        await writer.show(final("The answer"))


async def test_whoever_was_overtaken_shows_nothing_more(new_writer: NewWriter, surface: FakeSurface) -> None:
    old = await new_writer()
    await new_writer()

    with pytest.raises(LeaseLost):
        await old.show(status())

    assert surface.calls == []


# ── long text ────────────────────────────────────────────────────────────────

LONG = " ".join(f"word{number}" for number in range(40))


async def test_long_text_goes_on_in_further_messages(new_writer: NewWriter, surface: FakeSurface) -> None:
    writer = await new_writer()
    words = LONG.split()
    for count in range(5, len(words), 5):
        await writer.show(growing(" ".join(words[:count])))
    await writer.show(final(LONG))

    assert surface.posts == len(surface.texts) == 3
    assert " ".join(surface.texts) == LONG


async def test_only_the_last_message_of_a_growing_text_says_that_it_grows(
    new_writer: NewWriter, surface: FakeSurface
) -> None:
    await (await new_writer()).show(growing(LONG))

    phases = [message.content.phase for message in surface.messages.values()]
    assert phases == [Phase.FINAL] * 2 + [Phase.GROWING]
    assert [bool(message.content.stop_label) for message in surface.messages.values()] == [False] * 2 + [True]


async def test_messages_that_the_final_text_does_not_need_are_taken_away(
    new_writer: NewWriter, surface: FakeSurface
) -> None:
    writer = await new_writer()
    await writer.show(growing(LONG))
    surface.fail("delete", slow_down(3), before(LOST), after(LOST))

    await writer.show(final("Something went wrong."))

    assert surface.texts == ["Something went wrong."]


async def test_a_further_message_in_doubt_is_found_too(new_writer: NewWriter, surface: FakeSurface) -> None:
    writer = await new_writer()
    await writer.show(growing("One"))
    surface.fail("post", after(LOST), before(LOST), after(LOST, 4))

    await writer.show(final(LONG))

    assert " ".join(surface.texts) == LONG


# ── restarts ─────────────────────────────────────────────────────────────────


async def test_after_a_restart_in_intent_it_looks_before_it_posts(
    new_writer: NewWriter, surface: FakeSurface, replies: ReplyStore, time: SleepingMovesTime
) -> None:
    await new_writer()
    claimed = await replies.claim(REPLY_ID, time.now(), LEASE)
    assert claimed is not None
    await replies.record_intent(claimed, 0, time.now())
    surface.put(0, status())  # posted, and the process ended before it knew

    await (await new_writer()).show(final("The answer"))

    assert surface.calls == ["find", "edit"]
    assert surface.texts == ["The answer"]


async def test_after_a_restart_in_intent_without_a_post_there_is_one_in_the_end(
    new_writer: NewWriter, surface: FakeSurface, replies: ReplyStore, time: SleepingMovesTime
) -> None:
    await new_writer()
    claimed = await replies.claim(REPLY_ID, time.now(), LEASE)
    assert claimed is not None
    await replies.record_intent(claimed, 0, time.now())

    await (await new_writer()).show(final("The answer"))

    assert surface.calls == ["find"] * 4 + ["post"]


async def test_after_a_restart_the_message_that_stands_is_edited(new_writer: NewWriter, surface: FakeSurface) -> None:
    await (await new_writer()).show(status())
    await (await new_writer()).show(growing("One"))
    await (await new_writer()).show(final("One two"))

    assert surface.posts == 1
    assert surface.texts == ["One two"]


async def test_after_a_restart_a_committed_text_is_shown_without_the_model(
    new_writer: NewWriter, surface: FakeSurface, replies: ReplyStore, time: SleepingMovesTime
) -> None:
    writer = await new_writer()
    await writer.show(growing("One"))
    claimed = await replies.claim(REPLY_ID, time.now(), LEASE)
    assert claimed is not None
    await replies.record_final(claimed, LONG, "answered", time.now(), ReplyFigures())
    assert await state_of(replies) is ReplyState.FINALIZING

    await (await new_writer()).show(final(LONG))

    assert " ".join(surface.texts) == LONG


async def test_after_a_restart_further_messages_are_edited_or_taken_away(
    new_writer: NewWriter, surface: FakeSurface
) -> None:
    await (await new_writer()).show(growing(LONG))

    await (await new_writer()).show(final(LONG.upper()))
    assert " ".join(surface.texts) == LONG.upper()

    await (await new_writer()).show(final("Short after all"))
    assert surface.texts == ["Short after all"]


async def test_after_a_restart_a_further_message_that_nobody_knew_of_is_taken_away(
    new_writer: NewWriter, surface: FakeSurface, replies: ReplyStore, time: SleepingMovesTime
) -> None:
    await (await new_writer()).show(growing("One"))
    claimed = await replies.claim(REPLY_ID, time.now(), LEASE)
    assert claimed is not None
    await replies.record_intent(claimed, 1, time.now())
    surface.put(1, growing("posted, and the process ended before it knew"))

    await (await new_writer()).show(final("Short after all"))

    assert surface.texts == ["Short after all"]


# ── everything together ──────────────────────────────────────────────────────

FAULTS = st.sampled_from([None, None, before(LOST), after(LOST), after(LOST, 3.0), slow_down(5)])
STEPS = st.lists(
    st.one_of(st.integers(1, 40), st.just("restart")),
    max_size=8,
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.lists(FAULTS, max_size=12), st.integers(1, 40))
def test_whatever_happens_one_whole_reply_stands_in_the_end(database_path: Path, steps, faults, final_words) -> None:  # type: ignore[no-untyped-def]
    async def live() -> None:
        async with await Database.open(f"sqlite:///{database_path}") as database:
            await one_life(ReplyStore(database, TRAIL), steps, faults, final_words)

    asyncio.run(live())


async def one_life(replies: ReplyStore, steps: list[object], faults: list[object], final_words: int) -> None:
    time = SleepingMovesTime()
    surface = FakeSurface(time)
    for number, fault in enumerate(faults):
        if fault is not None:
            surface.fail(("post", "edit", "find", "delete")[number % 4], fault)  # type: ignore[arg-type]
    key = f"k{next(_lives)}"
    await replies.accept(a_question(key), time.now())

    async def new_writer() -> ReplyWriter:
        reply = await replies.claim(f"reply of {key}", time.now(), LEASE)
        assert reply is not None
        writer = ReplyWriter(reply, surface, replies, CAPABILITIES, EditBudget(48, time), time)
        await writer.load_continuations()
        return writer

    writer = await new_writer()
    for step in steps:
        if step == "restart":
            writer = await new_writer()
        else:
            await writer.show(growing(" ".join(LONG.split()[: int(step)])))  # type: ignore[call-overload]
    text = " ".join(LONG.split()[:final_words])
    await writer.show(final(text))

    assert " ".join(surface.texts) == text
    assert [message.part for message in surface.messages.values()] == list(range(len(surface.messages)))


_lives = iter(range(1_000_000))
