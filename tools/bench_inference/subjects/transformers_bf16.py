"""transformers, eager, bfloat16: one batch after the other. Keeps the last prompt's cache for one that begins alike."""

import queue
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tools.bench_inference.models import Model
from tools.bench_inference.subject import Request

if TYPE_CHECKING:
    from torch import Tensor


class Engine:
    bytes_per_weight = 2.0

    def __init__(self) -> None:
        self._inbox: queue.SimpleQueue[Sequence[Request]] = queue.SimpleQueue()
        self._known: list[int] = []  # what the cache holds, when it is of one sequence
        self._cache: Any = None

    def load(self, model: Model) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        from inference.processor import usable_cores

        torch.set_num_threads(usable_cores())
        network: Any = AutoModelForCausalLM.from_pretrained(
            str(model.folder), dtype=torch.bfloat16, attn_implementation="sdpa", local_files_only=True
        )
        self._network = network.eval()
        threading.Thread(target=self._run, daemon=True).start()

    def submit(self, requests: Sequence[Request]) -> None:
        """Prompts of one length, if there are several."""
        self._inbox.put(tuple(requests))

    def _run(self) -> None:
        import torch

        with torch.inference_mode():
            while True:
                self._answer(self._inbox.get())

    def _answer(self, requests: Sequence[Request]) -> None:
        import torch

        ids = torch.tensor([list(request.prompt_ids) for request in requests])
        rest = ids[:, self._reuse(requests) :]
        for _ in range(requests[0].new_tokens):
            rest = self._next(rest)
            for request, token_id in zip(requests, rest[:, 0].tolist(), strict=True):
                self._known.append(token_id)
                request.on_token(token_id)

    def _next(self, ids: "Tensor") -> "Tensor":
        """(B, T) to (B, 1): the likeliest token after each row."""
        output = self._network(input_ids=ids, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        self._cache = output.past_key_values
        token_ids: Tensor = output.logits[:, -1].argmax(-1, keepdim=True)
        return token_ids

    def _reuse(self, requests: Sequence[Request]) -> int:
        """How many tokens of the prompt the cache holds now; at least one is left to compute."""
        from transformers import DynamicCache

        prompt = list(requests[0].prompt_ids)
        same = 0
        if len(requests) == 1 and self._cache is not None:
            most = min(len(prompt), len(self._known), self._cache.get_seq_length() + 1) - 1
            same = next((i for i in range(most) if prompt[i] != self._known[i]), most)
        if same:
            self._cache.crop(same - self._cache.get_seq_length())  # negative: so many are removed
        else:
            self._cache = DynamicCache()
        # A batch's caches are of no use to a later prompt.
        self._known = prompt if len(requests) == 1 else []
        return same
