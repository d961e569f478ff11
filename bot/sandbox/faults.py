"""What goes wrong on purpose. Owns the plan and the seeded dice; the server asks it and does the damage itself."""

import random
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

FaultKind = Literal[
    "rate_limited",
    "server_error",
    "server_error_after_commit",
    "refused",
    "reset_before_commit",
    "reset_after_commit",
    "hang_before_commit",
    "hang_after_commit",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which calls of `method` ("*": any) fail.

    `nth` counts the method's calls from 1 since the fault was added; `probability` draws each time; with neither,
    every call
    fails. `times` bounds how often it happens. `seconds` is how long it hangs, `retry_after` what a 429 says,
    `status` which 5xx, `error` the code of a refusal.
    """

    kind: FaultKind
    method: str = "*"
    nth: int | None = None
    probability: float | None = None
    times: int | None = None
    seconds: float = 5.0
    retry_after: int = 1
    status: int = 503
    error: str = "token_revoked"

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"unknown kind {self.kind!r}; known: {', '.join(get_args(FaultKind))}")


@dataclass(slots=True)
class _Armed:
    fault: Fault
    seen: int = 0
    fired: int = 0

    def strikes(self, rng: random.Random) -> bool:
        self.seen += 1
        fault = self.fault
        if fault.times is not None and self.fired >= fault.times:
            return False
        if fault.nth is not None and self.seen != fault.nth:
            return False
        if fault.probability is not None and rng.random() >= fault.probability:
            return False
        self.fired += 1
        return True


@dataclass(slots=True)
class DeliveryFaults:
    """Faults of events. Each is drawn per envelope.

    `duplicate`: chance that an acknowledged envelope comes again. `repeats`: besides, it comes again up to so many
    times, evenly drawn. `drop`: chance that an attempt never reaches a socket (its ack window passes).
    `delay_seconds`: every delivery waits up to this long, evenly drawn, which also reorders them.
    """

    duplicate: float = 0.0
    repeats: int = 0
    drop: float = 0.0
    delay_seconds: float = 0.0


@dataclass(slots=True)
class SocketFaults:
    """`refuse`: chance that a websocket handshake is refused.

    `drop_after_seconds`: sockets are reset after this long.
    """

    refuse: float = 0.0
    drop_after_seconds: float | None = None


class FaultPlan:
    """`faults.add(Fault("rate_limited", "chat.update", probability=0.3, retry_after=2))`; the first that strikes
    counts.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self._armed: list[_Armed] = []
        self.deliveries = DeliveryFaults()
        self.sockets = SocketFaults()
        self.fired: list[tuple[str, Fault]] = []

    def add(self, *faults: Fault) -> None:
        self._armed += [_Armed(fault) for fault in faults]

    def clear(self) -> None:
        self._armed.clear()
        self.deliveries = DeliveryFaults()
        self.sockets = SocketFaults()

    def draw(self, method: str) -> Fault | None:
        """The fault that strikes this call. Every fault counts every call of its method, also after another struck."""
        matching = [armed for armed in self._armed if armed.fault.method in ("*", method)]
        struck = [armed.fault for armed in matching if armed.strikes(self.rng)]
        if not struck:
            return None
        self.fired.append((method, struck[0]))
        return struck[0]

    def happens(self, probability: float) -> bool:
        return probability > 0 and self.rng.random() < probability

    def apply(self, plan: dict[str, Any]) -> None:
        """Sets faults from JSON: `{"clear": true, "web_api": [{…}], "deliveries": {…}, "sockets": {…}}`.

        Raises: ValueError with the unknown key or value.
        """
        unknown = set(plan) - {"clear", "web_api", "deliveries", "sockets"}
        if unknown:
            raise ValueError(f"unknown key {sorted(unknown)[0]!r}; known: clear, web_api, deliveries, sockets")
        faults = [_parsed(Fault, entry) for entry in plan.get("web_api", [])]
        deliveries = _parsed(DeliveryFaults, asdict(self.deliveries) | plan.get("deliveries", {}))
        sockets = _parsed(SocketFaults, asdict(self.sockets) | plan.get("sockets", {}))
        if plan.get("clear"):
            self.clear()
            deliveries = _parsed(DeliveryFaults, plan.get("deliveries", {}))
            sockets = _parsed(SocketFaults, plan.get("sockets", {}))
        self.add(*faults)
        self.deliveries, self.sockets = deliveries, sockets


def _parsed(kind: type[Any], values: dict[str, Any]) -> Any:
    known = [field.name for field in fields(kind)]
    if unknown := set(values) - set(known):
        raise ValueError(f"unknown key {sorted(unknown)[0]!r}; known: {', '.join(known)}")
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(str(error)) from error
