"""An engine without a model: it echoes the question and counts. Load and fault tests run on it.

Its text is a contract, because those tests compare it character by character:

    Scripted reply to: <question>. 1 2 3 … N            the first question of a thread
    Scripted reply to: <question>. 1 2 3 … N (turn K)   the K-th, from the second on

<question> is the last user message with its whitespace folded, cut at 200 characters.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

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
from inference.errors import EngineBusy, EngineFailed
from inference.settings import ScriptedSettings

QUESTION_CHARACTERS = 200
CONTEXT_TOKENS = 1_000_000  # more messages than any thread has


class ScriptedEngine:
    """Speaks the contract above at `words_per_second`. A word is what other engines call a token."""

    def __init__(
        self,
        settings: ScriptedSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._active = 0
        self._closed = False

    @property
    def limits(self) -> Limits:
        return Limits(context_tokens=CONTEXT_TOKENS, max_concurrent=self._settings.max_concurrent)

    @property
    def model(self) -> ModelIdentity:
        return ModelIdentity(id="scripted")

    @property
    def load(self) -> EngineLoad:
        return EngineLoad(running=self._active)

    async def warm_up(self) -> None:
        """Nothing to load."""

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """One for each message: history then always fits the prompt budget, so that (turn K) counts every question."""
        return len(messages)

    async def stream(
        self, messages: Sequence[ChatMessage], sampling: Sampling, stop: StopSignal, origin: Origin = NOBODY
    ) -> AsyncGenerator[Piece, None]:
        """One piece a word. `sampling` means nothing here, not even its length limit: the text is the contract."""
        words = scripted_words(messages, self._settings.words)
        reason = StopReason.END
        with self._slot():
            started = first_at = self._clock()
            spoken = 0
            for word in words:
                await self._wait_for_word(started, spoken + 1)
                if stop.is_set():
                    reason = StopReason.STOPPED
                    break
                spoken += 1
                if spoken == 1:
                    first_at = self._clock()
                yield Piece(word)
            figures = Figures(self.count_tokens(messages), spoken, first_at - started, self._clock() - started)
            yield Piece("", reason, figures)

    async def close(self) -> None:
        self._closed = True

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """One of the `max_concurrent` places. Raises: EngineBusy, when there is none left."""
        if self._closed:
            raise EngineFailed("the engine is closed")
        if self._active >= self._settings.max_concurrent:
            raise EngineBusy(f"{self._active} replies are under way, as many as the scripted engine takes")
        self._active += 1
        try:
            yield
        finally:
            self._active -= 1

    async def _wait_for_word(self, started: float, number: int) -> None:
        """Until the word is due. Due times count from the start, so that a late loop does not slow the whole reply."""
        pace = self._settings.words_per_second
        due = started + number / pace if pace else started
        await self._sleep(max(0.0, due - self._clock()))
        if self._closed:
            raise EngineFailed("the engine was closed while the reply was under way")


def scripted_words(messages: Sequence[ChatMessage], words: int) -> list[str]:
    """The whole reply, cut into words; each but the first begins with its space, so that joined they are the reply."""
    questions = [message.content for message in messages if message.role == "user"]
    question = " ".join(questions[-1].split())[:QUESTION_CHARACTERS] if questions else ""
    numbers = "".join(f" {number}" for number in range(1, words + 1))
    turn = f" (turn {len(questions)})" if len(questions) > 1 else ""
    return re.findall(r" *[^ ]+", f"Scripted reply to: {question}.{numbers}{turn}")
