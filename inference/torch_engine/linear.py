"""How a weight is stored and multiplied: `y = x Wᵀ + b`, and rows of the embedding.

Activations go in and come out as float32; what happens in between is the weight's own business. int8 is W8A8: each row
of x is rounded to 8 bits with a scale of its own, so that a product of whole numbers is left, which a processor with
VNNI or AMX does for eight rows in the time of one: that of reading the weight.
"""

from collections.abc import Mapping
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

LEVELS = 127  # int8, symmetric: -127 … 127
ZERO = 128  # of the activations, which oneDNN wants unsigned
# What goes into these has rows that peak far above their middle (a product of two activations; the last norm), and 8
# bits lose the small ones, so a second 8 bits hold what the first leave over. Twice the rows cost little while rows are
# few: the weight is read once. Measured on SmolLM2, perplexity against float32: +0.6 % instead of +1.8 %.
TWO_PART = frozenset({"down", "head", "embed"})  # `embed` as a tied head


class Linear(Protocol):
    def __call__(self, x: Tensor) -> Tensor:
        """`x` (T, K) to (T, N), both float32."""


class FloatLinear:
    """float32 or bfloat16 weights (N, K), whose products are summed in float32."""

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self._weight = weight
        self._bias = None if bias is None else bias.to(weight.dtype)

    def __call__(self, x: Tensor) -> Tensor:
        return F.linear(x.to(self._weight.dtype), self._weight, self._bias).float()


class Int8Linear:
    """int8 weights (N, K) with a scale for each output (N,), packed into oneDNN's own private copy.

    Source: aten/src/ATen/native/quantized/cpu/qlinear.cpp of torch, `onednn::qlinear_pointwise`.
    """

    def __init__(self, weight: Tensor, scale: Tensor, bias: Tensor | None = None, *, two_part: bool = False) -> None:
        self._packed = torch.ops.onednn.qlinear_prepack(weight.contiguous(), None)
        self._scale = scale / LEVELS  # of the weight, and of activations that lie in -127 … 127 instead of -1 … 1
        self._zero = torch.zeros(len(scale), dtype=torch.int32)
        self._offset = torch.full((1, weight.shape[1]), ZERO + 0.5)  # with it, cutting off rounds to the nearest
        self._bias = bias
        self._two_part = two_part

    def __call__(self, x: Tensor) -> Tensor:
        peak = x.abs().amax(dim=1, keepdim=True)  # (T, 1)
        # A row of zeros becomes garbage here, and zeros again when it is multiplied by its peak.
        levels = torch.addcdiv(self._offset, x, peak, value=LEVELS)  # (T, K) in 1 … 256
        y = self._two_part_product(levels) if self._two_part else self._product(levels.to(torch.uint8))
        return y.mul_(peak) if self._bias is None else torch.addcmul(self._bias, y, peak)

    def _two_part_product(self, levels: Tensor) -> Tensor:
        """As if activations had 16 bits: what rounding leaves over goes through the same weights, 254 times as fine."""
        whole = levels.to(torch.uint8)
        rest = levels.sub_(whole).sub_(0.5).mul_(2 * LEVELS).add_(ZERO + 0.5).to(torch.uint8)
        y = self._product(torch.cat([whole, rest]))
        return torch.add(y[: len(levels)], y[len(levels) :], alpha=1 / (2 * LEVELS))

    def _product(self, levels: Tensor) -> Tensor:
        """`levels` (T, K) uint8 to (T, N) float32, exact but for the rounding of the scales."""
        product: Tensor = torch.ops.onednn.qlinear_pointwise.default(
            levels, 1.0, ZERO, self._packed, self._scale, self._zero, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return product


class FloatEmbedding:
    def __init__(self, weight: Tensor) -> None:
        self._weight = weight  # (V, H)

    def __call__(self, token_ids: Tensor) -> Tensor:
        """`token_ids` (T,) to (T, H), float32."""
        return F.embedding(token_ids, self._weight).float()


class Int8Embedding:
    def __init__(self, weight: Tensor, scale: Tensor) -> None:
        self._weight = weight  # (V, H), int8: where it is mapped from a file, only the rows in use come into memory
        self._scale = scale  # (V,)

    def __call__(self, token_ids: Tensor) -> Tensor:
        """`token_ids` (T,) to (T, H), float32."""
        return self._weight[token_ids] * self._scale[token_ids].unsqueeze(1)


def quantize_weight(weight: Tensor) -> tuple[Tensor, Tensor]:
    """`weight` (N, K) of floats to int8 and a scale for each row (N,), float32."""
    scale = weight.abs().amax(dim=1).float().clamp_(min=torch.finfo(torch.float32).tiny) / LEVELS
    return (weight.float() / scale.unsqueeze(1)).round_().to(torch.int8), scale


def make_linear(stored: Mapping[str, Tensor], name: str) -> Linear:
    """Of the tensors `name.weight`, `name.bias` where it has one, and `name.scale` where it is int8."""
    weight, bias = stored[f"{name}.weight"], stored.get(f"{name}.bias")
    if weight.dtype == torch.int8:
        return Int8Linear(weight, stored[f"{name}.scale"], bias, two_part=name in TWO_PART)
    return FloatLinear(weight, bias)


def make_embedding(stored: Mapping[str, Tensor], name: str) -> FloatEmbedding | Int8Embedding:
    weight = stored[f"{name}.weight"]
    return Int8Embedding(weight, stored[f"{name}.scale"]) if weight.dtype == torch.int8 else FloatEmbedding(weight)
