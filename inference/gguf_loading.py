"""Reads a GGUF file into a transformers model: config, weights, tokenizer.

transformers' own way in (`from_pretrained(gguf_file=…)`) demands the accelerate package, parses the file three times in
Python and dequantizes in float32: 17 s for a 98 MB model, against 2 s here. What is borrowed from it is its lazy
reader, its dequantizers and its tokenizer conversion. Only decoder families whose tensors are known to the letter are
accepted; anything else is refused, because a wrong guess would still talk, only worse.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from inference.errors import ModelUnusable

if TYPE_CHECKING:
    import torch

ARCHITECTURES = ("llama", "qwen2", "qwen3")

TENSORS = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def load_gguf(path: Path, dtype: "torch.dtype") -> tuple[Any, Any]:
    """The model in `dtype` and its tokenizer. Raises: ModelUnusable, or whatever a broken file causes."""
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, AutoConfig, PreTrainedTokenizerFast
    from transformers.integrations.gguf.reader import read_gguf_metadata

    metadata, names = read_gguf_metadata(str(path))
    config = AutoConfig.for_model(**gguf_config(metadata, tied="output.weight" not in names))
    # Not AutoTokenizer: it would parse the whole file once more, slowly, to find this class.
    tokenizer = PreTrainedTokenizerFast.from_pretrained(str(path.parent), gguf_file=path.name, local_files_only=True)
    weights = gguf_weights(path, config, dtype)
    model_class: Any = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]
    model, report = model_class.from_pretrained(
        None, config=config, state_dict=weights, dtype=dtype, attn_implementation="sdpa", output_loading_info=True
    )
    if report["missing_keys"] or report["unexpected_keys"]:
        raise ModelUnusable(f"{path} does not hold the tensors of a {config.model_type} model: use another conversion")
    return model, tokenizer


def gguf_config(metadata: Mapping[str, Any], *, tied: bool) -> dict[str, Any]:
    """A transformers config from GGUF metadata. `tied`: the output projection is the embedding matrix.

    Source: ggml-org/ggml docs/gguf.md. Raises: ModelUnusable, for a family or a position scaling not known here.
    """
    family = metadata["general.architecture"]
    if family not in ARCHITECTURES:
        raise ModelUnusable(
            f"GGUF files of the {family} family are not read, only {', '.join(ARCHITECTURES)}: use a safetensors folder"
        )
    if metadata.get(f"{family}.rope.scaling.type", "none") != "none":
        raise ModelUnusable("GGUF files with scaled positions are not read: use a safetensors folder")
    of = {key.removeprefix(f"{family}."): value for key, value in metadata.items() if key.startswith(f"{family}.")}
    heads, hidden = of["attention.head_count"], of["embedding_length"]
    token = {name: metadata.get(f"tokenizer.ggml.{name}_token_id") for name in ("bos", "eos", "padding", "eot")}
    ends = sorted({end for end in (token["eos"], token["eot"]) if end is not None})
    return {
        "model_type": family,
        "vocab_size": metadata["tokenizer.ggml.tokens"],  # the reader gives long arrays as their length
        "max_position_embeddings": of["context_length"],
        "hidden_size": hidden,
        "intermediate_size": of["feed_forward_length"],
        "num_hidden_layers": of["block_count"],
        "num_attention_heads": heads,
        "num_key_value_heads": of.get("attention.head_count_kv", heads),
        "head_dim": of.get("attention.key_length", hidden // heads),
        "rms_norm_eps": of["attention.layer_norm_rms_epsilon"],
        "rope_parameters": {"rope_type": "default", "rope_theta": of.get("rope.freq_base", 10000.0)},
        "tie_word_embeddings": tied,
        "bos_token_id": token["bos"],
        "eos_token_id": ends or None,
        "pad_token_id": token["padding"],
    }


def gguf_weights(path: Path, config: Any, dtype: "torch.dtype") -> "dict[str, torch.Tensor]":
    """The state dict in `dtype`: one tensor at a time is dequantized, so the weights lie in memory once."""
    from transformers.integrations.gguf.reader import GgufHeader, load_gguf_state_dict

    header = GgufHeader.from_file(str(path))
    lazy = load_gguf_state_dict(header)
    weights = {}
    # On a terminal only: a log is no place for a bar.
    for info in tqdm(header.tensors, desc=f"loading {path.name}", disable=None, leave=False, file=sys.stderr):
        values = _dequantized(lazy[info.name][...], info).to(dtype)
        if config.model_type == "llama" and info.name.endswith(("attn_q.weight", "attn_k.weight")):
            heads = config.num_attention_heads if ".attn_q." in info.name else config.num_key_value_heads
            values = unpermuted(values, heads)
        weights[_parameter_name(info.name)] = values
    return weights


def unpermuted(weight: "torch.Tensor", heads: int) -> "torch.Tensor":
    """(heads * D, H) with the rows of each head back in transformers' order: first halves, then second halves.

    llama.cpp pairs the two rows that a rotary position turns together. Source: `permute` in convert_hf_to_gguf.py.
    """
    rows, columns = weight.shape
    return weight.view(heads, rows // heads // 2, 2, columns).transpose(1, 2).reshape(rows, columns).contiguous()


def _dequantized(raw: "torch.Tensor", info: Any) -> "torch.Tensor":
    from transformers.integrations.gguf.dequant import GGML_BLOCK, dequantize

    if info.ggml_type not in GGML_BLOCK:  # plain floats
        return raw
    values: torch.Tensor = dequantize(raw.flatten(), info.ggml_type)
    return values.view(info.shape)


def _parameter_name(name: str) -> str:
    """`blk.3.attn_q.weight` to `model.layers.3.self_attn.q_proj.weight`."""
    *layer, module, kind = name.split(".")
    if module not in TENSORS or kind not in ("weight", "bias"):
        raise ModelUnusable(f"the GGUF file has a tensor `{name}` that is not understood: use a safetensors folder")
    prefix = f"model.layers.{layer[1]}." if layer else ""
    return f"{prefix}{TENSORS[module]}.{kind}"
