"""Puts a decoder together from stored tensors, layer by layer, so that no second copy of the weights is ever whole."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

import torch
from torch import Tensor

from inference.torch_engine.decoder import Layer, TorchDecoder
from inference.torch_engine.kernels import Kernels
from inference.torch_engine.linear import Before, Linear, RmsNorm, make_embedding, make_linear, nothing, swiglu
from inference.torch_engine.shapes import DecoderConfig, Precision
from inference.torch_engine.weights import Tensors, read_ends, read_layer

PACKERS = 2  # oneDNN packs a weight in one thread
FLOATS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def build_decoder(
    config: DecoderConfig,
    precision: Precision,
    ends: Tensors,
    layers: Iterable[Tensors],
    kernels: Kernels | None = None,
) -> TorchDecoder:
    """`ends` and `layers` as `weights.read_ends` and `read_layer` name them, in the types in which they are stored.

    `kernels` must be there for packed weights.
    """
    layers = iter(layers)
    final_norm = RmsNorm(ends["final_norm"], config.norm_epsilon)
    with ThreadPoolExecutor(PACKERS) as pool:
        head = pool.submit(make_linear, ends, "embed" if config.is_tied else "head", final_norm, kernels)
        built: list[Layer] = []
        while some := list(islice(layers, PACKERS)):  # never more than these: they are read when they are asked for
            built += pool.map(partial(build_layer, config, kernels=kernels), some)
    return TorchDecoder(
        config,
        precision,
        embed=make_embedding(ends, "embed"),
        layers=built,
        head=head.result(),
    )


def build_layer(config: DecoderConfig, stored: Tensors, kernels: Kernels | None = None) -> Layer:
    def norm(name: str) -> RmsNorm:
        return RmsNorm(stored[name], config.norm_epsilon)

    def linear(name: str, before: Before = nothing) -> Linear:
        return make_linear(stored, name, before, kernels)

    return Layer(
        qkv=linear("qkv", norm("attention_norm")),
        q_norm=norm("q_norm") if config.has_qk_norm else None,
        k_norm=norm("k_norm") if config.has_qk_norm else None,
        output=linear("output"),
        gate_up=linear("gate_up", norm("mlp_norm")),
        down=linear("down", swiglu),
    )


def float_layers(source: Mapping[str, Tensor], config: DecoderConfig, dtype: torch.dtype) -> Iterator[Tensors]:
    """Each layer with its matrices in `dtype`, norms and biases in float32."""
    for index in range(config.layers):
        yield stored_as(dtype, read_layer(source, config, index))


def float_ends(source: Mapping[str, Tensor], config: DecoderConfig, dtype: torch.dtype) -> Tensors:
    return stored_as(dtype, read_ends(source, config))


def stored_as(dtype: torch.dtype, tensors: Tensors) -> Tensors:
    return {name: values.to(dtype) if name.endswith(".weight") else values for name, values in tensors.items()}
