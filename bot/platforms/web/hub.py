"""What is growing at the moment, and who watches: the newest content of each open reply, handed to its asker's pages.

Owns memory only, and bounds it: per subscriber the newest frame of each reply, never a queue of them. Knows no HTTP
and no database. Subscribers are kept by user, so that a frame has no way to anybody else.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.clock import Clock
from bot.platforms.base import Content, Phase
from bot.platforms.web.errors import too_many

STREAMS_PER_USER = 12
STREAMS_TOTAL = 2_000
MOST_PENDING = 64


@dataclass(frozen=True, slots=True)
class Frame:
    """What a reply shows. Of two frames of one reply the one with the greater `number` is newer, over restarts too."""

    user: str
    thread: str
    reply_id: str
    number: int
    content: Content


@dataclass(frozen=True, slots=True)
class News:
    """What a page has not heard yet. `is_behind`: some was dropped. `is_erased`: what it shows is gone, for good."""

    frames: list[Frame]
    is_behind: bool
    is_erased: bool


class Subscription:
    """One open page."""

    def __init__(self) -> None:
        self._pending: dict[str, Frame] = {}
        self._is_behind = False
        self._is_erased = False
        self._changed = asyncio.Event()
        self.is_closed = False

    def offer(self, frame: Frame) -> None:
        if frame.reply_id not in self._pending and len(self._pending) >= MOST_PENDING:
            self._pending.clear()
            self._is_behind = True
        self._pending[frame.reply_id] = frame
        self._changed.set()

    def erase(self) -> None:
        self._pending.clear()
        self._is_erased = True
        self._changed.set()

    def close(self) -> None:
        self.is_closed = True
        self._changed.set()

    async def take(self) -> News:
        """Wait for it."""
        await self._changed.wait()
        self._changed.clear()
        news = News(list(self._pending.values()), self._is_behind, self._is_erased)
        self._pending, self._is_behind, self._is_erased = {}, False, False
        return news


class Hub:
    """Owned by the event loop."""

    def __init__(self, clock: Clock) -> None:
        # From the clock, so that numbers after a restart are greater than those before it.
        self._number = int(clock.now().timestamp() * 1_000_000)
        self._latest: dict[str, Frame] = {}
        self._subscriptions: dict[str, list[Subscription]] = {}

    @property
    def number(self) -> int:
        """Whatever is published from now on is newer than this."""
        return self._number

    def publish(self, user: str, thread: str, reply_id: str, content: Content) -> None:
        """Remember the content and hand it on. A final one is not kept: it stands in the database."""
        self._number += 1
        frame = Frame(user, thread, reply_id, self._number, content)
        if content.phase is Phase.FINAL:
            self._latest.pop(reply_id, None)
        else:
            self._latest[reply_id] = frame
        for subscription in self._subscriptions.get(user, ()):
            subscription.offer(frame)

    def latest(self, reply_id: str) -> Frame | None:
        """What an open reply shows; None after a restart, until there is text again."""
        return self._latest.get(reply_id)

    def forget(self, reply_id: str) -> None:
        self._latest.pop(reply_id, None)

    def erase(self, user: str) -> None:
        """Nothing of theirs stays, and their pages are told to forget what they show."""
        self._latest = {reply_id: frame for reply_id, frame in self._latest.items() if frame.user != user}
        for subscription in self._subscriptions.get(user, ()):
            subscription.erase()

    @contextmanager
    def subscribe(self, user: str) -> Iterator[Subscription]:
        """Frames of this user's replies. Raises: Refused, when there are too many pages open."""
        own = self._subscriptions.setdefault(user, [])
        if len(own) >= STREAMS_PER_USER or sum(map(len, self._subscriptions.values())) >= STREAMS_TOTAL:
            raise too_many(seconds=10)
        subscription = Subscription()
        own.append(subscription)
        try:
            yield subscription
        finally:
            own.remove(subscription)
            if not own:
                self._subscriptions.pop(user, None)

    def close(self) -> None:
        """End every subscription."""
        for subscriptions in list(self._subscriptions.values()):
            for subscription in list(subscriptions):
                subscription.close()
