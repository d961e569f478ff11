"""A model folder as one GGUF file, for the peers that read that format: F16, Q8_0 or Q4_0, quantized from bfloat16.

llama.cpp's own converter is not in its Python packages. Only the two families that are measured are known here.
Source: convert_hf_to_gguf.py of ggml-org/llama.cpp for names, the permutation and the keys.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.gguf_loading import TENSORS
from tools.bench_inference.models import Model

if TYPE_CHECKING:
    from torch import Tensor

ARCHITECTURES = {"qwen2": "qwen2", "llama": "llama"}
PRE_TOKENIZERS = {"qwen2": "qwen2", "llama": "smollm"}
NORMAL, CONTROL, UNUSED = 1, 3, 5  # kinds of token in GGUF


def gguf_file(model: Model, kind: str) -> Path:
    """The file in `kind` (F16, Q8_0, Q4_0), made beside the model's folder if it is not there yet."""
    path = model.folder.with_name(f"{model.name}-{kind}.gguf")
    if not path.exists():
        partial = path.with_suffix(".partial")
        _write(model, kind, partial)
        partial.rename(path)
    return path


def _write(model: Model, kind: str, path: Path) -> None:
    from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, quants

    config = model.config
    writer = GGUFWriter(path, ARCHITECTURES[config["model_type"]])
    writer.add_file_type(LlamaFileType[f"MOSTLY_{kind}"])
    _add_shape(writer, config)
    _add_tokenizer(writer, model, config)
    for name, values in _tensors(model, config):
        wanted = GGMLQuantizationType[kind] if values.dim() == 2 else GGMLQuantizationType.F32
        writer.add_tensor(name, quants.quantize(values.float().numpy(), wanted), raw_dtype=wanted)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_shape(writer: Any, config: dict[str, Any]) -> None:
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(hidden)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_count(config.get("head_dim") or hidden // heads)
    writer.add_rope_freq_base(_rope_theta(config))
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])


def _rope_theta(config: dict[str, Any]) -> float:
    return float((config.get("rope_parameters") or config)["rope_theta"])


def _add_tokenizer(writer: Any, model: Model, config: dict[str, Any]) -> None:
    file = json.loads((model.folder / "tokenizer.json").read_text("utf-8"))
    added = {token["id"]: token["content"] for token in file["added_tokens"]}
    known = {token_id: text for text, token_id in file["model"]["vocab"].items()} | added
    ids = range(config["vocab_size"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZERS[config["model_type"]])
    writer.add_token_list([known.get(token_id, f"[PAD{token_id}]") for token_id in ids])
    writer.add_token_types([CONTROL if i in added else NORMAL if i in known else UNUSED for i in ids])
    merges = file["model"]["merges"]
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    writer.add_bos_token_id(config["bos_token_id"])
    ends = config["eos_token_id"]
    writer.add_eos_token_id(ends[0] if isinstance(ends, list) else ends)
    writer.add_add_bos_token(False)


def _tensors(model: Model, config: dict[str, Any]) -> "Iterator[tuple[str, Tensor]]":
    """Names of GGUF with their values. Of tied weights there is one."""
    from safetensors.torch import load_file

    names = {there: here for here, there in TENSORS.items()}
    heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}
    for name, values in load_file(model.folder / "model.safetensors").items():
        *path, kind = name.split(".")
        if path[:2] == ["model", "layers"]:
            prefix, path = f"blk.{path[2]}.", path[3:]
        else:
            prefix = ""
        if config["model_type"] == "llama" and path[-1] in heads:
            values = permuted(values, heads[path[-1]])
        yield f"{prefix}{names['.'.join(path)]}.{kind}", values


def permuted(weight: "Tensor", heads: int) -> "Tensor":
    """(heads * D, H) with the two rows that a rotary position turns together side by side: as llama.cpp wants them."""
    rows, columns = weight.shape
    return weight.view(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns).contiguous()
