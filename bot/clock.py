"""Time as a thing that is passed in, so that tests own it."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Wall clock, aware, UTC: for the record."""

    def monotonic(self) -> float:
        """Seconds that never go back: for intervals."""

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which day it is where the company is: answers are verified on it, and overdue after it."""

    clock: Clock
    zone: tzinfo = UTC

    def today(self) -> date:
        return self.clock.now().astimezone(self.zone).date()
