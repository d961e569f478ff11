"""How a weight is stored and multiplied: `y = f(x) Wᵀ + b`, and rows of the embedding.

f is what stands in front of the product (a norm, or the gate of the MLP), so that a kernel can do both in one pass.
Activations go in and come out as float32; what happens in between is the weight's own business. int8 weights are
multiplied by our own kernel (W8A16, `multiply.cpp`), or by oneDNN (W8A8) where that is faster.
"""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from inference.torch_engine.kernels import Kernels, packed_rows, product

LEVELS = 127  # int8, symmetric: -127 … 127
ZERO = 128  # of the activations, which oneDNN wants unsigned
# What goes into these has rows that peak far above their middle (a product of two activations; the last norm), and 8
# bits lose the small ones, so a second 8 bits hold what the first leave over. Twice the rows cost little while rows are
# few: the weight is read once. Measured on SmolLM2, perplexity against float32: +0.6 % instead of +1.8 %.
TWO_PART = frozenset({"down", "head", "embed"})  # `embed` as a tied head


class RmsNorm:
    """Over the last dimension: x / sqrt(mean(x²) + epsilon) · weight, in half the time of `F.rms_norm` on a CPU.

    That one is seven operations; |x| is one, sqrt(mean(x²)) = |x| / sqrt(K), and hypot(a, b) = sqrt(a² + b²).
    """

    def __init__(self, weight: Tensor, epsilon: float) -> None:
        self.weight = weight  # (K,)
        self.epsilon = epsilon
        self._lengthened = weight * math.sqrt(len(weight))
        self._least = torch.tensor(math.sqrt(len(weight) * epsilon))

    def __call__(self, x: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        return x.div(torch.hypot(length, self._least)).mul_(self._lengthened)


def swiglu(gate_up: Tensor) -> Tensor:
    """(T, 2 I) to (T, I): silu(gate) · up."""
    gate, up = gate_up.chunk(2, dim=-1)
    return F.silu(gate).mul_(up)


def nothing(x: Tensor) -> Tensor:
    return x


Before = Callable[[Tensor], Tensor]  # f: an RmsNorm, `swiglu` or `nothing`


class Linear(Protocol):
    before: Before

    def __call__(self, x: Tensor, onto: Tensor | None = None) -> Tensor:
        """`x` (T, K), or as `before` takes it, to (T, N), both float32. Added to `onto` where it is given; that may be
        changed."""


class FloatLinear:
    """float32 or bfloat16 weights (N, K), whose products are summed in float32."""

    def __init__(self, weight: Tensor, bias: Tensor | None = None, before: Before = nothing) -> None:
        self.before = before
        self._weight = weight
        self._bias = None if bias is None else bias.to(weight.dtype)

    def __call__(self, x: Tensor, onto: Tensor | None = None) -> Tensor:
        y = F.linear(self.before(x).to(self._weight.dtype), self._weight, self._bias).float()
        return y if onto is None else y.add_(onto)


class PackedLinear:
    """int8 weights as `kernels.pack` lays them, with a scale for each output (N,), multiplied where they lie.

    Each row of activations has as many levels as cannot overflow, at least eleven bits: rounding them costs nothing
    that one could measure.
    """

    def __init__(
        self, kernels: Kernels, weight: Tensor, scale: Tensor, bias: Tensor | None = None, before: Before = nothing
    ) -> None:
        self.before = before
        self._kernels = kernels
        norm = before.weight.contiguous() if isinstance(before, RmsNorm) else None
        self._kept = weight, scale, bias, norm
        self.product = product(
            weight,
            scale,
            bias,
            norm=norm,
            epsilon=before.epsilon if isinstance(before, RmsNorm) else 0.0,
            is_gated=before is swiglu,
        )

    def __call__(self, x: Tensor, onto: Tensor | None = None) -> Tensor:
        return self._kernels.multiply(self.product, x.contiguous(), onto)


class Int8Linear:
    """int8 weights (N, K) with a scale for each output (N,), packed into oneDNN's own private copy. W8A8: each row of
    activations is rounded to 8 bits with a scale of its own, so that a product of whole numbers is left, which a
    processor with VNNI or AMX does for eight rows in the time of one: that of reading the weight.

    Source: aten/src/ATen/native/quantized/cpu/qlinear.cpp of torch, `onednn::qlinear_pointwise`.
    """

    def __init__(
        self,
        weight: Tensor,
        scale: Tensor,
        bias: Tensor | None = None,
        before: Before = nothing,
        *,
        two_part: bool = False,
    ) -> None:
        self.before = before
        self._packed = torch.ops.onednn.qlinear_prepack(weight.contiguous(), None)
        self._scale = scale / LEVELS  # of the weight, and of activations that lie in -127 … 127 instead of -1 … 1
        self._zero = torch.zeros(len(scale), dtype=torch.int32)
        self._offset = torch.full((1, weight.shape[1]), ZERO + 0.5)  # with it, cutting off rounds to the nearest
        self._bias = bias
        self._two_part = two_part

    def __call__(self, x: Tensor, onto: Tensor | None = None) -> Tensor:
        x = self.before(x)
        peak = x.abs().amax(dim=1, keepdim=True)  # (T, 1)
        # A row of zeros becomes garbage here, and zeros again when it is multiplied by its peak.
        levels = torch.addcdiv(self._offset, x, peak, value=LEVELS)  # (T, K) in 1 … 256
        y = self._two_part_product(levels) if self._two_part else self._product(levels.to(torch.uint8))
        y = y.mul_(peak) if self._bias is None else torch.addcmul(self._bias, y, peak)
        return y if onto is None else y.add_(onto)

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
    """Where the weight is mapped from a file, only rows in use come into memory. A packed one may be the head too."""

    def __init__(self, weight: Tensor, scale: Tensor) -> None:
        self._weight = weight  # (V, H) int8, or packed
        self._scale = scale  # (V,)

    def __call__(self, token_ids: Tensor) -> Tensor:
        """`token_ids` (T,) to (T, H), float32."""
        rows = packed_rows(self._weight, token_ids) if is_packed(self._weight) else self._weight[token_ids]
        return rows * self._scale[token_ids].unsqueeze(1)


def quantize_weight(weight: Tensor) -> tuple[Tensor, Tensor]:
    """`weight` (N, K) of floats to int8 and a scale for each row (N,), float32."""
    scale = weight.abs().amax(dim=1).float().clamp_(min=torch.finfo(torch.float32).tiny) / LEVELS
    return (weight.float() / scale.unsqueeze(1)).round_().to(torch.int8), scale


def is_packed(weight: Tensor) -> bool:
    return weight.dim() == 4


def make_linear(
    stored: Mapping[str, Tensor], name: str, before: Before = nothing, kernels: Kernels | None = None
) -> Linear:
    """Of the tensors `name.weight`, `name.bias` where it has one, and `name.scale` where it is int8."""
    weight, bias = stored[f"{name}.weight"], stored.get(f"{name}.bias")
    if is_packed(weight):
        assert kernels is not None, "packed weights are made and read with the kernel"
        return PackedLinear(kernels, weight, stored[f"{name}.scale"], bias, before)
    if weight.dtype == torch.int8:
        return Int8Linear(weight, stored[f"{name}.scale"], bias, before, two_part=name in TWO_PART)
    return FloatLinear(weight, bias, before)


def make_embedding(stored: Mapping[str, Tensor], name: str) -> FloatEmbedding | Int8Embedding:
    weight = stored[f"{name}.weight"]
    return Int8Embedding(weight, stored[f"{name}.scale"]) if weight.dtype == torch.int8 else FloatEmbedding(weight)
