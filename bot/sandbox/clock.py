"""Time and chance of the sandbox. Owns the only clock and the only seeded generator, and every id drawn from them."""

import random
import uuid
from collections.abc import Callable

Clock = Callable[[], float]
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


class Timestamps:
    """Message ids as Slack's: "seconds.microseconds", unique and strictly ascending even if the clock stands still."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.last_microseconds = 0

    def next(self) -> str:
        self.last_microseconds = max(self.last_microseconds + 1, int(self._clock() * 1_000_000))
        seconds, microseconds = divmod(self.last_microseconds, 1_000_000)
        return f"{seconds}.{microseconds:06d}"


class Ids:
    """Opaque ids in Slack's shapes, repeatable by seed."""

    def __init__(self, rng: random.Random, clock: Clock) -> None:
        self._rng = rng
        self._clock = clock

    def of(self, prefix: str, length: int = 10) -> str:
        return prefix + "".join(self._rng.choices(_ALPHABET, k=length))

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def trigger(self) -> str:
        """`team-ish.number.hash`, as Slack's trigger_id."""
        return f"{int(self._clock() * 1000)}.{self._rng.randrange(10**9, 10**10)}.{self._rng.getrandbits(128):032x}"


def as_microseconds(ts: str) -> int:
    """Position of a `ts` ("1700000000.000100"); Raises: ValueError."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int((fraction + "000000")[:6])
