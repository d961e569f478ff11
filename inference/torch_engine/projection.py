"""What a layer's attention begins with: queries, keys and values of a step's tokens, and where the tokens stand.

T tokens, D of a head.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from inference.torch_engine.kernels import abi, address
from inference.torch_engine.linear import RmsNorm
from inference.torch_engine.shapes import DecoderConfig


@dataclass(frozen=True, slots=True)
class Projection:
    """Neither normed nor rotated yet: a kernel does that on the way to the cache, `split` without one."""

    config: DecoderConfig
    qkv: Tensor  # (T, (heads + 2 kv_heads) D), float32
    rotation: Tensor  # (T, 1, D / 2), complex, see `rotations`
    q_norm: RmsNorm | None  # of D
    k_norm: RmsNorm | None  # of D

    @property
    def heads(self) -> abi.Heads:
        return heads(self.config, self.q_norm, self.k_norm)

    def split(self) -> tuple[Tensor, Tensor, Tensor]:
        """q (T, heads, D), k and v (T, kv_heads, D), q and k normed and rotated."""
        config = self.config
        heads = self.qkv.view(len(self.qkv), -1, config.head_dim)
        qk, v = torch.split(heads, [config.heads + config.kv_heads, config.kv_heads], dim=1)
        if self.q_norm is not None and self.k_norm is not None:
            q, k = torch.split(qk, [config.heads, config.kv_heads], dim=1)
            qk = torch.cat([self.q_norm(q), self.k_norm(k)], dim=1)
        q, k = torch.split(rotate(qk, self.rotation), [config.heads, config.kv_heads], dim=1)
        return q, k, v


def heads(config: DecoderConfig, q_norm: RmsNorm | None, k_norm: RmsNorm | None) -> abi.Heads:
    """For the kernels. The norms must outlive it."""
    return abi.Heads(
        heads=config.heads,
        kv_heads=config.kv_heads,
        head_dim=config.head_dim,
        q_norm=None if q_norm is None else address(q_norm.weight),
        k_norm=None if k_norm is None else address(k_norm.weight),
        epsilon=config.norm_epsilon,
    )


def rotations(config: DecoderConfig, positions: Tensor) -> Tensor:
    """`positions` (T,) to (T, 1, D / 2), complex: p turns pair j by p · theta^(-2j / D). Source: arXiv:2104.09864.

    Made for each step: a table for 131,072 positions would take 34 MB, and this takes microseconds.
    """
    pairs = torch.arange(0, config.head_dim, 2, dtype=torch.float32) / config.head_dim
    angles = torch.outer(positions.float(), 1.0 / config.rope_theta**pairs)
    return torch.polar(torch.ones_like(angles), angles).unsqueeze(1)


def rotate(heads: Tensor, rotation: Tensor) -> Tensor:
    """`heads` (T, n, D) with each pair of neighbours turned: one complex product, by `rotation` (T, 1, D / 2)."""
    pairs = torch.view_as_complex(heads.reshape(*heads.shape[:-1], -1, 2))  # (T, n, D / 2)
    return torch.view_as_real(pairs * rotation).flatten(-2)
