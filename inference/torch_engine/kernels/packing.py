"""How `multiply.cpp` wants weights to lie."""

import torch
from torch import Tensor

LANES = 16  # as in multiply.cpp


def pack(weight: Tensor) -> Tensor:
    """`weight` (N, K) int8 as `multiply` reads it: (N / 16, K / 2, 16, 2), the last block filled up with zeros."""
    outputs, inputs = weight.shape
    blocks = -(-outputs // LANES)
    rows = torch.zeros(blocks * LANES, inputs, dtype=torch.int8)
    rows[:outputs] = weight
    return rows.view(blocks, LANES, inputs // 2, 2).transpose(1, 2).contiguous()


def packed_rows(packed: Tensor, indices: Tensor) -> Tensor:
    """Rows (T,) of a packed weight, (T, K) int8."""
    return packed[indices // LANES, :, indices % LANES].flatten(1)
