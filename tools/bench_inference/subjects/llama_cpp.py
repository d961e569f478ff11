"""llama.cpp, Q8_0, through its own server's engine in xllamacpp: continuous batching and prompt cache.

The wheel is built for AVX2: on a processor with AVX-512 a build from source is faster than what is measured here.
"""

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.bench_inference.models import Model
from tools.bench_inference.subject import Request

SLOTS = 16
CONTEXT_TOKENS = 8192  # for each slot at most; all share what SHARED_TOKENS allows
SHARED_TOKENS = 16 * 1024
KIND = "Q8_0"


def prepare(model: Model, peers_python: Path) -> None:
    from tools.bench_inference.gguf_files import gguf_file

    gguf_file(model, KIND)


class Engine:
    bytes_per_weight = 34 / 32  # blocks of 32 bytes with a scale of two

    def load(self, model: Model) -> None:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(model.folder.with_name(f"{model.name}-{KIND}.gguf"))
        params.n_ctx = SHARED_TOKENS
        params.kv_unified = True
        params.n_parallel = SLOTS
        params.cont_batching = True
        params.cache_prompt = True
        params.cpuparams.n_threads = len(os.sched_getaffinity(0))
        params.cpuparams_batch.n_threads = len(os.sched_getaffinity(0))
        params.verbosity = -1
        self._server = xllamacpp.Server(params)

    def submit(self, requests: Sequence[Request]) -> None:
        for request in requests:
            threading.Thread(target=self._answer, args=(request,), daemon=True).start()

    def _answer(self, request: Request) -> None:
        body = {
            "prompt": list(request.prompt_ids),
            "n_predict": request.new_tokens,
            "ignore_eos": True,
            "temperature": 0,
            "stream": True,
            "cache_prompt": True,
        }
        if request.thread:  # its answer will be part of a prompt: only with their odds are ids told, which costs some
            body["n_probs"] = 1
        given = 0

        def on_chunk(chunk: Any) -> bool:
            # A token that ends inside a character is told with the one that completes it.
            nonlocal given
            for token_id in _token_ids(chunk)[: request.new_tokens - given]:
                given += 1
                request.on_token(token_id)
            return False

        self._server.handle_completions(body, on_chunk)
        for _ in range(request.new_tokens - given):
            request.on_token(0)


def _token_ids(chunk: dict[str, Any]) -> list[int]:
    """Of a part of a streamed completion; 0 stands for ids that were not asked for. Raises: RuntimeError."""
    if "error" in chunk:
        raise RuntimeError(f"llama.cpp refused the prompt: {chunk['error']}")
    (choice,) = chunk["choices"]
    if choice.get("logprobs"):
        return [token["id"] for token in choice["logprobs"]["content"]]
    return [0] if choice["text"] else []
