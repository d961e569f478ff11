"""A model as its author gave it: config, tokenizer, and weights that are read when they are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inference.models.locate import ModelFiles
from inference.torch_engine.config import decoder_config, read_config
from inference.torch_engine.shapes import DecoderConfig
from inference.torch_engine.weights import SafetensorsFolder


@dataclass(frozen=True, slots=True)
class Source:
    """`network_config`, `generation` (how it likes to be sampled) and `tokenizer` are of transformers."""

    files: ModelFiles
    sha256: str
    config: DecoderConfig
    network_config: Any
    generation: Any
    tokenizer: Any

    def weights(self) -> Mapping[str, Tensor]:
        """The tensors under transformers' names; those of a GGUF file in float32."""
        if not self.files.is_gguf:
            return SafetensorsFolder(self.files)
        from inference.gguf_loading import gguf_weights

        return gguf_weights(self.files.path, self.network_config, torch.float32)

    def encode(self, text: str) -> list[int]:
        token_ids: list[int] = self.tokenizer(text)["input_ids"]
        return token_ids


def open_source(files: ModelFiles, sha256: str) -> Source:
    """Reads all but the weights. Raises: ModelUnusable; and whatever the loaders raise on damaged files."""
    network_config, generation, tokenizer = _read_gguf(files) if files.is_gguf else _read_folder(files)
    return Source(files, sha256, decoder_config(network_config), network_config, generation, tokenizer)


def _read_folder(files: ModelFiles) -> tuple[Any, Any, Any]:
    from transformers import AutoTokenizer, GenerationConfig

    folder = str(files.path)
    config = read_config(files.path)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if (files.path / "generation_config.json").is_file():
        return config, GenerationConfig.from_pretrained(folder, local_files_only=True), tokenizer
    return config, GenerationConfig.from_model_config(config), tokenizer


def _read_gguf(files: ModelFiles) -> tuple[Any, Any, Any]:
    from transformers import AutoConfig, GenerationConfig, PreTrainedTokenizerFast
    from transformers.integrations.gguf.reader import read_gguf_metadata

    from inference.gguf_loading import gguf_config

    metadata, names = read_gguf_metadata(str(files.path))
    config = AutoConfig.for_model(**gguf_config(metadata, tied="output.weight" not in names))
    folder, name = str(files.path.parent), files.path.name
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, gguf_file=name, local_files_only=True)
    return config, GenerationConfig.from_model_config(config), tokenizer
