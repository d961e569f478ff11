"""A platform in memory that fails as told: what stands there, what was called, what went wrong."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.platforms.base import Capabilities, Content, Posted
from bot.platforms.errors import Ambiguous, MessageGone, PlatformError, RateLimited
from tests.clock import SleepingMovesTime

CAPABILITIES = Capabilities(edits_per_minute=48, min_edit_interval_seconds=1.0, max_length=100, length_of=len)


@dataclass(slots=True)
class Message:
    part: int
    content: Content
    posted_at: datetime
    visible_from: datetime


@dataclass(slots=True)
class Fault:
    """How one call fails: before anything happened, or after (`happened`), seen by others `seconds` later."""

    error: PlatformError
    happened: bool = False
    seconds: float = 0.0


def before(error: PlatformError) -> Fault:
    return Fault(error)


def after(error: PlatformError, seconds: float = 0.0) -> Fault:
    return Fault(error, happened=True, seconds=seconds)


LOST = Ambiguous("timeout")


def slow_down(seconds: float) -> Fault:
    return Fault(RateLimited("ratelimited", seconds))


@dataclass
class FakeSurface:
    """Implements `ReplySurface`. `faults["post"]` and so on are used up one a call."""

    clock: SleepingMovesTime
    messages: dict[str, Message] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    called_at: list[tuple[float, str]] = field(default_factory=list)
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    posts: int = 0
    takes_growth: bool = True

    def fail(self, method: str, *faults: Fault) -> None:
        self.faults[method].extend(faults)

    async def post(self, part: int, content: Content) -> str:
        fault = self._begin("post")
        if fault is None or fault.happened:
            ref = self.put(part, content, seconds=fault.seconds if fault else 0.0)
        if fault:
            raise fault.error
        return ref

    async def edit(self, ref: str, content: Content) -> None:
        fault = self._begin("edit")
        if fault is None or fault.happened:
            if ref not in self.messages:
                raise MessageGone("message_not_found")
            self.messages[ref].content = content
        if fault:
            raise fault.error

    async def find_posted(self, since: datetime) -> list[Posted]:
        fault = self._begin("find")
        if fault:
            raise fault.error
        now = self.clock.now()
        return [
            Posted(message.part, ref)
            for ref, message in self.messages.items()
            if message.posted_at >= since and message.visible_from <= now
        ]

    async def delete(self, ref: str) -> None:
        fault = self._begin("delete")
        if fault is None or fault.happened:
            self.messages.pop(ref, None)
        if fault:
            raise fault.error

    def put(self, part: int, content: Content, *, seconds: float = 0.0) -> str:
        """A message of ours appears, whoever posted it."""
        self.posts += 1
        ref = f"ref {self.posts}"
        now = self.clock.now()
        self.messages[ref] = Message(part, content, now, now + timedelta(seconds=seconds))
        return ref

    @property
    def texts(self) -> list[str]:
        """What a person reads, part by part."""
        return [message.content.text for message in sorted(self.messages.values(), key=lambda message: message.part)]

    def _begin(self, method: str) -> Fault | None:
        self.calls.append(method)
        self.called_at.append((self.clock.monotonic(), method))
        return self.faults[method].popleft() if self.faults[method] else None
