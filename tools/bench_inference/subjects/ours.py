"""Our own engine, below its pieces of text: the tokens as its thread chooses them, so that every one is timed.

Its speculation is off: replies of random weights go in circles, and what it gained by drafting them no real one would.
"""

import asyncio
import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Literal

from tools.bench_inference.models import Model
from tools.bench_inference.places import RESULTS
from tools.bench_inference.subject import Request

if TYPE_CHECKING:
    from inference.torch_engine.reply import Reply

MOST_SEQUENCES = 16
CACHE_BYTES = 1024**3  # as OpenVINO's
BYTES = {"float32": 4.0, "bfloat16": 2.0, "int8": 1.0}


class Engine:
    cache_type: Literal["bfloat16", "int8"] = "bfloat16"
    bytes_per_weight = 0.0  # known once it is loaded

    def load(self, model: Model) -> None:
        from inference.models.locate import ModelFiles
        from inference.torch_engine.engine import TorchEngine, TorchOptions

        options = TorchOptions(
            max_concurrent=MOST_SEQUENCES,
            cache_bytes=CACHE_BYTES,
            cache_type=self.cache_type,
            speculates=False,
            kernels_dir=RESULTS / "kernels",  # compiled in the first process, read by the others
        )
        self._engine: Any = TorchEngine(ModelFiles(model.name, model.folder), options)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._engine.warm_up(), self._loop).result()
        self._model: Any = self._engine._loaded().model
        self.bytes_per_weight = BYTES[self._model.decoder.precision]

    def submit(self, requests: Sequence[Request]) -> None:
        for request in requests:
            asyncio.run_coroutine_threadsafe(self._answer(request), self._loop).add_done_callback(_end_if_broken)

    async def _answer(self, request: Request) -> None:
        """Raises: EngineFailed."""
        reply = self._reply(request)
        self._engine._inbox.put(reply)
        async for _piece in reply.handover.pieces():
            pass

    def _reply(self, request: Request) -> "Reply":
        from inference.engine import Sampling, StopReason, StopSignal
        from inference.torch_engine.reply import Reply
        from inference.torch_engine.sequence import Sequence as TokenSequence

        class RawReply(Reply):
            """Ends by count alone: neither an end token nor a repetition counts."""

            def take(self, token_id: int, clock: Callable[[], float]) -> bool:
                request.on_token(token_id)
                goes_on = self.sequence.new_tokens < request.new_tokens
                if not goes_on:
                    self.finish(StopReason.LENGTH, clock())
                return goes_on

        sequence = TokenSequence(
            prompt_ids=list(request.prompt_ids),
            allowed_tokens=request.new_tokens,
            scope=request.thread,
            public_tokens=request.shared_tokens,
        )
        return RawReply(sequence, Sampling(), StopSignal(), time.perf_counter(), self._model)


def _end_if_broken(answer: "Future[None]") -> None:
    """A prompt that is refused or fails would be waited for in vain."""
    if (fault := answer.exception()) is not None:
        traceback.print_exception(fault)
        os._exit(1)
