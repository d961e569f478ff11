"""Attention of one step: writes the new tokens' keys and values, and lets each token look at its own past."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from inference.torch_engine.kernels import Kernels, abi
from inference.torch_engine.kv_cache import KVCache
from inference.torch_engine.projection import Projection


@dataclass(frozen=True, slots=True)
class Span:
    """New tokens of one sequence: `tokens` of them, behind `past` that are in the cache, which begins at `first`."""

    first: int
    past: int
    tokens: int


class StepAttention:
    """`Attend` for one step, and `RunsLayers` with kernels. Its tokens are those of the spans, one behind the other."""

    def __init__(self, cache: KVCache, spans: Sequence[Span], kernels: Kernels | None) -> None:
        """`kernels`: where they have the size of the model's heads built in."""
        self._cache = cache
        self._spans = spans
        self._kernels = kernels
        self._slots = torch.cat([torch.arange(s.first + s.past, s.first + s.past + s.tokens) for s in spans])  # (T,)
        self._starts = torch.cat([torch.full((s.tokens,), s.first) for s in spans])
        self._lengths = self._slots - self._starts + 1
        self._tokens = abi.Tokens(
            count=len(self._slots),
            slots=self._slots.data_ptr(),
            starts=self._starts.data_ptr(),
            lengths=self._lengths.data_ptr(),
        )

    @property
    def whole(self) -> "StepAttention | None":
        """Itself, where it can compute layers as a whole."""
        return None if self._kernels is None else self

    def __call__(self, layer: int, projection: Projection) -> Tensor:
        if self._kernels is not None:
            self._tokens.rotation = projection.rotation.data_ptr()
            heads, stored = projection.heads, self._cache.layers[layer]
            q = self._kernels.place(heads, stored, self._tokens, projection.qkv)
            return self._kernels.attend(heads, stored, self._tokens, q)
        q, k, v = projection.split()
        self._cache.write(layer, self._slots, k, v)
        rows = torch.split(q, [span.tokens for span in self._spans])
        return torch.cat([self._attend(layer, *part) for part in zip(self._spans, rows, strict=True)])

    def run_layer(self, index: int, layer: abi.Layer, hidden: Tensor, rotation: Tensor) -> None:
        assert self._kernels is not None
        self._tokens.rotation = rotation.data_ptr()
        self._kernels.run_layer(layer, self._cache.layers[index], self._tokens, hidden)

    def _attend(self, layer: int, span: Span, q: Tensor) -> Tensor:
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
