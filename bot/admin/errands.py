"""Work that takes longer than somebody waits for a page: begun there, and looked at again until it is done."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

import structlog

from bot.clock import Clock

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Progress(StrEnum):
    NONE = "none"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class State(Generic[T]):
    """`result` and `ended_at` are of the last one that was done; `done` of `total` steps while one runs."""

    progress: Progress
    done: int = 0
    total: int = 0
    result: T | None = None
    ended_at: datetime | None = None
    incident: str = ""


async def _nothing_goes() -> int:
    return 0


class Errand(Generic[T]):
    """One at a time. What it brought is kept until the next one, or a restart."""

    def __init__(self, name: str, clock: Clock, erased: Callable[[], Awaitable[int]] = _nothing_goes) -> None:
        """`erased`: another number after each erasure, by whatever process; for results with people's words in them."""
        self._name = name
        self._clock = clock
        self._erased = erased
        self._before = 0  # when what it brought was begun
        self._task: asyncio.Task[None] | None = None
        self._state: State[T] = State(Progress.NONE)

    @property
    def state(self) -> State[T]:
        return self._state

    async def look(self) -> State[T]:
        """The state; without a result that somebody who was erased since may stand in."""
        if self._state.result is not None and await self._erased() != self._before:
            self._state = replace(self._state, progress=_without_result(self._state.progress), result=None)
        return self._state

    def start(self, work: Callable[[Callable[[int], None]], Awaitable[T]]) -> bool:
        """Run the work, which tells after each step of how many. False: one is running."""
        if self._task is not None and not self._task.done():
            return False
        before = self._state
        self._state = State(Progress.RUNNING, result=before.result, ended_at=before.ended_at)
        self._task = asyncio.create_task(self._run(work), name=f"errand {self._name}")
        return True

    async def close(self) -> None:
        """Give up what runs."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self, work: Callable[[Callable[[int], None]], Awaitable[T]]) -> None:
        def step(total: int) -> None:
            state = self._state
            self._state = State(Progress.RUNNING, state.done + 1, total, state.result, state.ended_at)

        try:
            before = await self._erased()
            result = await work(step)
        except Exception:
            incident, state = secrets.token_hex(4), self._state
            log.exception("errand_failed", errand=self._name, incident=incident)
            self._state = State(Progress.FAILED, result=state.result, ended_at=state.ended_at, incident=incident)
        else:
            self._before = before
            self._state = State(Progress.DONE, result=result, ended_at=self._clock.now())


def _without_result(progress: Progress) -> Progress:
    return Progress.NONE if progress is Progress.DONE else progress
