"""A post that seemed lost, was made again, and turned up after all: a minute later one of the two goes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from bot.delivery.duplicates import DuplicateCheck
from bot.delivery.writer import RECHECK_AFTER
from bot.platforms.base import Content, Phase
from bot.platforms.errors import PlaceGone, PlatformError, PlatformUnavailable
from storage.records import Reply, ReplyFigures, ReplyState
from storage.replies import ReplyStore
from tests.clock import SleepingMovesTime
from tests.conftest import a_question
from tests.delivery.fake_surface import FakeSurface, before

LEASE = timedelta(minutes=10)
DUE = RECHECK_AFTER.total_seconds()


@dataclass
class OneSurface:
    """A platform on which there is one reply."""

    shown: FakeSurface

    def surface(self, _reply: Reply) -> FakeSurface:
        return self.shown


class Desk:
    def __init__(self, replies: ReplyStore) -> None:
        self.replies = replies
        self.clock = SleepingMovesTime()
        self.shown = FakeSurface(self.clock)
        platforms: Any = {"slack": OneSurface(self.shown)}
        self.check = DuplicateCheck(replies, platforms, self.clock)

    async def post_twice(self, *, stray_part: int = 0) -> Reply:
        """A reply that stands as "ours" and is to be looked at once more, beside a message that nobody knows of."""
        await self.replies.accept(a_question("k"), self.clock.now())
        reply = await self.replies.claim("reply of k", self.clock.now(), LEASE)
        assert reply is not None
        now = self.clock.now()
        await self.replies.record_intent(reply, 0, now)
        self.shown.put(stray_part, Content("stray", Phase.STATUS))
        await self.replies.record_posted(reply, 0, self.shown.put(0, Content("ours", Phase.FINAL)), now)
        await self.replies.record_recheck(reply, now + RECHECK_AFTER, now)
        return reply

    async def end(self, reply: Reply) -> None:
        await self.replies.record_final(reply, "ours", "answered", self.clock.now(), ReplyFigures())
        await self.replies.record_closed(reply, ReplyState.DONE, self.clock.now())

    async def texts_after(self, seconds: float) -> list[str]:
        """What stands after a look at that time."""
        await self.clock.sleep(seconds)
        await self.check.remove_duplicates()
        return self.shown.texts


@pytest.fixture
def desk(replies: ReplyStore) -> Desk:
    return Desk(replies)


async def test_the_message_that_turned_up_is_taken_away(desk: Desk) -> None:
    await desk.end(await desk.post_twice())

    assert await desk.texts_after(DUE) == ["ours"]
    assert await desk.replies.due_rechecks(desk.clock.now() + LEASE) == []


async def test_nobody_looks_before_the_time(desk: Desk) -> None:
    await desk.end(await desk.post_twice())

    assert await desk.texts_after(DUE - 1) == ["stray", "ours"]


async def test_a_reply_that_is_still_written_is_looked_at_again_when_it_has_ended(desk: Desk) -> None:
    reply = await desk.post_twice(stray_part=1)  # the writer may be about to adopt it

    assert await desk.texts_after(DUE) == ["ours", "stray"]
    await desk.end(reply)
    assert await desk.texts_after(DUE) == ["ours"]


@pytest.mark.parametrize("method", ["find", "delete"])
async def test_a_platform_that_is_away_is_asked_again(desk: Desk, method: str) -> None:
    await desk.end(await desk.post_twice())
    desk.shown.fail(method, before(PlatformUnavailable("down")))

    assert await desk.texts_after(DUE) == ["stray", "ours"]
    assert await desk.texts_after(DUE) == ["ours"]


@pytest.mark.parametrize("error", [PlaceGone("is_archived")])
async def test_a_place_that_is_gone_is_left_alone(desk: Desk, error: PlatformError) -> None:
    await desk.end(await desk.post_twice())
    desk.shown.fail("find", before(error))

    await desk.texts_after(DUE)

    assert await desk.replies.due_rechecks(desk.clock.now() + LEASE) == []
