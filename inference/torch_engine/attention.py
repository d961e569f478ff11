"""Attention of one step: writes the new tokens' keys and values, and lets each token look at its own past."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from inference.torch_engine import abi
from inference.torch_engine.kernels import Kernels
from inference.torch_engine.kv_cache import KVCache
from inference.torch_engine.projection import Projection

# Up to so many new tokens of one sequence, reading the cache as it is beats preparing a matrix product.
KERNEL_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Span:
    """New tokens of one sequence: `tokens` of them, behind `past` that are in the cache, which begins at `first`."""

    first: int
    past: int
    tokens: int


class StepAttention:
    """`Attend` for one step, and `RunsLayers` where it is straight. The step's tokens are those of the spans, one span
    behind the other."""

    def __init__(self, cache: KVCache, spans: Sequence[Span], kernels: Kernels | None) -> None:
        """`kernels`: where they have the size of the model's heads built in."""
        self._cache = cache
        self._slots = torch.cat([torch.arange(s.first + s.past, s.first + s.past + s.tokens) for s in spans])  # (T,)
        self._kernels = kernels
        short: list[tuple[int, Span]] = []  # (where its rows begin, span)
        self._long: list[tuple[int, Span]] = []
        row = 0
        for span in spans:
            is_short = kernels is not None and span.tokens <= KERNEL_TOKENS
            (short if is_short else self._long).append((row, span))
            row += span.tokens
        self._placed = abi.Tokens(count=row, slots=self._slots.data_ptr())
        self._rows = _joined(torch.arange(row, row + span.tokens) for row, span in short)
        self._starts = _joined(torch.full((span.tokens,), span.first) for _, span in short)
        self._lengths = _joined(torch.arange(span.past + 1, span.past + span.tokens + 1) for _, span in short)
        self._read = abi.Tokens(
            count=len(self._rows),
            slots=self._slots.data_ptr(),
            starts=self._starts.data_ptr(),
            lengths=self._lengths.data_ptr(),
        )

    @property
    def is_straight(self) -> bool:
        """Whether all of it is read by the kernel, which can do a whole layer then, see `run_layer`."""
        return not self._long

    def __call__(self, layer: int, projection: Projection) -> Tensor:
        q = self._place(layer, projection)  # (T, H, D)
        if self.is_straight:
            return self._read_straight(layer, projection, q)
        mixed = torch.empty_like(q)
        if self._read.count:
            mixed[self._rows] = self._read_straight(layer, projection, q[self._rows])
        for row, span in self._long:
            rows = slice(row, row + span.tokens)
            mixed[rows] = self._multiply(layer, span, q[rows])
        return mixed

    def run_layer(self, index: int, layer: abi.Layer, hidden: Tensor, rotation: Tensor) -> None:
        """Where the step is straight."""
        assert self._kernels is not None
        self._read.rotation = rotation.data_ptr()
        self._kernels.run_layer(layer, self._cache.layers[index], self._read, hidden)

    def _place(self, layer: int, projection: Projection) -> Tensor:
        """Keys and values to the cache; the queries."""
        if self._kernels is not None:
            self._placed.rotation = projection.rotation.data_ptr()
            return self._kernels.place(projection.heads, self._cache.layers[layer], self._placed, projection.qkv)
        q, k, v = projection.split()
        self._cache.write(layer, self._slots, k, v)
        return q

    def _read_straight(self, layer: int, projection: Projection, q: Tensor) -> Tensor:
        assert self._kernels is not None
        return self._kernels.attend(projection.heads, self._cache.layers[layer], self._read, q)

    def _multiply(self, layer: int, span: Span, q: Tensor) -> Tensor:
        """In float32: on processors without AMX, torch's bfloat16 attention takes longer. q (T, H, D) → (T, H, D)."""
        past_k, past_v = self._cache.read(layer, span.first, span.past + span.tokens)
        mask = None
        if span.past and span.tokens > 1:
            mask = torch.ones(span.tokens, span.past + span.tokens, dtype=torch.bool).tril(span.past)
        mixed = scaled_dot_product_attention(
            q.transpose(0, 1)[None],
            past_k[None],
            past_v[None],
            attn_mask=mask,
            is_causal=span.past == 0 and span.tokens > 1,
            enable_gqa=q.shape[1] != past_k.shape[0],
        )
        return mixed[0].transpose(0, 1)


def _joined(stretches: Iterable[Tensor]) -> Tensor:
    return torch.cat([torch.empty(0, dtype=torch.long), *stretches])
