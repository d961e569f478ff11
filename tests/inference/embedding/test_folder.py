"""An encoder in a folder: very small, with random weights."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inference.embedding.folder import FolderEncoder
from inference.embedding.opening import open_embedder
from inference.embedding.settings import EncoderSettings
from inference.errors import ModelUnusable
from tests.inference.tiny_models import train_tokenizer

Open = Callable[..., FolderEncoder]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from inference import loading

    loading.preload()
    import torch
    from transformers import BertConfig, BertModel

    path = tmp_path_factory.mktemp("encoders") / "tiny-encoder"
    tokenizer = train_tokenizer()
    torch.manual_seed(7)
    network = BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=48,
            initializer_range=0.5,
        )
    )
    network.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


@pytest.fixture
def opened(folder: Path) -> Open:
    def open_it(**settings: str) -> FolderEncoder:
        encoder = open_embedder(EncoderSettings(model=str(folder), **settings), folder.parent)  # type: ignore[arg-type]
        assert isinstance(encoder, FolderEncoder)
        return encoder

    return open_it


def test_vectors_are_of_length_one(opened: Open) -> None:
    vectors = opened().embed_queries(["How many days of leave?", "年假有几天？"])

    assert vectors.shape == (2, 32)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert opened().embed_passages([]).shape == (0, 32)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_short_text_has_the_same_vector_beside_a_long_one(opened: Open, pooling: str) -> None:
    """Padding counts for nothing."""
    encoder = opened(pooling=pooling)

    alone = encoder.embed_queries(["leave"])
    beside = encoder.embed_queries(["leave", "Where do I find the form for travel expenses of last year?"])

    assert np.allclose(alone[0], beside[0], atol=1e-5)


def test_poolings_differ(opened: Open) -> None:
    mean, cls = opened(pooling="mean"), opened(pooling="cls")

    assert not np.allclose(mean.embed_queries(["days of leave"]), cls.embed_queries(["days of leave"]), atol=1e-3)
    assert mean.id != cls.id


def test_prefixes_stand_before_the_text(opened: Open) -> None:
    bare, prefixed = opened(), opened(query_prefix="query: ", passage_prefix="passage: ")

    assert np.allclose(prefixed.embed_queries(["leave"]), bare.embed_queries(["query: leave"]), atol=1e-6)
    assert np.allclose(prefixed.embed_passages(["leave"]), bare.embed_passages(["passage: leave"]), atol=1e-6)
    assert prefixed.id != bare.id


def test_the_folder_says_how_it_wants_to_be_read(folder: Path, opened: Open, tmp_path: Path) -> None:
    import shutil

    saying = Path(shutil.copytree(folder, tmp_path / "saying"))
    (saying / "1_Pooling").mkdir()
    (saying / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    (saying / "config_sentence_transformers.json").write_text(json.dumps({"prompts": {"query": "query: "}}))

    encoder = open_embedder(EncoderSettings(model=str(saying)), tmp_path)

    assert encoder is not None
    as_set = opened(pooling="cls", query_prefix="query: ")
    assert np.allclose(encoder.embed_queries(["leave"]), as_set.embed_queries(["leave"]), atol=1e-6)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="not a complete model"):
        open_embedder(EncoderSettings(model=str(tmp_path)), tmp_path)


def test_what_is_no_encoder_is_refused_in_one_line(folder: Path, tmp_path: Path) -> None:
    import shutil

    broken = Path(shutil.copytree(folder, tmp_path / "broken"))
    (broken / "tokenizer.json").write_text("{}")

    with pytest.raises(ModelUnusable, match="does not load as an encoder"):
        open_embedder(EncoderSettings(model=str(broken)), tmp_path)
