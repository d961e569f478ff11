"""How long the event loop was kept from turning: the gauge that shows what blocks it."""

import asyncio

from bot import metrics
from bot.clock import Clock

TICK_SECONDS = 0.02


class LoopLag:
    """Run `watch` as a task of the loop it watches."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.max_seconds = 0.0

    def reset(self) -> None:
        """Forget what was before, when the service has become ready."""
        self.max_seconds = 0.0
        metrics.record_loop_lag_max(0)

    async def watch(self) -> None:
        while True:
            due = self._clock.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            lag = max(0.0, self._clock.monotonic() - due)
            metrics.record_loop_lag(lag)
            if lag > self.max_seconds:
                self.max_seconds = lag
                metrics.record_loop_lag_max(lag)
