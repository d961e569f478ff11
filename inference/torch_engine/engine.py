"""Our own engine behind the seam: many replies at once, a token of each in every step.

One thread owns the model, the cache and the scheduler. Everybody else leaves requests in its queue and waits for the
pieces that it hands over; nothing else is shared.
"""

import asyncio
import queue
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Literal

from inference.engine import NOBODY, ChatMessage, EngineLoad, Limits, ModelIdentity, Origin, Piece, Sampling, StopSignal
from inference.errors import ContextOverflow, EngineBusy, EngineFailed, ModelUnusable
from inference.models.context import read_context_tokens
from inference.models.locate import ModelFiles
from inference.processor import usable_cores
from inference.torch_engine.shapes import Precision

if TYPE_CHECKING:
    from inference.torch_engine.kernels import Kernels
    from inference.torch_engine.load import LoadedDecoder
    from inference.torch_engine.machine import Machine
    from inference.torch_engine.reply import Reply

CLOSED = "the engine is closed"
# Beyond those that run, so many may wait inside; whoever wants a longer line keeps it outside.
MOST_WAITING = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchOptions:
    """How the engine uses the machine. `threads` None: one for each physical core."""

    precision: Precision | Literal["auto"] = "auto"
    threads: int | None = None
    max_concurrent: int = 16
    cache_bytes: int = 512 * 1024 * 1024
    cache_type: Literal["bfloat16", "int8", "float32"] = "bfloat16"
    speculates: bool = True
    keeps_prefixes: bool = True
    kernels_dir: Path | None = None


class TorchEngine:
    """Runs one model. Not loaded before `warm_up`."""

    def __init__(
        self,
        files: ModelFiles,
        options: TorchOptions | None = None,
        *,
        clock: Callable[[], float] = time.perf_counter,
        load: "Callable[[ModelFiles, Precision | Literal['auto'], Kernels | None], LoadedDecoder] | None" = None,
    ) -> None:
        """Raises: ModelUnusable, when the files are not a model's."""
        self._files = files
        self._options = options or TorchOptions()
        self._clock = clock
        self._load = load
        self._limits = Limits(read_context_tokens(files), self._options.max_concurrent)
        self._replies: set[Reply] = set()  # touched by the event loop alone
        self._inbox: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()  # None: end
        self._ready: Future[None] = Future()
        self._machine: Machine | None = None
        self._thread: Thread | None = None
        self._is_closing = False

    @property
    def limits(self) -> Limits:
        return self._limits

    @property
    def model(self) -> ModelIdentity:
        """The hash is the catalogue's; of other models it is known once they are loaded."""
        return ModelIdentity(self._files.name, self._machine.model.sha256 if self._machine else self._files.sha256)

    @property
    def load(self) -> EngineLoad:
        return self._machine.load if self._machine is not None else EngineLoad()

    async def warm_up(self) -> None:
        if self._is_closing:
            raise EngineFailed(CLOSED)
        if self._thread is None:
            self._thread = Thread(target=self._run, name="inference", daemon=True)
            self._thread.start()
        await asyncio.shield(asyncio.wrap_future(self._ready))

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Raises: EngineFailed, before `warm_up`."""
        return len(self._loaded().model.tokenizer.prompt_ids(messages))

    async def stream(
        self, messages: Sequence[ChatMessage], sampling: Sampling, stop: StopSignal, origin: Origin = NOBODY
    ) -> AsyncGenerator[Piece, None]:
        machine = self._loaded()
        taken_at = self._clock()
        prompt_ids, public_tokens = await asyncio.to_thread(machine.read_messages, messages)
        pieces = self.generate(prompt_ids, sampling, stop, origin, public_tokens=public_tokens, taken_at=taken_at)
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    async def generate(
        self,
        prompt_ids: Sequence[int],
        sampling: Sampling,
        stop: StopSignal,
        origin: Origin = NOBODY,
        *,
        public_tokens: int = 0,
        taken_at: float | None = None,
    ) -> AsyncGenerator[Piece, None]:
        """As `stream`, of token ids. The first `public_tokens` of them may serve anybody's replies."""
        if len(self._replies) >= self._options.max_concurrent + MOST_WAITING:
            raise EngineBusy(f"{len(self._replies)} replies are under way or wait, as many as the engine takes")
        machine = self._loaded()
        allowed = self._allowed_tokens(machine, len(prompt_ids), sampling)
        now = self._clock() if taken_at is None else taken_at
        reply = machine.make_reply(prompt_ids, allowed, sampling, stop, origin, public_tokens, now)
        self._replies.add(reply)
        self._inbox.put(reply)
        try:
            async with aclosing(reply.handover.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._replies.discard(reply)

    async def close(self) -> None:
        """Returns once the thread has ended, which takes as long as the step under way, or a layer while it loads."""
        self._is_closing = True
        for reply in self._replies:
            reply.handover.deliver(EngineFailed("the engine was closed while the reply was under way"))
        self._inbox.put(None)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
        self._machine = None

    def _loaded(self) -> "Machine":
        if self._is_closing or self._machine is None:
            raise EngineFailed(CLOSED if self._is_closing else "the model is not loaded: await warm_up() first")
        return self._machine

    def _allowed_tokens(self, machine: "Machine", prompt_tokens: int, sampling: Sampling) -> int:
        """How many new tokens there is room for, in the model and in the cache. Raises: ContextOverflow."""
        limit = min(self._limits.context_tokens, machine.cache_capacity_tokens)
        if prompt_tokens >= limit:
            raise ContextOverflow(prompt_tokens, limit - 1)
        return min(sampling.max_new_tokens, limit - prompt_tokens)

    # What follows runs in the thread.

    def _run(self) -> None:
        try:
            machine = self._open()
        except BaseException as error:  # noqa: BLE001 - raised where the start is awaited
            self._ready.set_exception(error)
            return
        self._machine = machine
        self._ready.set_result(None)
        machine.serve(self._inbox)

    def _check(self) -> None:
        if self._is_closing:
            raise EngineFailed(CLOSED)

    def _open(self) -> "Machine":
        """Raises: ModelUnusable; EngineFailed, when it is closed meanwhile."""
        from inference.loading import collecting_later, preload

        try:
            preload(networks=False)
            with collecting_later():
                return self._load_and_try()
        except (ModelUnusable, EngineFailed):
            raise
        except Exception as error:
            raise ModelUnusable(f"{self._files.path} cannot be loaded ({type(error).__name__}: {error})") from error

    def _load_and_try(self) -> "Machine":
        from inference.torch_engine.kernels import load_kernels
        from inference.torch_engine.load import load_decoder
        from inference.torch_engine.machine import Machine, set_threads

        set_threads(self._options.threads or usable_cores())
        kernels = load_kernels(self._options.kernels_dir)
        load = self._load or partial(load_decoder, check=self._check)
        model = load(self._files, self._options.precision, kernels)
        machine = Machine(model, self._options, kernels, self._clock)
        machine.try_out()
        return machine
