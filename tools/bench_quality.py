"""What the precisions of our engine cost in quality, on the real small model. `make bench-quality`, some minutes.

Perplexity on a fixed text that no calibration has seen, against transformers in float32; and how many of the first 40
greedy tokens of five answers are the same. Greedy answers part at near-ties, so that a count below 40 is no fault.
"""

import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from inference.decoding import Choice, TokenChooser, decode_tokens
from inference.engine import ChatMessage
from inference.gguf_loading import load_gguf
from inference.loading import preload
from inference.models import locate_model
from inference.models.prepared import kernels_dir
from inference.processor import has_fast_bf16
from inference.torch_engine.attention import Span, StepAttention
from inference.torch_engine.decoder import TorchDecoder
from inference.torch_engine.kernels import Kernels, load_kernels
from inference.torch_engine.kv_cache import CacheType, KVCache, bytes_per_token
from inference.torch_engine.load import load_decoder
from inference.torch_engine.shapes import Precision

ROOT = Path(__file__).parent.parent
MODELS = ROOT / "data" / "models"
MODEL = "smollm2-135m-instruct"
WAYS: tuple[tuple[Precision, CacheType], ...] = (
    ("float32", "float32"),
    ("bfloat16", "bfloat16"),
    ("int8", "bfloat16"),
    ("int8", "int8"),
)
SEQUENCE_TOKENS, ANSWER_TOKENS, CACHE_TOKENS = 512, 40, 1024
QUESTIONS = [
    "What does VPN mean?",
    "How do I write an out-of-office message?",
    "What is a firewall?",
    "What should I do in my first week?",
    "Why is a strong password important?",
]


def main() -> None:
    preload()
    files = locate_model(MODEL, MODELS)
    with warnings.catch_warnings(action="ignore"):
        network, raw_tokenizer = load_gguf(files.path, torch.float32)
    text = torch.tensor(raw_tokenizer((ROOT / "tools" / "quality_text.txt").read_text("utf-8"))["input_ids"])
    sequences = [part for part in text.split(SEQUENCE_TOKENS) if len(part) > 1]
    with torch.inference_mode():
        expected = [network(sequence[None]).logits[0].float() for sequence in sequences]
    exact = loss(expected, sequences)
    print(f"{MODEL}, {len(text)} tokens of text, {len(QUESTIONS)} answers of {ANSWER_TOKENS} tokens")
    print(f"{'transformers float32':24} perplexity {math.exp(exact):7.3f}")
    answers: list[list[int]] = []
    kernels = load_kernels(kernels_dir(MODELS))
    for precision, cache_type in WAYS:
        name = f"{precision}, cache {cache_type}"
        if precision == "bfloat16" and not has_fast_bf16():
            print(f"{name:24} not measured: this processor emulates it, which takes half an hour")
            continue
        loaded = load_decoder(files, precision, kernels)
        reader = Reader(loaded.decoder, kernels, cache_type)
        prompts = [loaded.tokenizer.prompt_ids([ChatMessage("user", question)]) for question in QUESTIONS]
        answers = answers or [transformers_answer(network, prompt) for prompt in prompts]
        logits = [reader.logits(sequence) for sequence in sequences]
        found = loss(logits, sequences)
        same = torch.cat([a.argmax(1) == b.argmax(1) for a, b in zip(logits, expected, strict=True)]).float().mean()
        agreements = [agreement(answer, reader.answer(prompt)) for answer, prompt in zip(answers, prompts, strict=True)]
        print(
            f"{name:24} perplexity {math.exp(found):7.3f} ({math.expm1(found - exact):+.2%}), "
            f"likeliest token the same {same:.1%}, greedy {' '.join(map(str, agreements))}"
        )


class Reader:
    """One sequence at a time, by the engine's own decoder, attention and cache."""

    def __init__(self, decoder: TorchDecoder, kernels: Kernels | None, cache_type: CacheType) -> None:
        self._decoder = decoder
        self._kernels = kernels
        config = decoder.config
        self._cache = KVCache(config, bytes_per_token(config, cache_type) * CACHE_TOKENS, cache_type)

    def logits(self, token_ids: Tensor, past: int = 0) -> Tensor:
        """(T, V), of tokens (T,) behind so many."""
        count = len(token_ids)
        attention = StepAttention(self._cache, [Span(0, past, count)], self._kernels)
        positions = torch.arange(past, past + count)
        return self._decoder.forward(token_ids, positions, attention, torch.arange(count), attention.whole)

    def answer(self, prompt_ids: list[int]) -> Iterator[int]:
        """Greedily, ANSWER_TOKENS."""
        pending, past = torch.tensor(prompt_ids), 0
        for _ in range(ANSWER_TOKENS):
            token_id = self.logits(pending, past)[-1].argmax()
            yield int(token_id)
            past += len(pending)
            pending = token_id.view(1)


def loss(logits: list[Tensor], sequences: list[Tensor]) -> float:
    """Nats for each token but the first of each sequence."""
    losses = [
        F.cross_entropy(rows[:-1], sequence[1:], reduction="none")
        for rows, sequence in zip(logits, sequences, strict=True)
    ]
    return float(torch.cat(losses).double().mean())


def transformers_answer(network: object, prompt_ids: list[int]) -> list[int]:
    tokens = decode_tokens(network, prompt_ids, TokenChooser(Choice(), prompt_ids), lambda: False)
    return [token_id for token_id, _ in zip(tokens, range(ANSWER_TOKENS), strict=False)]


def agreement(answer: list[int], other: Iterator[int]) -> int:
    """How many tokens are the same before the first that is not."""
    count = 0
    for expected, found in zip(answer, other, strict=True):
        if expected != found:
            break
        count += 1
    return count


if __name__ == "__main__":
    main()
