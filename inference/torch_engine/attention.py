"""Attention of one step: writes the new tokens' keys and values, and lets each token look at its own past."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from inference.torch_engine.kernels import AttendKernel
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
    """`Attend` for one step. The step's tokens are those of the spans, one span behind the other."""

    def __init__(self, cache: KVCache, spans: Sequence[Span], kernel: AttendKernel | None) -> None:
        self._cache = cache
        self._slots = torch.cat([torch.arange(s.first + s.past, s.first + s.past + s.tokens) for s in spans])  # (T,)
        self._kernel = kernel
        self._short: list[tuple[int, Span]] = []  # (where its rows begin, span)
        self._long: list[tuple[int, Span]] = []
        row = 0
        for span in spans:
            is_short = kernel is not None and span.tokens <= KERNEL_TOKENS
            (self._short if is_short else self._long).append((row, span))
            row += span.tokens
        if self._short:
            self._rows = torch.cat([torch.arange(row, row + span.tokens) for row, span in self._short])
            self._starts = torch.cat([torch.full((span.tokens,), span.first) for _, span in self._short])
            self._lengths = torch.cat(
                [torch.arange(span.past + 1, span.past + span.tokens + 1) for _, span in self._short]
            )

    def __call__(self, layer: int, projection: Projection) -> Tensor:
        q = self._place(layer, projection)  # (T, H, D)
        if not self._long:
            return self._read_straight(layer, q)
        mixed = torch.empty_like(q)
        if self._short:
            mixed[self._rows] = self._read_straight(layer, q[self._rows])
        for row, span in self._long:
            rows = slice(row, row + span.tokens)
            mixed[rows] = self._multiply(layer, span, q[rows])
        return mixed

    def _place(self, layer: int, projection: Projection) -> Tensor:
        """Keys and values to the cache; the queries."""
        if self._kernel is not None:
            cache = self._cache
            return self._kernel.place(
                projection, self._slots, cache.keys[layer], cache.values[layer], *cache.scales_of(layer)
            )
        q, k, v = projection.split()
        self._cache.write(layer, self._slots, k, v)
        return q

    def _read_straight(self, layer: int, q: Tensor) -> Tensor:
        assert self._kernel is not None
        keys, values = self._cache.keys[layer], self._cache.values[layer]
        k_scale, v_scale = self._cache.scales_of(layer)
        scale = q.shape[-1] ** -0.5
        return self._kernel(q, keys, values, k_scale, v_scale, self._starts, self._lengths, scale)

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
