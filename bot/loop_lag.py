"""How long the event loop was kept from turning: the gauge that shows what blocks it."""

import asyncio

from prometheus_client import Gauge, Histogram

from bot.clock import Clock

TICK_SECONDS = 0.02
# A pause longer than this is somebody running on the loop what belongs into a thread.
LOOP_LAG = Histogram(
    "inthread_loop_lag_seconds",
    "How late the event loop was for a tick.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
LOOP_LAG_MAX = Gauge("inthread_loop_lag_max_seconds", "The latest that the event loop was since it became ready.")


class LoopLag:
    """Run `watch` as a task of the loop it watches."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.max_seconds = 0.0

    def reset(self) -> None:
        """Forget what was before, when the service has become ready."""
        self.max_seconds = 0.0
        LOOP_LAG_MAX.set(0)

    async def watch(self) -> None:
        while True:
            due = self._clock.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            lag = max(0.0, self._clock.monotonic() - due)
            LOOP_LAG.observe(lag)
            if lag > self.max_seconds:
                self.max_seconds = lag
                LOOP_LAG_MAX.set(lag)
