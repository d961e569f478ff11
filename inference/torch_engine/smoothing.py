"""Makes a layer's activations easier to round to 8 bits, without changing what it computes.

A few channels of the activations are far larger than the others, and a row's scale must fit the largest. Dividing each
channel by a factor and multiplying the weight's column by it is exact, and moves the difficulty to the weight, which
has a scale for each row. The factors are folded into what makes the channel: a norm, or the rows of v and of up.
Source: SmoothQuant, arXiv:2211.10438, section 4.
"""

import torch
from torch import Tensor

from inference.torch_engine.shapes import DecoderConfig
from inference.torch_engine.weights import Tensors

Peaks = dict[str, Tensor]  # by the linear layer's name, (K,): the largest absolute value of each input channel


def smooth(layer: Tensors, peaks: Peaks, config: DecoderConfig, alpha: float) -> Tensors:
    """`layer` as of `weights.read_layer`, with other numbers and the same function. `alpha`: `smoothing_factors`."""
    smoothed = dict(layer)
    for name, norm in (("qkv", "attention_norm"), ("gate_up", "mlp_norm")):
        factors = smoothing_factors(peaks[name], smoothed[f"{name}.weight"], alpha)
        smoothed[norm] = smoothed[norm] / factors
        smoothed[f"{name}.weight"] = smoothed[f"{name}.weight"] * factors
    _smooth_values(smoothed, peaks["output"], config, alpha)
    _smooth_up(smoothed, peaks["down"], alpha)
    return smoothed


def smoothing_factors(peaks: Tensor, weight: Tensor, alpha: float) -> Tensor:
    """(K,), around 1: `alpha` 0 leaves the activations alone, 1 makes all their channels equally large."""
    columns = weight.abs().amax(dim=0)  # (K,)
    factors = peaks.clamp(min=1e-5) ** alpha / columns.clamp(min=1e-5) ** (1 - alpha)
    return (factors / factors.log().mean().exp()).clamp_(1e-3, 1e3)


def _smooth_values(layer: Tensors, peaks: Tensor, config: DecoderConfig, alpha: float) -> None:
    """Into the rows of v. A head of keys and values serves several heads of queries: its channels get one factor."""
    shape = (config.kv_heads, config.heads // config.kv_heads, config.head_dim)
    shared = peaks.view(shape).amax(dim=1)  # (kv_heads, D)
    columns = layer["output.weight"].abs().amax(dim=0).view(shape).amax(dim=1)
    factors = smoothing_factors(shared.flatten(), columns.view(1, -1), alpha)
    of_heads = factors.view(config.kv_heads, 1, config.head_dim).expand(shape).flatten()
    layer["output.weight"] = layer["output.weight"] * of_heads
    _divide_rows(layer, "qkv", factors)


def _smooth_up(layer: Tensors, peaks: Tensor, alpha: float) -> None:
    factors = smoothing_factors(peaks, layer["down.weight"], alpha)
    layer["down.weight"] = layer["down.weight"] * factors
    _divide_rows(layer, "gate_up", factors)


def _divide_rows(layer: Tensors, name: str, factors: Tensor) -> None:
    """The last rows, which v and up are."""
    ones = torch.ones(len(layer[f"{name}.weight"]) - len(factors))
    divisors = torch.cat([ones, factors])
    layer[f"{name}.weight"] = layer[f"{name}.weight"] / divisors.unsqueeze(1)
    if f"{name}.bias" in layer:
        layer[f"{name}.bias"] = layer[f"{name}.bias"] / divisors
