"""How a weight is stored and multiplied: `y = x Wᵀ + b`, and rows of the embedding.

Activations go in and come out as float32; what happens in between is the weight's own business.
"""

from collections.abc import Mapping
from typing import Protocol

import torch.nn.functional as F
from torch import Tensor


class Linear(Protocol):
    def __call__(self, x: Tensor) -> Tensor:
        """`x` (T, K) to (T, N), both float32."""


class FloatLinear:
    """float32 or bfloat16 weights (N, K), whose products are summed in float32."""

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self.weight = weight
        self.bias = None if bias is None else bias.to(weight.dtype)

    def __call__(self, x: Tensor) -> Tensor:
        return F.linear(x.to(self.weight.dtype), self.weight, self.bias).float()


class FloatEmbedding:
    def __init__(self, weight: Tensor) -> None:
        self.weight = weight  # (V, H)

    def __call__(self, token_ids: Tensor) -> Tensor:
        """`token_ids` (T,) to (T, H), float32."""
        return F.embedding(token_ids, self.weight).float()


def make_linear(stored: Mapping[str, Tensor], name: str) -> Linear:
    """The linear layer whose tensors in `stored` are called `name.weight` and, where it has one, `name.bias`."""
    return FloatLinear(stored[f"{name}.weight"], stored.get(f"{name}.bias"))
