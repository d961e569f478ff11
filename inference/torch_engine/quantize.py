"""From the weights of a model to the int8 tensors that are stored: watched, smoothed, rounded, a layer at a time.

A fixed text of an employee handbook, English and Chinese, runs through the model as it was; what it does in each layer
says how that layer is smoothed. No more than one layer is in memory, besides the activations of the text.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib import resources

import torch
import torch.nn.functional as F
from torch import Tensor

from inference.processor import has_fast_bf16
from inference.torch_engine.build import build_layer, stored_as
from inference.torch_engine.decoder import Layer, run_layer
from inference.torch_engine.kernels import pack
from inference.torch_engine.linear import Linear, quantize_weight
from inference.torch_engine.projection import Projection, rotations
from inference.torch_engine.shapes import DecoderConfig, Layout
from inference.torch_engine.smoothing import Peaks, smooth
from inference.torch_engine.weights import Tensors, read_ends, read_layer

SEQUENCE_TOKENS = 512
# How much of the difficulty moves from the activations to the weights. Our kernel rounds the weights alone: there,
# smoothing makes the columns that matter larger, and so better rounded (the idea of AWQ, arXiv:2306.00978).
# Measured on SmolLM2, perplexity against float32: without +1.1 %, 0.3 +0.1 %, 0.5 +0.5 %, 0.7 +0.3 %, each ± 0.4 %.
ALPHA: dict[Layout, float] = {"rows": 0.5, "pairs": 0.3}


def calibration_ids(encode: Callable[[str], list[int]], config: DecoderConfig) -> Tensor:
    """The built-in text, (T,): whole sequences of at most 512 tokens, or of the model's context where that is less."""
    text = (resources.files("inference.torch_engine") / "calibration.txt").read_text("utf-8")
    length = min(SEQUENCE_TOKENS, config.context_tokens)
    token_ids = torch.tensor(encode(text), dtype=torch.long)
    return token_ids[: max(len(token_ids) // length * length, min(length, len(token_ids)))]


def int8_ends(source: Mapping[str, Tensor], config: DecoderConfig, layout: Layout) -> Tensors:
    """The embedding, which may be the head too, and the head in int8; the last norm in float32."""
    return _quantized(read_ends(source, config), layout)


@torch.inference_mode()
def int8_layers(
    source: Mapping[str, Tensor], config: DecoderConfig, token_ids: Tensor, layout: Layout
) -> Iterator[Tensors]:
    """Each layer as it is stored. `token_ids` (T,): the text to watch the model with."""
    length = min(SEQUENCE_TOKENS, config.context_tokens, len(token_ids))
    sequences = token_ids.view(-1, length)
    hidden = [F.embedding(sequence, read_ends(source, config)["embed.weight"]).float() for sequence in sequences]
    rotation = rotations(config, torch.arange(length))
    for index in range(config.layers):
        layer = read_layer(source, config, index)
        watched, peaks = _watched(config, layer)
        hidden = [run_layer(config, index, watched, sequence, rotation, _attend) for sequence in hidden]
        yield _quantized(smooth(layer, peaks, config, ALPHA[layout]), layout)


def _quantized(tensors: Tensors, layout: Layout) -> Tensors:
    stored = {name: values for name, values in tensors.items() if not name.endswith(".weight")}
    for name in sorted(tensors.keys() - stored.keys()):
        weight, stored[name.removesuffix("weight") + "scale"] = quantize_weight(tensors[name])
        stored[name] = pack(weight) if layout == "pairs" else weight
    return stored


def _watched(config: DecoderConfig, tensors: Tensors) -> tuple[Layer, Peaks]:
    """The layer, in the fastest floats there are, and the peaks of what went through it, which grow with use."""
    peaks: Peaks = {}
    layer = build_layer(config, stored_as(torch.bfloat16 if has_fast_bf16() else torch.float32, tensors))
    for name in ("qkv", "output", "gate_up", "down"):
        _watch(getattr(layer, name), peaks, name)
    return layer, peaks


def _watch(linear: Linear, peaks: Peaks, name: str) -> None:
    """What the weight is multiplied by, each time."""
    before = linear.before

    def watched(x: Tensor) -> Tensor:
        x = before(x)
        peak = x.abs().amax(dim=0)
        peaks[name] = torch.maximum(peaks[name], peak) if name in peaks else peak
        return x

    linear.before = watched


def _attend(layer: int, projection: Projection) -> Tensor:
    """The tokens of a step are one sequence, from its beginning."""
    q, k, v = (values.transpose(0, 1).unsqueeze(0) for values in projection.split())  # (1, heads, T, D)
    mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    return mixed.squeeze(0).transpose(0, 1)
