"""The forward pass of a decoder-only transformer of the Llama / Qwen2 / Qwen3 kind.

Knows tokens and positions, not sequences: the tokens of a step stand one behind the other, and `attend`, given by
whoever drives it, lets each look at its own past. T tokens, H hidden, D of a head, I intermediate, V vocabulary.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.torch_engine.linear import Linear, RmsNorm
from inference.torch_engine.shapes import Attend, DecoderConfig, Precision


@dataclass(slots=True, kw_only=True)
class Layer:
    """Query and key rows stand as pairs to be rotated, see `weights.paired`."""

    qkv: Linear  # norm, H -> (heads + 2 kv_heads) D
    q_norm: RmsNorm | None  # of D
    k_norm: RmsNorm | None  # of D
    output: Linear  # heads D -> H
    gate_up: Linear  # norm, H -> 2 I
    down: Linear  # silu(gate) · up, I -> H


class TorchDecoder:
    """Fits `shapes.Decoder`. Activations are float32, whatever the weights are; `attend` may return any float type."""

    def __init__(
        self,
        config: DecoderConfig,
        precision: Precision,
        *,
        embed: Callable[[Tensor], Tensor],
        layers: list[Layer],
        head: Linear,
    ) -> None:
        self.config = config
        self.precision = precision
        self._embed = embed
        self._layers = layers
        self._head = head  # norm, H -> V

    @torch.inference_mode()
    def forward(self, token_ids: Tensor, positions: Tensor, attend: Attend, wanted: Tensor) -> Tensor:
        """Logits (W, V), float32, for the rows `wanted` (W,) of the tokens (T,) of this step, all int64."""
        rotation = rotations(self.config, positions)
        hidden = self._embed(token_ids)  # (T, H)
        for index, layer in enumerate(self._layers):
            hidden = run_layer(self.config, index, layer, hidden, rotation, attend)
        return self._head(hidden[wanted])


def run_layer(
    config: DecoderConfig, index: int, layer: Layer, hidden: Tensor, rotation: Tensor, attend: Attend
) -> Tensor:
    """`hidden` (T, H), which may be changed, through layer `index`."""
    q, k, v = split_heads(config, layer, layer.qkv(hidden), rotation)
    mixed = attend(index, q, k, v).reshape(len(hidden), -1)  # (T, heads D)
    hidden = layer.output(mixed.float(), onto=hidden)
    return layer.down(layer.gate_up(hidden), onto=hidden)


def split_heads(config: DecoderConfig, layer: Layer, qkv: Tensor, rotation: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`qkv` (T, (heads + 2 kv_heads) D) to q (T, heads, D), k and v (T, kv_heads, D), q and k normed and rotated."""
    heads = qkv.view(len(qkv), -1, config.head_dim)
    qk, v = torch.split(heads, [config.heads + config.kv_heads, config.kv_heads], dim=1)
    if layer.q_norm is not None and layer.k_norm is not None:
        q, k = torch.split(qk, [config.heads, config.kv_heads], dim=1)
        qk = torch.cat([layer.q_norm(q), layer.k_norm(k)], dim=1)
    q, k = torch.split(rotate(qk, rotation), [config.heads, config.kv_heads], dim=1)
    return q, k, v


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
