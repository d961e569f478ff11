"""`inthread model bundle | import | use | list`: a model carried to another machine, chosen, and left again."""

import json
from pathlib import Path

import pytest

from inference.models import fetch
from tests.cli.conftest import Run, the_line
from tests.inference.hub_double import HubDouble, serve_hub
from tests.inference.tiny_models import save_tiny_qwen

ID, OTHER = "Qwen/Tiny-Chat", "Qwen/Other-Chat"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_qwen(tmp_path_factory.mktemp("tiny-qwen"))


@pytest.fixture
def models_dir(folder: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With two models, in the working folder of the command."""
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setenv("MODELSCOPE_CACHE", str(folder / "cache"))
    with serve_hub() as hub:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.endpoint)
        put_on_hub(hub, tiny)
        for name in (ID, OTHER):
            fetch(name, folder / "data" / "models", progress=False)
    return folder / "data" / "models"


def put_on_hub(hub: HubDouble, tiny: Path) -> None:
    files = {file.name: file.read_bytes() for file in tiny.iterdir()}
    hub.repositories[ID, "master"] = files
    hub.repositories[OTHER, "master"] = files | {"LICENSE": b"Another licence"}


@pytest.fixture
def opted_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTHREAD_INFERENCE__MODEL", "active")


def listed(run: Run) -> dict[str, str]:
    lines = [line.split("\t") for line in run("model", "list").stdout.splitlines()]
    return {line[0]: line[1] for line in lines}


def test_a_model_goes_to_another_machine_in_one_file(
    run: Run, models_dir: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = run("model", "bundle", ID, "--out", "tiny.tar")
    assert bundled.exit_code == 0, bundled.stderr
    assert f"{ID}, revision master" in bundled.stdout

    monkeypatch.setenv("INTHREAD_SERVICE__DATA_DIR", str(folder / "other"))
    imported, again = run("model", "import", "tiny.tar"), run("model", "import", "tiny.tar")
    assert (imported.exit_code, again.exit_code) == (0, 0)
    assert "imported" in imported.stdout
    assert "was here already" in again.stdout
    assert run("model", "verify", ID).stdout.split()[-1] == imported.stdout.split()[-1]


def test_what_goes_wrong_is_one_line(run: Run, models_dir: Path, folder: Path) -> None:
    (folder / "odd.tar").write_bytes(b"x" * 2000)

    assert "Nothing was imported" in the_line(run("model", "import", "odd.tar"))
    assert "cannot read none.tar" in the_line(run("model", "import", "none.tar"))
    assert "--force" in the_line(run("model", "bundle", ID, "--out", "odd.tar"))
    assert "nonsense" in the_line(run("model", "use", "nonsense"))
    assert "no model was active" in the_line(run("model", "use", "--back"))
    assert [run("model", "use").exit_code, run("model", "use", ID, "--back").exit_code] == [2, 2]


def test_the_model_in_use_is_chosen_and_left_again(run: Run, models_dir: Path, opted_in: None) -> None:
    assert run("model", "use", ID).stdout == f"active: {ID}\n"
    assert run("model", "use", OTHER).stdout == f"active: {OTHER}; before: {ID}\n"
    assert (listed(run)[OTHER], listed(run)[ID]) == ("fetched, active", "fetched, previous")
    assert run("model", "path").stdout.strip().endswith(OTHER)

    assert run("model", "use", "--back").stdout == f"active: {ID}; before: {OTHER}\n"
    assert listed(run)[ID] == "fetched, active"
    written = json.loads((models_dir / "active-model").read_text())
    assert (written["name"], written["revision"], written["previous"]["name"]) == (ID, "master", OTHER)
    assert written["left"] == OTHER


def test_settings_that_name_a_model_have_the_last_word(
    run: Run, models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTHREAD_INFERENCE__MODEL", ID)
    chosen = run("model", "use", OTHER)

    assert chosen.exit_code == 0
    assert f"names `{ID}`" in chosen.stderr
    assert listed(run)[ID] == "fetched, active"


def test_the_choice_takes_effect_with_the_next_start(run: Run, models_dir: Path, opted_in: None) -> None:
    assert "next start" in run("model", "use", ID).stderr


def test_nothing_chosen_says_what_to_type(run: Run, models_dir: Path, opted_in: None) -> None:
    assert "inthread model use" in the_line(run("model", "path"))


def test_a_model_that_is_not_whole_is_not_chosen(run: Run, models_dir: Path, opted_in: None) -> None:
    run("model", "use", ID)
    (models_dir / OTHER / "LICENSE").write_bytes(b"x")

    assert "altered" in the_line(run("model", "use", OTHER))
    assert listed(run)[ID] == "fetched, active"


def test_the_active_model_is_not_removed(run: Run, models_dir: Path, opted_in: None) -> None:
    run("model", "use", ID)

    assert "is the active model" in the_line(run("model", "remove", ID))
    assert run("model", "remove", OTHER).exit_code == 0


def test_a_damaged_choice_says_what_to_do(run: Run, models_dir: Path, opted_in: None) -> None:
    (models_dir / "active-model").write_text("{")

    assert "is damaged" in the_line(run("model", "path"))


def test_what_was_imported_and_chosen_is_on_record(run: Run, models_dir: Path, opted_in: None, folder: Path) -> None:
    for arguments in (("use", ID), ("use", OTHER), ("use", "--back")):
        assert run("model", *arguments).exit_code == 0

    assert run("audit", "export", "--out", "log.jsonl").exit_code == 0

    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    headers = [line["header"] for line in lines if line["type"] == "entry"]
    assert [(header["kind"], header["step"], header["model"]) for header in headers] == [
        ("model_update", "use", ID),
        ("model_update", "use", OTHER),
        ("model_update", "use", ID),
    ]
