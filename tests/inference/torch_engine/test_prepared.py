"""The prepared file: what comes back, when it counts as stale, and that damage shows."""

import shutil
from pathlib import Path

import pytest
import torch

from inference.errors import ModelUnusable
from inference.models import ModelFiles, verify_model
from inference.models.prepared import find_damage, prepared_path
from inference.torch_engine import prepare
from inference.torch_engine.kernels import load_kernels
from inference.torch_engine.load import load_decoder
from inference.torch_engine.shapes import Precision
from tests.inference.tiny_models import save_tiny_model
from tests.inference.torch_engine.attending import attend_within


@pytest.fixture(scope="module")
def unprepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("qwen"), "Qwen2Config", tie_word_embeddings=True)


@pytest.fixture
def files(unprepared: Path, tmp_path: Path) -> ModelFiles:
    return ModelFiles("tiny", Path(shutil.copytree(unprepared, tmp_path / "tiny")))


def written_beside(files: ModelFiles) -> list[str]:
    return [path.name for path in prepared_path(files, "int8").parent.iterdir()]


def logits_of(files: ModelFiles, precision: Precision) -> torch.Tensor:
    decoder = load_decoder(files, precision, load_kernels()).decoder
    token_ids = torch.randint(3, 300, (40,), generator=torch.Generator().manual_seed(1))
    return decoder.forward(token_ids, torch.arange(40), attend_within([40]), torch.arange(40))


def test_int8_is_near_float32(files: ModelFiles) -> None:
    exact, rounded = logits_of(files, "float32"), logits_of(files, "int8")

    assert torch.nn.functional.cosine_similarity(rounded, exact).mean() > 0.98


def test_a_second_load_maps_what_the_first_has_written(files: ModelFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    first = logits_of(files, "int8")
    monkeypatch.setattr(prepare, "int8_parts", lambda *given: pytest.fail("it was prepared again"))

    assert torch.equal(logits_of(files, "int8"), first)


def test_a_prepared_model_is_taken_without_trying_precisions(
    files: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare.prepare_model(files)
    monkeypatch.setattr("inference.torch_engine.load.choose_precision", lambda *arguments: pytest.fail("tried again"))

    assert load_decoder(files, kernels=load_kernels()).decoder.precision == "int8"


def test_a_stop_in_the_middle_leaves_nothing_half_done(files: ModelFiles) -> None:
    class Stopped(Exception):
        pass

    layers = iter(range(2))

    def check() -> None:
        if next(layers, None) is None:
            raise Stopped

    with pytest.raises(Stopped):
        load_decoder(files, "int8", load_kernels(), check)

    assert written_beside(files) == ["model-hashes.json"]


@pytest.mark.parametrize("newer", ["torch", "processor", "source"])
def test_made_by_or_of_something_else_it_is_stale(
    files: ModelFiles, monkeypatch: pytest.MonkeyPatch, newer: str
) -> None:
    prepare.prepare_model(files)
    path = prepared_path(files, "int8")
    before = path.stat().st_ino
    if newer == "torch":
        monkeypatch.setattr("torch.__version__", "9.9.0")
    elif newer == "processor":
        monkeypatch.setattr("inference.torch_engine.prepared.instruction_sets", lambda: frozenset({"new"}))
    else:
        save_tiny_model(files.path, "Qwen2Config", tie_word_embeddings=True, rms_norm_eps=1e-5)

    load_decoder(files, "int8", load_kernels())

    assert path.stat().st_ino != before


@pytest.mark.parametrize("keep", [0, 5, 5000, -1])
def test_a_partial_file_is_made_again(files: ModelFiles, keep: int) -> None:
    expected = logits_of(files, "int8")
    path = prepared_path(files, "int8")
    path.write_bytes(path.read_bytes()[:keep])

    assert torch.equal(logits_of(files, "int8"), expected)
    assert find_damage(path) is None


def test_an_altered_byte_shows_when_the_model_is_verified(files: ModelFiles) -> None:
    prepare.prepare_model(files)
    verify_model(str(files.path), files.path.parent)
    path = prepared_path(files, "int8")
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes(content)

    with pytest.raises(ModelUnusable, match="inthread model prepare"):
        verify_model(str(files.path), files.path.parent)


def test_work_that_breaks_off_leaves_nothing(files: ModelFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("inference.torch_engine.quantize.read_layer", break_off)

    with pytest.raises(KeyboardInterrupt):
        prepare.prepare_model(files)

    assert written_beside(files) == ["model-hashes.json"]


def test_a_folder_that_cannot_be_written_is_no_hindrance(files: ModelFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = logits_of(files, "int8")
    shutil.rmtree(prepared_path(files, "int8").parent)
    monkeypatch.setattr("os.access", lambda path, mode: False)

    assert torch.equal(logits_of(files, "int8"), expected)
    assert not prepared_path(files, "int8").exists()


def test_other_tools_read_it_as_safetensors(files: ModelFiles) -> None:
    from safetensors import safe_open

    prepare.prepare_model(files)

    with safe_open(str(prepared_path(files, "int8")), framework="pt") as opened:
        assert opened.metadata()["precision"] == "int8"
        assert opened.get_tensor("layers.1.down.weight").dtype == torch.int8
