"""An engine whose model can be replaced while replies run, behind the same seam as every other.

New replies go to the new engine from one moment to the next; those under way end on the one that began them, which is
closed after the last. Which model to take, and whether it is any good, is the caller's to know.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass, field

from inference.engine import (
    NOBODY,
    ChatMessage,
    Engine,
    EngineLoad,
    Limits,
    ModelIdentity,
    Origin,
    Piece,
    Sampling,
    StopSignal,
)
from inference.errors import EngineFailed

OpenEngine = Callable[[], Awaitable[Engine]]


@dataclass(eq=False)
class _Tenure:
    """An engine and how many replies it is writing. Touched by the event loop alone."""

    engine: Engine
    replies: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.idle.set()

    def begin(self) -> None:
        self.replies += 1
        self.idle.clear()

    def end(self) -> None:
        self.replies -= 1
        if not self.replies:
            self.idle.set()


class SwitchableEngine:
    """Everything but `switch` and `switch_alone` is the current engine's."""

    def __init__(self, engine: Engine) -> None:
        self._current = _Tenure(engine)
        self._retired: set[_Tenure] = set()
        self._switching = asyncio.Lock()
        self._answering: ContextVar[ModelIdentity | None] = ContextVar("answering", default=None)

    @property
    def limits(self) -> Limits:
        return self._current.engine.limits

    @property
    def model(self) -> ModelIdentity:
        """The current model; to a task that has read a reply, the model that wrote it: for the record."""
        return self._answering.get() or self._current.engine.model

    @property
    def load(self) -> EngineLoad:
        """Of the current engine. A retired one ends its replies uncounted."""
        return self._current.engine.load

    async def warm_up(self) -> None:
        await self._current.engine.warm_up()

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        while True:
            tenure = self._current
            try:
                return tenure.engine.count_tokens(messages)
            except EngineFailed:
                if tenure is self._current:
                    raise
                # It was replaced and closed between the two lines above, which run in any thread: ask the new one.

    async def stream(
        self, messages: Sequence[ChatMessage], sampling: Sampling, stop: StopSignal, origin: Origin = NOBODY
    ) -> AsyncGenerator[Piece, None]:
        tenure = self._current
        tenure.begin()
        try:
            self._answering.set(tenure.engine.model)
            async with aclosing(tenure.engine.stream(messages, sampling, stop, origin)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            tenure.end()

    async def switch(self, engine: Engine) -> None:
        """Every reply that begins from now on is `engine`'s, which is warmed up and found good.

        Returns when the old engine has ended its last reply and is closed: until then two models are in memory.
        """
        async with self._switching:
            old, self._current = self._current, _Tenure(engine)
            self._retired.add(old)
            await old.idle.wait()
            await old.engine.close()
            self._retired.discard(old)

    async def switch_alone(self, open_new: OpenEngine, open_old: OpenEngine) -> None:
        """As `switch`, with one model in memory at a time: the old one is closed before the new one is loaded.

        The caller keeps new replies away until this returns; those under way end before it begins. When `open_new`
        raises, `open_old` brings the old model back, and the error is raised on.
        """
        async with self._switching:
            await self._current.idle.wait()
            await self._current.engine.close()
            try:
                engine = await open_new()
            except Exception:
                self._current = _Tenure(await open_old())
                raise
            self._current = _Tenure(engine)

    async def close(self) -> None:
        for tenure in (*self._retired, self._current):
            await tenure.engine.close()
