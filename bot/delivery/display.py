"""Keeps what a person sees up to date while an answer is written: latest wins, one write at a time.

The model is never held up by the platform: it leaves its newest text here, and whatever was not shown in time is
skipped.
"""

import asyncio

from bot.clock import Clock
from bot.delivery.pacing import EditBudget, Urgency, unless
from bot.delivery.writer import ReplyWriter
from bot.platforms.base import Content


class Display:
    """Run `run` beside the work; `offer` what is newest; `close` before anything final is written."""

    def __init__(self, writer: ReplyWriter, budget: EditBudget, min_interval_seconds: float, clock: Clock) -> None:
        self._writer = writer
        self._budget = budget
        self._min_interval_seconds = min_interval_seconds
        self._clock = clock
        self._latest: Content | None = None
        self._offered = asyncio.Event()
        self._closed = asyncio.Event()
        self._urgent = asyncio.Event()  # the first text is there, or the end: neither waits behind a status

    def offer(self, content: Content) -> None:
        self._latest = content
        self._offered.set()
        if self._writer.urgency(content) < Urgency.GROWTH:
            self._urgent.set()

    def close(self) -> None:
        """Begin no further write. `run` ends when the one in flight has ended: it must not overtake the final text."""
        self._closed.set()
        self._offered.set()
        self._urgent.set()

    async def run(self) -> None:
        """Raises: what `ReplyWriter.show` raises."""
        shown = None
        while True:
            await self._offered.wait()
            self._offered.clear()
            if self._closed.is_set():
                return
            if self._latest is None or self._latest == shown or (shown and not self._writer.takes_growth):
                continue
            paid_edits = 0
            if self._writer.is_posted:
                # First the permission, then the newest text: waiting for it can take seconds.
                urgency = self._writer.urgency(self._latest)
                interruption = self._urgent if urgency is Urgency.GROWTH else self._closed
                if not await unless(interruption, self._budget.acquire(urgency)):
                    self._offered.set()
                    continue
                paid_edits = 1
            shown = self._latest
            await self._writer.show(shown, paid_edits=paid_edits)
            if self._writer.urgency(self._latest) is Urgency.GROWTH and not self._closed.is_set():
                self._urgent.clear()
            if paid_edits:  # the first text may follow the placeholder at once
                await unless(self._urgent, self._clock.sleep(self._min_interval_seconds))
