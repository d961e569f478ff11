"""Questions whose event never came: looked for in the platforms' history, and taken in like all others.

Platforms repeat an event for some minutes and then give up. Source: delivery.md rule 6.
"""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import structlog

from bot import metrics
from bot.clock import Clock
from bot.delivery.intake import Intake
from bot.delivery.settings import DeliverySettings
from bot.platforms.base import History, PastPost, Place, Platform
from bot.platforms.errors import PlatformError, PlatformUnauthorized, PlatformUnavailable
from storage.looking_back import LookBackStore
from storage.watermarks import WatermarkStore

log = structlog.get_logger(__name__)

# Looks overlap by so much: clocks differ, and what was posted a moment ago may not be in the history yet.
OVERLAP = timedelta(minutes=5)
REST_SECONDS = 60.0


@dataclass(slots=True)
class Tally:
    """What one sweep of one platform found."""

    places: int = 0
    failed_places: int = 0
    found: int = 0
    edited: int = 0
    left_replied: int = 0
    left_answered: int = 0
    left_old: int = 0


class CatchUp:
    """`run` it in the background and `request` sweeps. One sweep at a time; those asked for meanwhile become one."""

    def __init__(
        self,
        platforms: Mapping[str, Platform],
        intake: Intake,
        watermarks: WatermarkStore,
        record: LookBackStore,
        settings: DeliverySettings,
        clock: Clock,
    ) -> None:
        self._platforms = platforms
        self._intake = intake
        self._watermarks = watermarks
        self._record = record
        self._clock = clock
        self._reach = timedelta(hours=settings.catch_up_hours)
        self._leaves_answered = settings.catch_up_leaves_answered
        self.interval_seconds = settings.catch_up_seconds  # in which somebody is to request a sweep anyway
        self._rest_seconds = min(REST_SECONDS, self.interval_seconds)
        self._is_wanted = asyncio.Event()

    def request(self) -> None:
        """Sweep soon: at once, or when the last sweep has ended and a minute has passed since it began."""
        if self._reach:
            self._is_wanted.set()

    async def run(self) -> None:
        while True:
            await self._is_wanted.wait()
            self._is_wanted.clear()
            began = self._clock.monotonic()
            try:
                await self.sweep()
            except Exception:  # such as a full disk: positions stay, the next sweep finds the same again
                log.exception("catch_up_broke")
            await self._clock.sleep(began + self._rest_seconds - self._clock.monotonic())

    async def sweep(self) -> None:
        """Look through every channel of every platform that can be asked, once."""
        for name, platform in self._platforms.items():
            if (history := platform.history) is None:
                continue
            tally = Tally()
            try:
                await self._sweep(name, history, tally)
            except PlatformError as error:
                log.warning("catch_up_failed", platform=name, code=error.code, **asdict(tally))
                metrics.record_sweep(name, "failed", self._clock.now())
            else:
                log.info("caught_up", platform=name, **asdict(tally))
                outcome = "partial" if tally.failed_places else "whole"
                metrics.record_sweep(name, outcome, self._clock.now())

    async def _sweep(self, name: str, history: History, tally: Tally) -> None:
        # What is posted from now on comes by its event, or is found next time.
        until = self._clock.now()
        positions = await self._positions(name, await history.places(), until)
        if beyond := sum(position < until - self._reach for position in positions.values()):
            log.warning("older_posts_are_left_alone", platform=name, channels=beyond, older_than=str(self._reach))
        for place, position in positions.items():
            tally.places += 1
            try:
                await self._look(history, place, self._beginning(position), until, tally)
            except (PlatformUnavailable, PlatformUnauthorized):
                raise  # so it would be with every other channel
            except PlatformError as error:
                tally.failed_places += 1
                log.warning("channel_not_looked_at", platform=name, channel=place.channel, code=error.code)
            else:
                await self._watermarks.advance(name, place.tenant, place.channel, until, self._clock.now())

    async def _positions(self, name: str, places: list[Place], now: datetime) -> dict[Place, datetime]:
        """In the order of the places."""
        channels: dict[str, list[str]] = {}
        for place in places:
            channels.setdefault(place.tenant, []).append(place.channel)
        found = {
            tenant: await self._watermarks.positions(name, tenant, names, now) for tenant, names in channels.items()
        }
        return {place: found[place.tenant][place.channel] for place in places}

    def _beginning(self, position: datetime) -> datetime:
        now = self._clock.now()
        if position > now:  # our clock was ahead then: nobody knows what has been seen
            return now - self._reach
        return max(position - OVERLAP, now - self._reach)

    async def _look(self, history: History, place: Place, since: datetime, until: datetime, tally: Tally) -> None:
        """Raises: PlatformError. What was taken until then stays taken."""
        async with aclosing(history.posts(place, since)) as posts:
            async for post in posts:
                if post.message.sent_at > until:
                    return
                await self._take(post, tally)

    async def _take(self, post: PastPost, tally: Tally) -> None:
        message = post.message
        if await self._record.knows_post(message.message_key):
            if message.edited_at is not None:
                tally.edited += await self._intake.edit(message)
        elif post.has_our_reply:  # the record is a copy of yesterday's, and does not know what came after it
            tally.left_replied += 1
        elif message.sent_at < self._clock.now() - self._reach:
            tally.left_old += 1
        elif post.was_answered and self._leaves_answered:
            tally.left_answered += 1
        elif await self._intake.accept(message, may_refuse=False):
            tally.found += 1
            metrics.record_found_late(message.thread.platform)
