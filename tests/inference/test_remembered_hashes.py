"""A model that nobody fetched is hashed once, and again when its files change."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from inference.models import ModelFiles, verify_model
from inference.models.check import sha256_for_loading
from inference.models.verify import files_sha256
from tests.inference.tiny_models import save_tiny_model


@pytest.fixture
def files(tmp_path: Path) -> ModelFiles:
    folder = tmp_path / "own"
    folder.mkdir()
    for name in ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"):
        (folder / name).write_bytes(name.encode())
    return ModelFiles("own", folder)


def forbid_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.models.remembered.file_sha256", lambda path: pytest.fail(f"{path} was hashed again"))


def test_what_was_hashed_is_not_read_again(files: ModelFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sha256_for_loading(files)
    forbid_hashing(monkeypatch)

    assert first == files_sha256(files.weights())
    assert sha256_for_loading(files) == first


def test_a_file_that_changed_is_hashed_again(files: ModelFiles) -> None:
    first = sha256_for_loading(files)
    weights = files.weights()[1]
    modified_ns = weights.stat().st_mtime_ns
    weights.write_bytes(weights.read_bytes()[::-1])
    os.utime(weights, ns=(modified_ns + 1, modified_ns + 1))

    assert sha256_for_loading(files) == files_sha256(files.weights()) != first


def test_a_gguf_file_has_its_own_hash_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.gguf").write_bytes(name.encode())
        sha256_for_loading(ModelFiles(name, tmp_path / f"{name}.gguf"))
    forbid_hashing(monkeypatch)

    assert sha256_for_loading(ModelFiles("a", tmp_path / "a.gguf")) == sha256(b"a").hexdigest()


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"model-00001-of-00002.safetensors": [1, 2]}', '{"a": 1}'])
def test_a_damaged_memory_is_made_anew(files: ModelFiles, damage: str) -> None:
    first = sha256_for_loading(files)
    (files.path / ".prepared" / "model-hashes.json").write_text(damage)

    assert sha256_for_loading(files) == first


def test_a_memory_that_cannot_be_written_is_done_without(files: ModelFiles) -> None:
    (files.path / ".prepared").write_text("in the way")

    assert sha256_for_loading(files) == files_sha256(files.weights())


def test_what_is_pinned_is_hashed_each_time(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(b"weights")
    sha256_for_loading(ModelFiles("tiny", path, sha256=sha256(b"weights").hexdigest()))

    assert not (tmp_path / ".prepared").exists()


def test_a_full_look_believes_nothing(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path / "whole", "Qwen2Config", tie_word_embeddings=True)
    files = ModelFiles("whole", folder)
    sha256_for_loading(files)
    weights, before = files.weights()[0], files.weights()[0].stat()
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert verify_model(str(folder), tmp_path) == files_sha256(files.weights()) != sha256_for_loading(files)
