"""Our own engine, below its pieces of text: the tokens as its thread chooses them, so that every one is timed.

Its speculation is off. With it, and random weights, whose greedy replies go in circles, it would draft what no real
reply repeats.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tools.bench_inference.models import Model
from tools.bench_inference.subject import Request

if TYPE_CHECKING:
    from inference.torch_engine.reply import Reply

MOST_SEQUENCES = 16
CACHE_BYTES = 1024**3  # as OpenVINO's
BYTES = {"float32": 4.0, "bfloat16": 2.0, "int8": 1.0}


class Engine:
    bytes_per_weight = 0.0  # known once it is loaded

    def load(self, model: Model) -> None:
        from inference.models.locate import ModelFiles
        from inference.torch_engine.engine import TorchEngine, TorchOptions

        options = TorchOptions(max_concurrent=MOST_SEQUENCES, cache_bytes=CACHE_BYTES, speculates=False)
        self._engine: Any = TorchEngine(ModelFiles(model.name, model.folder), options)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._engine.warm_up(), self._loop).result()
        self._machine: Any = self._engine._loaded()
        self.bytes_per_weight = BYTES[self._machine.model.decoder.precision]

    def submit(self, requests: Sequence[Request]) -> None:
        for request in requests:
            self._engine._inbox.put(self._reply(request))

    def _reply(self, request: Request) -> "Reply":
        from inference.engine import Sampling, StopSignal
        from inference.torch_engine.reply import Reply
        from inference.torch_engine.sequence import Sequence as TokenSequence

        class RawReply(Reply):
            """Ends by count alone: neither an end token nor a repetition counts."""

            def take(self, token_id: int, clock: Callable[[], float]) -> bool:
                request.on_token(token_id)
                return self.sequence.new_tokens < request.new_tokens

        sequence = TokenSequence(
            prompt_ids=list(request.prompt_ids),
            allowed_tokens=request.new_tokens,
            scope=request.thread,
            public_tokens=request.shared_tokens,
        )
        return RawReply(sequence, Sampling(), StopSignal(), time.perf_counter(), self._loop, self._machine.model)
