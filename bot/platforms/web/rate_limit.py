"""How often somebody may do something."""

from collections import deque

from bot.clock import Clock

WINDOW_SECONDS = 60.0
MOST_KEYS = 10_000


class RateLimit:
    """At most `per_minute` in any 60 seconds for each key."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._taken: dict[str, deque[float]] = {}

    def take(self, key: str) -> float:
        """0 when it is allowed, and counted; else in how many seconds it will be."""
        now = self._clock.monotonic()
        if len(self._taken) >= MOST_KEYS:
            self._forget_idle(now)
        times = self._taken.setdefault(key, deque())
        while times and times[0] <= now - WINDOW_SECONDS:
            times.popleft()
        if len(times) >= self._per_minute:
            return times[0] + WINDOW_SECONDS - now
        times.append(now)
        return 0.0

    def _forget_idle(self, now: float) -> None:
        self._taken = {key: times for key, times in self._taken.items() if times and times[-1] > now - WINDOW_SECONDS}
