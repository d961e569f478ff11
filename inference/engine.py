"""The seam between the conversation and whatever produces text.

Owns the shapes that cross it. An engine is a model in this process, a script for tests, or (later) a remote service:
nothing above this seam can tell. Keep it narrow.
"""

import threading
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a chat, as the model's chat template takes it.

    `public_characters`: so many at the beginning of the content are no conversation's but the company's own, such as
    passages of a handbook, and what was computed for them may serve anybody who is shown the same. Of a system message
    all are.
    """

    role: Role
    content: str
    public_characters: int = 0


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose the next token. `None` means: what the model's own generation config says.

    `temperature` 0 is greedy decoding. `stop` are strings that end the reply; they are not part of it.
    """

    max_new_tokens: int = 512
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()


class StopReason(StrEnum):
    END = "end"  # the model ended its reply
    LENGTH = "length"  # max_new_tokens, or the context is full
    STOP_STRING = "stop_string"
    STOPPED = "stopped"  # somebody asked for it
    REPETITION = "repetition"  # the model went in circles


@dataclass(frozen=True, slots=True)
class Figures:
    """What one reply cost. Seconds are wall clock, measured where the model runs.

    `queue_seconds`: until its prompt began to be read. `cached_tokens`: of the prompt, computed before for another
    reply. `drafted_tokens` were guessed ahead, `accepted_tokens` of them rightly. `batch_size`: how many replies shared
    its steps, on average.
    """

    prompt_tokens: int
    new_tokens: int
    seconds_to_first_token: float
    seconds: float
    queue_seconds: float = 0.0
    cached_tokens: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    batch_size: float = 1.0

    @property
    def tokens_per_second(self) -> float:
        """Decoding speed: the tokens after the first over the time after the first. 0 with fewer than two tokens."""
        decode_seconds = self.seconds - self.seconds_to_first_token
        return (self.new_tokens - 1) / decode_seconds if self.new_tokens > 1 and decode_seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Some more text of the reply: whole characters, possibly none.

    The last piece alone has `stop_reason` and `figures`.
    """

    text: str
    stop_reason: StopReason | None = None
    figures: Figures | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one engine can take. `context_tokens` counts prompt and reply together."""

    context_tokens: int
    max_concurrent: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a reply is for. Turns are shared out fairly between `user`s.

    `scope` names a conversation: what was computed for its text serves no other. Empty: it serves nobody.
    """

    user: str = ""
    scope: str = ""


NOBODY = Origin()


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """How busy an engine is at this moment. `cache_tokens` of `cache_capacity_tokens` are taken by running replies."""

    running: int = 0
    waiting: int = 0
    cache_tokens: int = 0
    cache_capacity_tokens: int = 0
    preemptions: int = 0


class StopSignal:
    """Asks an engine to end a reply within one token. Set from any thread; the text so far stands."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model answered, for the record. `sha256` is of the weights file; empty where there is none."""

    id: str
    sha256: str = field(default="")


class Engine(Protocol):
    """Produces replies. One instance serves the whole process."""

    @property
    def limits(self) -> Limits: ...

    @property
    def model(self) -> ModelIdentity: ...

    async def warm_up(self) -> None:
        """Load the weights and run once, away from the event loop. Returns when `stream` will answer at full speed.

        Raises: ModelUnusable, when the files cannot be loaded.
        """

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of the prompt that `stream` would make of these messages, chat template included.

        Blocks for as long as tokenizing takes and may be called from any thread: keep it off the event loop.
        """

    @property
    def load(self) -> EngineLoad: ...

    def stream(
        self, messages: Sequence[ChatMessage], sampling: Sampling, stop: StopSignal, origin: Origin = NOBODY
    ) -> AsyncGenerator[Piece, None]:
        """The reply, piece by piece; concatenated, the `text`s are the whole reply.

        Close it (`contextlib.aclosing`) to abandon the reply: generation ends within one token.
        Raises: EngineBusy, ContextOverflow before the first piece; EngineFailed at any time.
        """

    async def close(self) -> None:
        """Stop what runs, free the model. Streams still open raise EngineFailed."""
