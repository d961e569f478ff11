"""The plainest `attend`: no cache, the tokens of a step are whole sequences behind one another."""

import torch
import torch.nn.functional as F
from torch import Tensor

from inference.torch_engine.projection import Projection
from inference.torch_engine.shapes import Attend


def attend_within(lengths: list[int]) -> Attend:
    """Each token of a step sees itself and what stands before it in its own sequence."""

    def attend(layer: int, projection: Projection) -> Tensor:
        parts = zip(*(torch.split(values, lengths) for values in projection.split()), strict=True)
        return torch.cat([_attend_one(*part) for part in parts])

    return attend


def _attend_one(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    q, k, v = (values.transpose(0, 1).unsqueeze(0) for values in (q, k, v))  # (1, heads, T, D)
    mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    return mixed.squeeze(0).transpose(0, 1)
