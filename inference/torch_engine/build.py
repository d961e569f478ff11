"""Puts a decoder together from stored tensors, layer by layer, so that no second copy of the weights is ever whole."""

from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor

from inference.torch_engine.decoder import Layer, TorchDecoder
from inference.torch_engine.linear import make_embedding, make_linear
from inference.torch_engine.shapes import DecoderConfig, Precision
from inference.torch_engine.weights import Tensors, read_ends, read_layer

FLOATS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def build_decoder(
    config: DecoderConfig, precision: Precision, ends: Tensors, layers: Iterable[Tensors]
) -> TorchDecoder:
    """`ends` and `layers` as `weights.read_ends` and `read_layer` name them, in the types in which they are stored."""
    embed = make_embedding(ends, "embed")
    # Before the layers: packing reads all of it, and what was read of a mapped file is given back between layers.
    head = make_linear(ends, "embed" if config.is_tied else "head")
    built = [build_layer(stored) for stored in layers]
    return TorchDecoder(config, precision, embed=embed, layers=built, final_norm=ends["final_norm"], head=head)


def build_layer(stored: Tensors) -> Layer:
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


def float_layers(source: Mapping[str, Tensor], config: DecoderConfig, dtype: torch.dtype) -> Iterator[Tensors]:
    """Each layer with its matrices in `dtype`, norms and biases in float32."""
    for index in range(config.layers):
        yield stored_as(dtype, read_layer(source, config, index))


def float_ends(source: Mapping[str, Tensor], config: DecoderConfig, dtype: torch.dtype) -> Tensors:
    return stored_as(dtype, read_ends(source, config))


def stored_as(dtype: torch.dtype, tensors: Tensors) -> Tensors:
    return {name: values.to(dtype) if name.endswith(".weight") else values for name, values in tensors.items()}
