"""A model in this process, on its CPU.

One thread owns the model: it loads it, warms it up and computes every reply, one after the other. The event loop only
waits for what that thread hands over. Whoever wants more than one reply at a time keeps its own queue.
"""

import asyncio
import collections
import contextlib
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field

from inference.engine import NOBODY, ChatMessage, EngineLoad, Limits, ModelIdentity, Origin, Piece, Sampling, StopSignal
from inference.errors import EngineBusy, EngineFailed, InferenceError, ModelUnusable
from inference.handover import Handover
from inference.loading import LoadedModel, load_model, preload
from inference.models.context import read_context_tokens
from inference.models.locate import ModelFiles
from inference.processor import usable_cores
from inference.replying import Meter, reply_pieces

MAX_CONCURRENT = 1
CLOSED = "the engine is closed"


@dataclass(eq=False)
class _Request:
    """A reply that somebody waits for. `taken` is when it was asked for, on the engine's clock."""

    messages: Sequence[ChatMessage]
    sampling: Sampling
    stop: StopSignal
    taken: float
    handover: Handover = field(default_factory=Handover)


class TransformersEngine:
    """Runs one model of the families that transformers knows. Not loaded before `warm_up`."""

    def __init__(
        self,
        files: ModelFiles,
        *,
        threads: int | None = None,
        clock: Callable[[], float] = time.perf_counter,
        load: Callable[[ModelFiles], LoadedModel] = load_model,
    ) -> None:
        """`threads`: None means one for each physical core. Raises: ModelUnusable, when the files are not a model's."""
        self._files = files
        self._threads = threads
        self._clock = clock
        self._load = load
        self._limits = Limits(read_context_tokens(files), MAX_CONCURRENT)
        self._model: LoadedModel | None = None
        self._requests: set[_Request] = set()  # touched by the event loop alone
        self._closing = threading.Event()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="inference")

    @property
    def limits(self) -> Limits:
        return self._limits

    @property
    def model(self) -> ModelIdentity:
        """The hash is the catalogue's; of other models it is known once they are loaded."""
        return ModelIdentity(self._files.name, self._model.sha256 if self._model else self._files.sha256)

    @property
    def load(self) -> EngineLoad:
        return EngineLoad(running=len(self._requests))

    async def warm_up(self) -> None:
        await asyncio.wrap_future(self._submit(self._load_and_try))

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Raises: EngineFailed, before `warm_up`."""
        return len(self._loaded().tokenizer.prompt_ids(messages))

    async def stream(
        self, messages: Sequence[ChatMessage], sampling: Sampling, stop: StopSignal, origin: Origin = NOBODY
    ) -> AsyncGenerator[Piece, None]:
        if len(self._requests) >= MAX_CONCURRENT:
            raise EngineBusy("the model is answering somebody else, and takes one question at a time")
        request = _Request(tuple(messages), sampling, stop, self._clock())
        self._requests.add(request)
        try:
            self._submit(lambda: self._answer(request)).add_done_callback(lambda done: _report_death(done, request))
            async with aclosing(request.handover.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._requests.discard(request)

    async def close(self) -> None:
        """Returns once the thread has ended, which takes as long as the token, or the loading, that is under way."""
        for request in self._requests:  # before the thread hears of it: else a reply might seem to end well
            request.handover.deliver(EngineFailed("the engine was closed while the reply was under way"))
        self._closing.set()
        await asyncio.to_thread(self._worker.shutdown, wait=True, cancel_futures=True)
        self._model = None

    def _submit(self, job: Callable[[], None]) -> "Future[None]":
        if self._closing.is_set():
            raise EngineFailed(CLOSED)
        return self._worker.submit(job)

    def _loaded(self) -> LoadedModel:
        model = self._model
        if model is None:
            raise EngineFailed(CLOSED if self._closing.is_set() else "the model is not loaded: await warm_up() first")
        return model

    # What follows runs in the worker thread.

    def _load_and_try(self) -> None:
        if self._model is not None:
            return
        try:
            preload()
            self._set_threads()
            model = self._load(self._files)
            # The first products of each shape are slow: kernels are chosen and weights packed.
            trial = self._pieces(
                model, (ChatMessage("user", "Hello"),), Sampling(2), self._closing.is_set, self._clock()
            )
            collections.deque(trial, maxlen=0)
        except ModelUnusable:
            raise
        except Exception as error:
            raise ModelUnusable(f"{self._files.path} cannot be loaded ({type(error).__name__}: {error})") from error
        self._model = model

    def _set_threads(self) -> None:
        """torch keeps the number of threads for each thread that computes, so this one sets its own."""
        import torch

        torch.set_num_threads(self._threads or usable_cores())
        with contextlib.suppress(RuntimeError):  # may be set once in a process, and only before it was used
            torch.set_num_interop_threads(1)

    def _answer(self, request: _Request) -> None:
        """The worker's border: whatever breaks is told to the one who waits, and the next request starts afresh."""

        def interrupted() -> bool:
            return request.stop.is_set() or request.handover.abandoned.is_set() or self._closing.is_set()

        try:
            for piece in self._pieces(self._loaded(), request.messages, request.sampling, interrupted, request.taken):
                request.handover.deliver(piece)
        except InferenceError as error:
            request.handover.deliver(error)
        except Exception as error:  # noqa: BLE001 - chained, and raised where the reply is awaited
            request.handover.deliver(_failure(f"generation broke ({type(error).__name__})", error))

    def _pieces(
        self,
        model: LoadedModel,
        messages: Sequence[ChatMessage],
        sampling: Sampling,
        interrupted: Callable[[], bool],
        taken: float,
    ) -> Iterator[Piece]:
        meter = Meter(self._clock, taken)
        return reply_pieces(model, self._limits.context_tokens, messages, sampling, interrupted, meter)


def _failure(message: str, cause: BaseException) -> EngineFailed:
    failure = EngineFailed(message)
    failure.__cause__ = cause
    return failure


def _report_death(done: "Future[None]", request: _Request) -> None:
    """A job that was cancelled, or that died of more than an Exception, must not leave its stream waiting."""
    if done.cancelled():
        request.handover.deliver(EngineFailed(CLOSED))
    elif (cause := done.exception()) is not None:
        request.handover.deliver(_failure("the model's thread broke off", cause))
