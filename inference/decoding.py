"""The token loop: prompt ids in, reply ids out, one at a time.

Written out rather than taken from `generate`, which hands over tokens only through callbacks, draws from the global
random state, and cannot be interrupted while it reads the prompt. Knows nothing of text, threads or requests.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

PREFILL_TOKENS = 256  # so that a stop is seen within a fraction of a second while a long prompt is read


@dataclass(frozen=True, slots=True)
class Choice:
    """How to choose, with nothing left open. `temperature` 0 is greedy; `top_k` 0 and `top_p` 1 mean all tokens."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    seed: int | None = None


class TokenChooser:
    """Chooses each next token of one reply. The order of the steps is that of transformers' `generate`."""

    def __init__(self, choice: Choice, prompt_ids: Sequence[int]) -> None:
        import torch

        self._choice = choice
        self._seen = torch.tensor(prompt_ids, dtype=torch.long)  # (T,), the prompt and the reply so far
        self._prompt_tokens = len(prompt_ids)
        self._generator = torch.Generator()
        if choice.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(choice.seed)

    def choose(self, logits: "torch.Tensor") -> int:
        """`logits` (V,). Raises: FloatingPointError, when they are not numbers."""
        import torch

        scores = logits.float()
        if bool(torch.isnan(scores).any()):
            raise FloatingPointError("the model's logits are not numbers: its weights are damaged or of a wrong type")
        if self._choice.repetition_penalty != 1.0:
            scores = penalise_repetition(scores, self._seen, self._choice.repetition_penalty)
        if self._choice.presence_penalty:
            said = self._seen[self._prompt_tokens :]
            scores = penalise_presence(scores, said, self._choice.presence_penalty)
        token_id = int(scores.argmax()) if self._choice.temperature == 0 else self._sample(scores)
        self._seen = torch.cat([self._seen, torch.tensor([token_id])])
        return token_id

    def _sample(self, scores: "torch.Tensor") -> int:
        import torch

        candidates, probabilities = likely_tokens(scores, self._choice)
        drawn = torch.multinomial(probabilities, 1, generator=self._generator)
        return int(candidates[drawn])


def penalise_repetition(scores: "torch.Tensor", seen: "torch.Tensor", penalty: float) -> "torch.Tensor":
    """`scores` (V,) with those of the `seen` ids (T,) lowered. Source: arXiv:1909.05858, section 4.1."""
    import torch

    old = scores[seen]
    return scores.scatter(0, seen, torch.where(old < 0, old * penalty, old / penalty))


def penalise_presence(scores: "torch.Tensor", said: "torch.Tensor", penalty: float) -> "torch.Tensor":
    """`scores` (V,) less `penalty` for every id that is among the `said` (T,). Source: OpenAI's API reference."""
    scores = scores.clone()
    scores[said] -= penalty
    return scores


def likely_tokens(scores: "torch.Tensor", choice: Choice) -> "tuple[torch.Tensor, torch.Tensor]":
    """The ids (K,) among which to draw, likeliest first, and their probabilities (K,), which sum to 1.

    Sorting only the `top_k` scores spares a sort of the whole vocabulary (150,000 in the Qwen family) at each token.
    """
    import torch

    scores = scores / choice.temperature
    size = len(scores)
    sorted_scores, ids = torch.topk(scores, min(choice.top_k or size, size))
    probabilities = torch.softmax(sorted_scores, dim=0)
    # Nucleus: the fewest tokens whose sum reaches top_p; the likeliest is always among them.
    before = probabilities.cumsum(0) - probabilities
    probabilities = probabilities.masked_fill(before >= choice.top_p, 0.0)
    probabilities[0] = torch.clamp(probabilities[0], min=torch.finfo(torch.float32).tiny)
    return ids, probabilities / probabilities.sum()


def decode_tokens(
    network: Any, prompt_ids: Sequence[int], chooser: TokenChooser, interrupted: Callable[[], bool]
) -> Iterator[int]:
    """Reply ids without end: the caller stops asking. Ends by itself only when `interrupted` says so, within one token.

    `network` is a causal language model of transformers. Runs wherever it is called, under `torch.inference_mode`.
    """
    import torch
    from transformers import DynamicCache

    cache = DynamicCache(config=network.config)
    pending = torch.tensor([prompt_ids], dtype=torch.long)  # (1, T): ids that are not in the cache yet
    while True:
        for part in torch.split(pending, PREFILL_TOKENS, dim=1):
            if interrupted():
                return
            with torch.inference_mode():
                logits = network(input_ids=part, past_key_values=cache, use_cache=True, logits_to_keep=1).logits
        token_id = chooser.choose(logits[0, -1])
        yield token_id
        pending = torch.tensor([[token_id]])
