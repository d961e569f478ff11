"""How long somebody has to wait before the next try, when tries have failed. Nobody is locked out for good.

The delay grows where the guesses come from; an account that is guessed at from everywhere waits seconds, so that its
owner gets in. Forgotten with the process: a restart gives guessers a few tries more.
"""

from dataclasses import dataclass

from bot.clock import Clock

MOST_KEYS = 10_000
FORGOTTEN_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class _Limit:
    """`free` failures cost nothing; each one more doubles the delay, up to `most_seconds`."""

    free: int
    most_seconds: float


_BOTH, _ADDRESS, _ACCOUNT = _Limit(3, 900.0), _Limit(10, 900.0), _Limit(10, 4.0)


@dataclass(slots=True)
class _Failures:
    count: int
    last_at: float


class Guessing:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], _Failures] = {}

    def begin(self, name: str, address: str) -> float:
        """0: try it, and it counts as failed until `succeed` says otherwise; else in how many seconds."""
        now = self._clock.monotonic()
        keys = _keys(name, address)
        wait = max(self._wait(key, limit, now) for key, limit in keys)
        if wait > 0:
            return wait
        if len(self._failures) >= MOST_KEYS:
            self._forget(now)
        for key, _ in keys:
            failures = self._failures.setdefault(key, _Failures(0, now))
            failures.count, failures.last_at = failures.count + 1, now
        return 0.0

    def succeed(self, name: str, address: str) -> None:
        """It was no guess. What others guess at the account from elsewhere goes on to count."""
        both, from_there, account = (key for key, _ in _keys(name, address))
        self._failures.pop(both, None)
        for key in (from_there, account):
            if failures := self._failures.get(key):
                failures.count -= 1

    def _wait(self, key: tuple[str, str], limit: _Limit, now: float) -> float:
        failures = self._failures.get(key)
        if failures is None or failures.count < limit.free:
            return 0.0
        if now - failures.last_at > FORGOTTEN_SECONDS:
            del self._failures[key]
            return 0.0
        delay = min(limit.most_seconds, 2.0 ** min(failures.count - limit.free, 20))
        return max(0.0, failures.last_at + delay - now)

    def _forget(self, now: float) -> None:
        """Those that are long ago; if that is not enough, the oldest half."""
        by_age = sorted(self._failures.items(), key=lambda each: each[1].last_at)
        old = [key for key, failures in by_age if now - failures.last_at > FORGOTTEN_SECONDS]
        for key in old or [key for key, _ in by_age[: MOST_KEYS // 2]]:
            del self._failures[key]


def _keys(name: str, address: str) -> tuple[tuple[tuple[str, str], _Limit], ...]:
    return ((name, address), _BOTH), (("", address), _ADDRESS), ((name, ""), _ACCOUNT)
