"""An engine of one sentence, which a test can hold up in the middle of it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from inference.engine import (
    NOBODY,
    ChatMessage,
    EngineLoad,
    Figures,
    Limits,
    ModelIdentity,
    Origin,
    Piece,
    Sampling,
    StopReason,
    StopSignal,
)
from inference.errors import EngineFailed


@dataclass
class Speaker:
    """An engine that says its name word by word, whenever `go` lets it. Closing it breaks what runs, as it should."""

    name: str
    go: asyncio.Event = field(default_factory=asyncio.Event)
    text: str | None = None
    is_closed: bool = False
    running: int = 0

    @property
    def limits(self) -> Limits:
        return Limits(context_tokens=len(self.name) * 100, max_concurrent=4)

    @property
    def model(self) -> ModelIdentity:
        return ModelIdentity(self.name, f"hash of {self.name}")

    @property
    def load(self) -> EngineLoad:
        return EngineLoad(running=self.running)

    async def warm_up(self) -> None:
        pass

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        if self.is_closed:
            raise EngineFailed("closed")
        return len(self.name)

    async def stream(
        self, messages: Sequence[ChatMessage], sampling: Sampling, stop: StopSignal, origin: Origin = NOBODY
    ) -> AsyncGenerator[Piece, None]:
        self.running += 1
        try:
            for word in (self.name, " ", "again") if self.text is None else (self.text,):
                if self.is_closed:
                    raise EngineFailed("closed while a reply was under way")
                yield Piece(word)
                await self.go.wait()
            yield Piece("", StopReason.END, Figures(1, 3, 0.0, 0.0))
        finally:
            self.running -= 1

    async def close(self) -> None:
        self.is_closed = True


def free(name: str, text: str | None = None) -> Speaker:
    """One that waits for nothing."""
    speaker = Speaker(name, text=text)
    speaker.go.set()
    return speaker
