"""The forward pass of a decoder-only transformer of the Llama / Qwen2 / Qwen3 kind.

Knows tokens and positions, not sequences: the tokens of a step stand one behind the other, and `attend`, given by
whoever drives it, lets each look at its own past. T tokens, H hidden, D of a head, I intermediate, V vocabulary.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.torch_engine.kernels import abi
from inference.torch_engine.linear import Linear, PackedLinear, RmsNorm
from inference.torch_engine.projection import Projection, heads, rotations
from inference.torch_engine.shapes import Attend, DecoderConfig, Precision, RunsLayers


@dataclass(slots=True, kw_only=True)
class Layer:
    """Query and key rows stand as pairs to be rotated, see `weights.paired`."""

    qkv: Linear  # norm, H -> (heads + 2 kv_heads) D
    q_norm: RmsNorm | None  # of D
    k_norm: RmsNorm | None  # of D
    output: Linear  # heads D -> H
    gate_up: Linear  # norm, H -> 2 I
    down: Linear  # silu(gate) · up, I -> H


def packed(config: DecoderConfig, layer: Layer) -> abi.Layer | None:
    """The layer as a kernel computes it whole; None where its weights are not packed. The layer must outlive it."""
    parts = {name: getattr(layer, name) for name in ("qkv", "output", "gate_up", "down")}
    if not all(isinstance(part, PackedLinear) for part in parts.values()):
        return None
    products = {name: part.product for name, part in parts.items()}
    return abi.Layer(**products, heads=heads(config, layer.q_norm, layer.k_norm))


class TorchDecoder:
    """Fits `shapes.Decoder`. Activations are float32, whatever the weights are."""

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
        self._packed = [packed(config, layer) for layer in layers]
        self._head = head  # norm, H -> V

    @torch.inference_mode()
    def forward(
        self, token_ids: Tensor, positions: Tensor, attend: Attend, wanted: Tensor, whole: RunsLayers | None = None
    ) -> Tensor:
        """Logits (W, V), float32, for the rows `wanted` (W,) of the tokens (T,) of this step, all int64."""
        rotation = rotations(self.config, positions)
        hidden = self._embed(token_ids)  # (T, H)
        for index, (layer, in_one) in enumerate(zip(self._layers, self._packed, strict=True)):
            if whole is not None and in_one is not None:
                whole.run_layer(index, in_one, hidden, rotation)
            else:
                hidden = run_layer(self.config, index, layer, hidden, rotation, attend)
        return self._head(hidden[wanted])


def run_layer(
    config: DecoderConfig, index: int, layer: Layer, hidden: Tensor, rotation: Tensor, attend: Attend
) -> Tensor:
    """`hidden` (T, H), which may be changed, through layer `index`."""
    projection = Projection(config, layer.qkv(hidden), rotation, layer.q_norm, layer.k_norm)
    mixed = attend(index, projection).reshape(len(hidden), -1)  # (T, heads D)
    hidden = layer.output(mixed, onto=hidden)
    return layer.down(layer.gate_up(hidden), onto=hidden)
