"""How often messages may be edited: one budget for all replies of a tenant.

Platforms count edits per app and workspace, not per message, so two growing answers already compete. The final text
always finds room: growing text leaves a reserve that only more urgent edits may use.
"""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Coroutine
from enum import IntEnum
from typing import Any

from bot.clock import Clock

WINDOW_SECONDS = 60.0
# Of the edits in a window, the share that growing text may use. The rest is for first and final texts.
GROWTH_SHARE = 0.75
GROWTH_BURST = 6


class Urgency(IntEnum):
    FINAL = 0
    FIRST_TEXT = 1
    GROWTH = 2


SHORTEST_WAIT_SECONDS = 0.001


class EditBudget:
    """At most `edits_per_minute` in any 60 seconds, whatever the platform's window; growing text smoothed below that.

    Growing text refills a token bucket, so that a long answer slows down instead of running dry; a sliding window over
    everything is what is promised to the platform.
    """

    def __init__(self, edits_per_minute: int, clock: Clock) -> None:
        self._limit = edits_per_minute
        self._clock = clock
        self._spent: deque[float] = deque()
        self._growth_tokens = float(GROWTH_BURST)
        self._growth_per_second = max(0.0, edits_per_minute * GROWTH_SHARE - GROWTH_BURST) / WINDOW_SECONDS
        self._refilled_at = clock.monotonic()
        self._closed_until = 0.0
        self._heap: list[tuple[Urgency, int]] = []
        self._order = itertools.count()
        self._changed = asyncio.Event()

    async def acquire(self, urgency: Urgency) -> None:
        """Wait until one more edit is allowed; the more urgent first, then first come, first served."""
        place = (urgency, next(self._order))
        heapq.heappush(self._heap, place)
        self._wake()
        try:
            while True:
                if self._heap[0] == place:
                    delay = self._delay(urgency)
                    if delay <= 0:
                        self._spend(urgency)
                        return
                    # What rounding leaves of a wait can be too short for the clock to move: waited for again for ever.
                    await unless(self._changed, self._clock.sleep(max(delay, SHORTEST_WAIT_SECONDS)))
                else:
                    await self._changed.wait()
        finally:
            self._heap.remove(place)
            heapq.heapify(self._heap)
            self._wake()

    def pause(self, seconds: float) -> None:
        """The platform said when it will take edits again."""
        self._closed_until = max(self._closed_until, self._clock.monotonic() + seconds)
        self._wake()

    def _delay(self, urgency: Urgency) -> float:
        now = self._clock.monotonic()
        while self._spent and self._spent[0] <= now - WINDOW_SECONDS:
            self._spent.popleft()
        delay = self._closed_until - now
        # Growing text leaves the last quarter of the window to first and final texts, whoever filled the rest.
        room = int(self._limit * GROWTH_SHARE) if urgency is Urgency.GROWTH else self._limit
        if len(self._spent) >= room:
            delay = max(delay, self._spent[-room] + WINDOW_SECONDS - now)
        if urgency is Urgency.GROWTH:
            self._growth_tokens = min(
                GROWTH_BURST, self._growth_tokens + (now - self._refilled_at) * self._growth_per_second
            )
            self._refilled_at = now
            if self._growth_tokens < 1:
                delay = max(delay, (1 - self._growth_tokens) / max(self._growth_per_second, 1e-9))
        return delay

    def _spend(self, urgency: Urgency) -> None:
        self._spent.append(self._clock.monotonic())
        if urgency is Urgency.GROWTH:
            self._growth_tokens -= 1

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


async def unless(event: asyncio.Event, work: Coroutine[Any, Any, object]) -> bool:
    """Do the work, but give it up (cancelled) as soon as the event is set. Whether it was done."""
    working = asyncio.ensure_future(work)
    giving_up = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({working, giving_up}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            return True
        return False
    finally:
        for future in (working, giving_up):
            future.cancel()
        await asyncio.wait({working, giving_up})
