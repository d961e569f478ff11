"""Puts a decoder together from stored tensors, layer by layer, so that no second copy of the weights is ever whole."""

from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor

from inference.torch_engine.decoder import Layer, TorchDecoder
from inference.torch_engine.linear import FloatEmbedding, make_linear
from inference.torch_engine.shapes import DecoderConfig, Precision
from inference.torch_engine.weights import Tensors, read_ends, read_layer

FLOATS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def build_decoder(
    config: DecoderConfig, precision: Precision, ends: Tensors, layers: Iterable[Tensors]
) -> TorchDecoder:
    """`ends` and `layers` as `weights.read_ends` and `read_layer` name them, in the types in which they are stored."""
    built = [_build_layer(stored) for stored in layers]
    return TorchDecoder(
        config,
        precision,
        embed=FloatEmbedding(ends["embed.weight"]),
        layers=built,
        final_norm=ends["final_norm"],
        head=make_linear(ends, "embed" if config.is_tied else "head"),
    )


def float_layers(source: Mapping[str, Tensor], config: DecoderConfig, dtype: torch.dtype) -> Iterator[Tensors]:
    """Each layer with its matrices in `dtype`, norms and biases in float32."""
    for index in range(config.layers):
        yield {name: _stored(name, values, dtype) for name, values in read_layer(source, config, index).items()}


def float_ends(source: Mapping[str, Tensor], config: DecoderConfig, dtype: torch.dtype) -> Tensors:
    return {name: _stored(name, values, dtype) for name, values in read_ends(source, config).items()}


def _stored(name: str, values: Tensor, dtype: torch.dtype) -> Tensor:
    return values.to(dtype) if name.endswith(".weight") else values


def _build_layer(stored: Tensors) -> Layer:
    return Layer(
        attention_norm=stored["attention_norm"],
        qkv=make_linear(stored, "qkv"),
        q_norm=stored.get("q_norm"),
        k_norm=stored.get("k_norm"),
        output=make_linear(stored, "output"),
        mlp_norm=stored["mlp_norm"],
        gate_up=make_linear(stored, "gate_up"),
        down=make_linear(stored, "down"),
    )
