"""A GGUF file speaks as the model that it was made from."""

from pathlib import Path
from typing import Any

import numpy
import pytest

from inference.engine import Sampling, StopSignal
from inference.errors import ModelUnusable
from inference.gguf_loading import TENSORS, gguf_config
from inference.models import locate_model
from inference.models.context import read_context_tokens
from tests.inference.tiny_models import save_tiny_model


def write_gguf(folder: Path, path: Path) -> Path:
    """What llama.cpp's converter makes of the tiny model, unquantized."""
    import gguf
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    config = network.config
    writer = gguf.GGUFWriter(path, config.model_type)
    writer.add_key_length(network.model.layers[0].self_attn.head_dim)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_tokenizer_model("gpt2")
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    writer.add_token_list(tokens)
    writer.add_token_types([3 if index < 3 else 1 for index in range(len(tokens))])
    writer.add_token_merges([" ".join(pair) for pair in merges_of(tokenizer)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(tokenizer.chat_template)
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    heads = heads if config.model_type == "llama" else {}
    for name, values in gguf_tensors(network.state_dict(), tied=config.tie_word_embeddings):
        writer.add_tensor(name, permuted(values, heads.get(name.split(".")[-2], 0)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def merges_of(tokenizer: Any) -> list[list[str]]:
    import json

    merges: list[list[str]] = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    return merges


def gguf_tensors(state: dict[str, Any], *, tied: bool) -> list[tuple[str, numpy.ndarray]]:
    names = {value: key for key, value in TENSORS.items()}
    tensors = []
    for name, values in state.items():
        stem, kind = name.rsplit(".", 1)
        layer = stem.split(".")[2] if stem.startswith("model.layers.") else ""
        module = stem.removeprefix(f"model.layers.{layer}.")
        tensors.append((f"{f'blk.{layer}.' if layer else ''}{names[module]}.{kind}", values.numpy()))
    return [(name, values) for name, values in tensors if not (tied and name == "output.weight")]


def permuted(weight: numpy.ndarray, heads: int) -> numpy.ndarray:
    """`permute` of convert_hf_to_gguf.py; 0 heads: as it is."""
    if not heads:
        return weight
    rows = weight.shape[0]
    return weight.reshape(heads, 2, rows // heads // 2, -1).swapaxes(1, 2).reshape(weight.shape)


@pytest.mark.usefixtures("float32")
@pytest.mark.parametrize(
    ("config_class", "values"),
    [
        ("LlamaConfig", {"tie_word_embeddings": False}),
        ("Qwen2Config", {"tie_word_embeddings": True}),
        ("Qwen3Config", {"tie_word_embeddings": True, "head_dim": 16}),
    ],
)
def test_gguf_equals_safetensors(config_class: str, values: dict[str, Any], tmp_path: Path) -> None:
    import torch

    from inference.loading import load_model

    folder = save_tiny_model(tmp_path / "folder", config_class, **values)
    path = write_gguf(folder, tmp_path / "tiny.gguf")
    original = load_model(locate_model(str(folder), tmp_path))
    files = locate_model(str(path), tmp_path)
    loaded = load_model(files)
    ids = torch.tensor([[5, 80, 200, 17, 301]])
    with torch.inference_mode():
        torch.testing.assert_close(loaded.network(ids).logits, original.network(ids).logits)
    text = [*map(ord, "年假 25 days don't")]
    assert loaded.tokenizer.decode(text) == original.tokenizer.decode(text)
    assert loaded.eos_ids == {2}
    assert read_context_tokens(files) == loaded.network.config.max_position_embeddings


async def test_an_engine_answers_from_a_gguf_file(tiny_folder: Path, tmp_path: Path) -> None:
    from inference.engine import ChatMessage
    from inference.transformers_engine import TransformersEngine

    engine = TransformersEngine(locate_model(str(write_gguf(tiny_folder, tmp_path / "tiny.gguf")), tmp_path))
    await engine.warm_up()
    pieces = [piece async for piece in engine.stream([ChatMessage("user", "Hi")], Sampling(4), StopSignal())]
    assert pieces[-1].figures is not None
    await engine.close()


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"general.architecture": "mamba"}, "mamba family"),
        ({"general.architecture": "llama", "llama.rope.scaling.type": "yarn"}, "scaled positions"),
    ],
)
def test_what_is_not_known_to_the_letter_is_refused(metadata: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelUnusable, match=message):
        gguf_config(metadata, tied=True)
