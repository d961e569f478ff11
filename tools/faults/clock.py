"""One clock for the sandbox and for the service processes, faster than the wall's.

Slack's limits are counted in minutes: at forty-eight edits a minute ten thousand answers take hours. Both sides live by
the same quick clock, so that every limit and every pause holds as it is, and nobody waits for it.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class SharedClock:
    """Implements `bot.clock.Clock`. `began` is a reading of the system's monotonic clock, which all processes share."""

    speed: float
    wall: float
    began: float

    @classmethod
    def start(cls, speed: float) -> "SharedClock":
        """A clock that reads the wall's time now. 1.0 is as fast as the wall's."""
        return cls(speed, time.time(), time.monotonic())

    def timestamp(self) -> float:
        """Seconds since 1970, as `time.time`."""
        return self.wall + self.monotonic()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def monotonic(self) -> float:
        return (time.monotonic() - self.began) * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self.speed)
