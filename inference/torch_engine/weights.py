"""A model's tensors in the decoder's order, one layer at a time, from safetensors or GGUF files.

The decoder multiplies by q, k and v at once and by gate and up at once, and wants rotated pairs side by side; here is
where transformers' names and orders end. Reads lazily: no more than one layer is held beside what the caller keeps.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from inference.errors import ModelUnusable
from inference.models.locate import ModelFiles
from inference.torch_engine.shapes import DecoderConfig

Tensors = dict[str, Tensor]


class SafetensorsFolder(Mapping[str, Tensor]):
    """The tensors of all safetensors files of a folder, each read when it is asked for."""

    def __init__(self, files: ModelFiles) -> None:
        from safetensors import safe_open

        opened: list[Any] = [safe_open(str(path), framework="pt") for path in files.weights()]
        self._files = {name: file for file in opened for name in file.keys()}  # noqa: SIM118 (no mapping)

    def __getitem__(self, name: str) -> Tensor:
        values: Tensor = self._files[name].get_tensor(name)
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def read_layer(source: Mapping[str, Tensor], config: DecoderConfig, index: int) -> Tensors:
    """Layer `index`, float32: `attention_norm`, `qkv.weight`, `qkv.bias` …, as `decoder.Layer` names them.

    Raises: ModelUnusable, when a tensor is missing or of another shape than the config says.
    """
    prefix = f"model.layers.{index}."
    q, kv, width = config.heads * config.head_dim, config.kv_heads * config.head_dim, config.intermediate

    def read(name: str, *shape: int) -> Tensor:
        return _read(source, f"{prefix}{name}", shape)

    tensors = {
        "attention_norm": read("input_layernorm.weight", config.hidden),
        "qkv.weight": _joined_qkv(
            config,
            *(
                read(f"self_attn.{name}_proj.weight", rows, config.hidden)
                for name, rows in (("q", q), ("k", kv), ("v", kv))
            ),
        ),
        "output.weight": read("self_attn.o_proj.weight", config.hidden, q),
        "mlp_norm": read("post_attention_layernorm.weight", config.hidden),
        "gate_up.weight": torch.cat([read(f"mlp.{name}_proj.weight", width, config.hidden) for name in ("gate", "up")]),
        "down.weight": read("mlp.down_proj.weight", config.hidden, width),
    }
    if config.has_qkv_bias:
        biases = (read(f"self_attn.{name}_proj.bias", rows) for name, rows in (("q", q), ("k", kv), ("v", kv)))
        tensors["qkv.bias"] = _joined_qkv(config, *biases)
    if config.has_output_bias:
        tensors["output.bias"] = read("self_attn.o_proj.bias", config.hidden)
    if config.has_mlp_bias:
        tensors["gate_up.bias"] = torch.cat([read(f"mlp.{name}_proj.bias", width) for name in ("gate", "up")])
        tensors["down.bias"] = read("mlp.down_proj.bias", config.hidden)
    if config.has_qk_norm:
        for name in ("q_norm", "k_norm"):
            tensors[name] = paired(read(f"self_attn.{name}.weight", config.head_dim), config.head_dim)
    return tensors


def read_ends(source: Mapping[str, Tensor], config: DecoderConfig) -> Tensors:
    """What stands before and behind the layers: `embed.weight`, `final_norm`, and `head.weight` unless it is tied.

    In the type of the files: the embedding may be the largest tensor by far.
    """
    shape = (config.vocabulary, config.hidden)
    ends = {
        "embed.weight": _checked(source, "model.embed_tokens.weight", shape),
        "final_norm": _read(source, "model.norm.weight", (config.hidden,)),
    }
    if not config.is_tied:
        ends["head.weight"] = _checked(source, "lm_head.weight", shape)
    return ends


def paired(rows: Tensor, head_dim: int) -> Tensor:
    """Rows (n D, …) with the two that a position turns together side by side; transformers has halves of a head.

    Queries and keys are reordered alike, so their products stay.
    """
    return rows.view(-1, 2, head_dim // 2, *rows.shape[1:]).transpose(1, 2).reshape(rows.shape)


def _joined_qkv(config: DecoderConfig, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return torch.cat([paired(q, config.head_dim), paired(k, config.head_dim), v])


def _read(source: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> Tensor:
    return _checked(source, name, shape).float()


def _checked(source: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> Tensor:
    if name not in source:
        raise ModelUnusable(f"the weights lack `{name}`, which the model's config promises: fetch the model again")
    values = source[name]
    if tuple(values.shape) != shape:
        raise ModelUnusable(f"`{name}` has shape {tuple(values.shape)}, and the model's config promises {shape}")
    return values
