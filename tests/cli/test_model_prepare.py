"""`inthread model prepare`, and what `verify` says of what it wrote."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run, the_line
from tests.inference.tiny_models import save_tiny_qwen


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_qwen(tmp_path_factory.mktemp("tiny-qwen"))


@pytest.fixture
def model(tiny: Path, folder: Path) -> Path:
    return Path(shutil.copytree(tiny, folder / "tiny"))


def test_a_model_is_prepared_and_verified(run: Run, model: Path) -> None:
    prepared = run("model", "prepare", str(model))

    assert prepared.exit_code == 0, prepared.stderr
    path = Path(prepared.stdout.split()[-1])
    assert path.is_file()
    assert run("model", "verify", str(model)).exit_code == 0
    path.write_bytes(path.read_bytes()[:-1])
    verified = run("model", "verify", str(model))
    assert verified.exit_code == 1
    assert "inthread model prepare" in the_line(verified)


def test_what_cannot_be_prepared_is_refused_in_one_line(run: Run, model: Path) -> None:
    config = model / "config.json"
    config.write_text(config.read_text().replace('"silu"', '"gelu"'))

    refused = run("model", "prepare", str(model))

    assert refused.exit_code == 1
    assert "hidden_act" in the_line(refused)
