"""What the decoder and those who drive it agree on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from inference.torch_engine.kernels import abi
    from inference.torch_engine.projection import Projection

Precision = Literal["float32", "bfloat16", "int8"]
# How int8 weights lie: row by row, for oneDNN, or in pairs of columns of sixteen rows each, for our own kernel.
Layout = Literal["rows", "pairs"]

# attend(layer, projection) -> mixed (T, H, D), float32. Whoever drives the decoder knows which token belongs to which
# sequence: it writes keys and values to the cache and lets every token look at what came before it in its own sequence.
Attend = Callable[[int, "Projection"], "Tensor"]


class RunsLayers(Protocol):
    """Computes a layer as a whole, its attention included, where a kernel can: the same values in less time."""

    def run_layer(self, index: int, layer: "abi.Layer", hidden: "Tensor", rotation: "Tensor") -> None:
        """`hidden` (T, H), in place; `rotation` as in `Projection`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderConfig:
    """The shape of a decoder-only transformer of the Llama / Qwen2 / Qwen3 kind."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocabulary: int
    context_tokens: int
    norm_epsilon: float
    rope_theta: float
    is_tied: bool  # the output head is the embedding
    has_qkv_bias: bool
    has_output_bias: bool
    has_mlp_bias: bool
    has_qk_norm: bool


class Decoder(Protocol):
    config: DecoderConfig
    precision: Precision

    def forward(
        self,
        token_ids: "Tensor",
        positions: "Tensor",
        attend: Attend,
        wanted: "Tensor",
        whole: RunsLayers | None = None,
    ) -> "Tensor":
        """Logits (W, V), float32, for the rows `wanted` (W,) of the step's tokens.

        `token_ids` and `positions` (T,), int64: tokens of any number of sequences, one behind the other. Layers that a
        kernel can compute as a whole are left to `whole`, where it is given.
        """
