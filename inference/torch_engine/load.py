"""From a model's files to a decoder that is ready: the way in to our own engine.

The checks are those of `inference.loading`: local files only, hashes as recorded, no pickles, no code of the model's.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from inference.chat import ChatTokenizer
from inference.decoding import Choice
from inference.loading import default_choice, eos_ids
from inference.models.check import sha256_for_loading
from inference.models.locate import ModelFiles
from inference.processor import has_fast_bf16
from inference.torch_engine.build import FLOATS, build_decoder, float_ends, float_layers
from inference.torch_engine.config import decoder_config, read_config
from inference.torch_engine.decoder import TorchDecoder
from inference.torch_engine.shapes import Precision
from inference.torch_engine.weights import SafetensorsFolder


@dataclass(frozen=True, slots=True)
class LoadedDecoder:
    """As `loading.LoadedModel`, with our decoder in the place of a network of transformers."""

    decoder: TorchDecoder
    tokenizer: ChatTokenizer
    eos_ids: frozenset[int]
    choice: Choice
    sha256: str


def load_decoder(files: ModelFiles, precision: Precision | Literal["auto"] = "auto") -> LoadedDecoder:
    """Blocks for seconds. Raises: ModelUnusable; and whatever the loaders raise on damaged files."""
    sha256 = sha256_for_loading(files)
    with warnings.catch_warnings(action="ignore"):
        config, generation, tokenizer = _read_small_files(files)
    chosen: Precision = precision if precision != "auto" else "bfloat16" if has_fast_bf16() else "float32"
    shape, source, dtype = decoder_config(config), open_weights(files, config), FLOATS[chosen]
    decoder = build_decoder(shape, chosen, float_ends(source, shape, dtype), float_layers(source, shape, dtype))
    return LoadedDecoder(
        decoder=decoder,
        tokenizer=ChatTokenizer(tokenizer),
        eos_ids=eos_ids(generation, tokenizer),
        choice=default_choice(generation, files.sampling),
        sha256=sha256,
    )


def open_weights(files: ModelFiles, config: Any) -> Mapping[str, Tensor]:
    """The model's tensors under transformers' names. `config`: of transformers."""
    if files.is_gguf:
        import torch

        from inference.gguf_loading import gguf_weights

        return gguf_weights(files.path, config, torch.float32)
    return SafetensorsFolder(files)


def _read_small_files(files: ModelFiles) -> tuple[Any, Any, Any]:
    """Config, generation config and tokenizer, all of transformers."""
    from transformers import AutoTokenizer, GenerationConfig

    if files.is_gguf:
        return _read_gguf_header(files)
    config = read_config(files.path)
    tokenizer = AutoTokenizer.from_pretrained(str(files.path), local_files_only=True, trust_remote_code=False)
    if (files.path / "generation_config.json").is_file():
        return config, GenerationConfig.from_pretrained(str(files.path), local_files_only=True), tokenizer
    return config, GenerationConfig.from_model_config(config), tokenizer


def _read_gguf_header(files: ModelFiles) -> tuple[Any, Any, Any]:
    from transformers import AutoConfig, GenerationConfig, PreTrainedTokenizerFast
    from transformers.integrations.gguf.reader import read_gguf_metadata

    from inference.gguf_loading import gguf_config

    metadata, names = read_gguf_metadata(str(files.path))
    config = AutoConfig.for_model(**gguf_config(metadata, tied="output.weight" not in names))
    folder, name = str(files.path.parent), files.path.name
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, gguf_file=name, local_files_only=True)
    return config, GenerationConfig.from_model_config(config), tokenizer
