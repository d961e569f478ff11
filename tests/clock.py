"""Clocks that tests own. All keep the `bot.clock.Clock` contract; none waits for the wall."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TURNS_TO_SETTLE = 50  # of the loop: more than any chain of tasks in here needs to come to rest


async def settle() -> None:
    """Let every task run until it waits for something."""
    for _ in range(TURNS_TO_SETTLE):
        await asyncio.sleep(0)


class ManualClock:
    """Time stands still until a test moves it with `advance`."""

    def __init__(self, settle: Callable[[], Awaitable[None]] = settle) -> None:
        """`settle`: how to let every task run until it waits for something."""
        self._settle = settle
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        return START + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), wake))
        await wake

    async def advance(self, seconds: float) -> None:
        """Move on, stopping at every wake-up on the way so that it happens at its own time."""
        end = self._elapsed + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, wake = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, due)
            if not wake.done():
                wake.set_result(None)
                await self._settle()
        self._elapsed = end
        await self._settle()


class SleepingMovesTime:
    """A sleep takes no time and moves the clock by its length: for one task at a time. `sleeps` remembers them."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self._elapsed += max(0.0, seconds)
        await asyncio.sleep(0)


class QuickClock:
    """Real time, only faster: for whole services, whose limits of a minute would take a minute."""

    def __init__(self, speed: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._speed = speed
        self._clock = clock
        self._began = clock()
        self._leapt = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (self._clock() - self._began) * self._speed + self._leapt

    def leap(self, time: timedelta) -> None:
        """So much later at once. Whoever sleeps sleeps on: for when nobody is at work."""
        self._leapt += time.total_seconds()

    def timestamp(self) -> float:
        """As `time.time`: for the other side of a conversation that must agree about the time."""
        return self.now().timestamp()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self._speed)
