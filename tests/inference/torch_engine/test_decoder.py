"""The decoder against transformers, on tiny models of every family that we compute."""

from pathlib import Path
from typing import Any

import pytest
import torch

from inference.errors import ModelUnusable
from inference.loading import load_model
from inference.models import ModelFiles
from inference.torch_engine.decoder import TorchDecoder
from inference.torch_engine.load import load_decoder
from tests.inference.test_transformers_engine import copy_of
from tests.inference.tiny_models import CONTEXT_TOKENS, save_tiny_model
from tests.inference.torch_engine.attending import attend_within

FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama, own head": ("LlamaConfig", {"tie_word_embeddings": False}),
    "llama, tied": ("LlamaConfig", {"tie_word_embeddings": True, "rope_theta": 50_000.0}),
    "llama, biases": ("LlamaConfig", {"attention_bias": True, "mlp_bias": True}),
    "llama, wide heads": ("LlamaConfig", {"head_dim": 16}),
    "qwen2": ("Qwen2Config", {"tie_word_embeddings": True}),
    "qwen3": ("Qwen3Config", {"tie_word_embeddings": True, "head_dim": 16}),
    "qwen3, biases": ("Qwen3Config", {"head_dim": 16, "attention_bias": True}),
}


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda name: name.replace(", ", "-").replace(" ", "-"))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config_class, values = FAMILIES[request.param]
    return save_tiny_model(tmp_path_factory.mktemp("family"), config_class, **values)


def logits_of(decoder: TorchDecoder, sequences: list[torch.Tensor]) -> torch.Tensor:
    """Logits for every token of `sequences` (T,), all in one step."""
    lengths = [len(sequence) for sequence in sequences]
    positions = torch.cat([torch.arange(length) for length in lengths])
    return decoder.forward(torch.cat(sequences), positions, attend_within(lengths), torch.arange(sum(lengths)))


def random_ids(length: int, seed: int = 1) -> torch.Tensor:
    return torch.randint(3, 300, (length,), generator=torch.Generator().manual_seed(seed))


@pytest.mark.usefixtures("float32")
def test_float32_agrees_with_transformers(folder: Path) -> None:
    files, token_ids = ModelFiles("tiny", folder), random_ids(CONTEXT_TOKENS)

    logits = logits_of(load_decoder(files, "float32").decoder, [token_ids])

    with torch.inference_mode():
        expected = load_model(files).network(token_ids[None]).logits[0]
    assert (logits - expected).abs().max() <= 1e-4 * max(1.0, float(expected.abs().max()))


def test_sequences_in_one_step_do_not_see_each_other(folder: Path) -> None:
    decoder = load_decoder(ModelFiles("tiny", folder), "float32").decoder
    sequences = [random_ids(length, seed=length) for length in (1, 17, 5)]

    packed = logits_of(decoder, sequences)

    alone = torch.cat([logits_of(decoder, [sequence]) for sequence in sequences])
    torch.testing.assert_close(packed, alone, atol=1e-4, rtol=1e-4)


def test_only_the_wanted_rows_come_back_in_their_order(folder: Path) -> None:
    decoder, token_ids = load_decoder(ModelFiles("tiny", folder), "float32").decoder, random_ids(9)
    every = logits_of(decoder, [token_ids])

    some = decoder.forward(token_ids, torch.arange(9), attend_within([9]), torch.tensor([8, 2]))

    torch.testing.assert_close(some, every[[8, 2]], atol=1e-4, rtol=1e-4)


def test_bfloat16_is_near(folder: Path) -> None:
    files, token_ids = ModelFiles("tiny", folder), random_ids(40)

    logits = logits_of(load_decoder(files, "bfloat16").decoder, [token_ids])

    expected = logits_of(load_decoder(files, "float32").decoder, [token_ids])
    assert torch.nn.functional.cosine_similarity(logits, expected).min() > 0.99


def test_weights_of_another_shape_are_refused(tiny_folder: Path, tmp_path: Path) -> None:
    config = (copy_of(tiny_folder, tmp_path) / "config.json").read_text()
    (tmp_path / "config.json").write_text(config.replace('"intermediate_size": 48', '"intermediate_size": 64'))

    with pytest.raises(ModelUnusable, match="gate_proj"):
        load_decoder(ModelFiles("tiny", tmp_path), "float32")
