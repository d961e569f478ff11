"""Models of ModelScope: fetched over its real SDK from a double on loopback, checked, loaded without any network."""

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import aclosing
from pathlib import Path
from typing import Literal

import pytest

from inference.engine import ChatMessage, Sampling, StopReason, StopSignal
from inference.errors import InferenceError, ModelUnknown, ModelUnusable
from inference.factory import open_engine
from inference.loading import load_model
from inference.models import (
    FetchState,
    ModelFiles,
    fetch,
    list_models,
    locate_model,
    remove_model,
    verify_model,
)
from inference.models.snapshot import load_snapshot
from inference.settings import InferenceSettings
from tests.inference.hub_double import HubDouble

ID = "Qwen/Tiny-Chat"
WANTED = ["LICENSE", "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors"]
WANTED += ["tokenizer.json", "tokenizer_config.json"]


class House:
    """A models folder, and a hub that has the tiny model and what such repositories carry besides."""

    def __init__(self, hub: HubDouble, model: Path, folder: Path) -> None:
        self.hub = hub
        self.models_dir = folder / "models"
        self.files = {file.name: file.read_bytes() for file in model.iterdir()}
        hub.repositories[ID, "master"] = self.files | {
            "README.md": b"# Tiny",
            "pytorch_model.bin": b"pickle",
            "modeling.py": b"raise SystemExit",
            "sub/config.json": b"{}",
        }

    def fetch(self, name: str = ID) -> Path:
        return fetch(name, self.models_dir, progress=False)

    def state(self, name: str = ID) -> FetchState:
        return next(line.state for line in list_models(self.models_dir) if line.name == name)

    def left_over(self) -> list[str]:
        """What lies in the models folder besides models, and is no lock."""
        return sorted(child.name for child in (self.models_dir / ".fetching").glob("[!.]*") if child.name != "lock")


@pytest.fixture
def house(hub: HubDouble, tiny_qwen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr("modelscope_hub._download.DOWNLOAD_INTEGRITY_RETRY_BACKOFF", 0)
    return House(hub, tiny_qwen, tmp_path)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def flipped(path: Path) -> bytes:
    """The content with its last byte changed."""
    content = path.read_bytes()
    return content[:-1] + bytes([content[-1] ^ 1])


def give_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK tries a download that broke off again; as if all its tries had failed."""
    monkeypatch.setattr("modelscope_hub._download.DOWNLOAD_RETRY_TIMES", 0)


def test_fetch_brings_what_a_model_needs_and_nothing_else(house: House) -> None:
    folder = house.fetch()
    assert folder == house.models_dir / "Qwen" / "Tiny-Chat"
    assert names(folder) == sorted([*WANTED, "manifest.json"])
    assert house.hub.downloads() == WANTED
    assert all((folder / name).read_bytes() == house.files[name] for name in WANTED)
    assert house.left_over() == []


def test_the_manifest_says_what_came_from_where(house: House) -> None:
    snapshot = load_snapshot(house.fetch())
    assert snapshot is not None
    assert (snapshot.model, snapshot.revision, snapshot.source) == (ID, "master", "ModelScope")
    assert [file.name for file in snapshot.files] == WANTED
    assert all(file.hub_sha256 for file in snapshot.files)
    assert verify_model(ID, house.models_dir) == snapshot.sha256


def test_a_revision_lies_beside_the_default_one(house: House) -> None:
    house.hub.repositories[ID, "v1.0"] = house.files | {"LICENSE": b"Another licence"}
    assert (house.fetch(f"{ID}@v1.0") / "LICENSE").read_bytes() == b"Another licence"
    assert (house.fetch() / "LICENSE").read_bytes() == b"Tiny licence"
    assert house.state(f"{ID}@v1.0") is house.state() is FetchState.FETCHED


def test_a_verified_model_is_not_fetched_again(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.fetch()
    house.hub.repositories.clear()
    fetch(ID, house.models_dir, progress=True)
    assert "there and verified" in capsys.readouterr().err


@pytest.mark.parametrize("spelling", ["qwen/Tiny-Chat", "QWEN/tiny-chat"])
def test_both_spellings_of_the_owner_are_found(house: House, spelling: str) -> None:
    folder = house.fetch()
    house.hub.repositories.clear()
    assert house.fetch(spelling).samefile(folder)
    assert locate_model(spelling, house.models_dir).path.samefile(folder)
    assert remove_model(spelling, house.models_dir)


def test_known_models_get_their_usual_spelling(house: House) -> None:
    house.hub.repositories["Qwen/Qwen1.5-0.5B-Chat", "master"] = house.files
    assert house.fetch("qwen/qwen1.5-0.5b-chat") == house.models_dir / "Qwen" / "Qwen1.5-0.5B-Chat"


def test_a_dropped_connection_goes_on_where_it_broke_off(house: House) -> None:
    house.hub.drop_after["model.safetensors"] = [1000]
    house.fetch()
    assert [span for name, span in house.hub.requests if name == "model.safetensors"] == ["", "bytes=1000-"]


def test_a_fetch_that_broke_off_goes_on_when_it_is_typed_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.hub.drop_after["model.safetensors"] = [1000]
    with monkeypatch.context() as patch:
        give_up_at_once(patch)
        with pytest.raises(InferenceError, match=r"broke off.*inthread model fetch Qwen/Tiny-Chat` to go on"):
            house.fetch()
    assert not (house.models_dir / "Qwen").exists()
    with pytest.raises(ModelUnusable, match="not fetched yet"):
        locate_model(ID, house.models_dir)
    house.hub.requests.clear()
    house.fetch()
    assert house.hub.requests == [("model.safetensors", "bytes=1000-")]
    assert house.left_over() == []


def test_what_is_left_of_other_files_is_not_mixed_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.hub.announces_sha256 = False
    house.hub.drop_after["model.safetensors"] = [1000]
    with monkeypatch.context() as patch:
        give_up_at_once(patch)
        with pytest.raises(InferenceError):
            house.fetch()
    house.hub.repositories[ID, "master"]["LICENSE"] = b"A longer licence"
    house.hub.requests.clear()
    house.fetch()
    assert house.hub.downloads() == WANTED


@pytest.mark.parametrize("sent", [b"x" * 12, b"Tiny li"])
def test_what_is_not_as_announced_is_refused(house: House, sent: bytes) -> None:
    house.hub.other_bytes["LICENSE"] = sent
    with pytest.raises(ModelUnusable, match=r"LICENSE.*nothing was installed"):
        house.fetch()
    assert not (house.models_dir / "Qwen").exists()


def test_without_hashes_from_the_hub_our_own_are_kept(house: House) -> None:
    house.hub.announces_sha256 = False
    snapshot = load_snapshot(house.fetch())
    assert snapshot is not None
    assert not any(file.hub_sha256 for file in snapshot.files)
    assert house.state() is FetchState.FETCHED


@pytest.mark.parametrize("name", ["Qwen/No-Such", f"{ID}@v9"])
def test_what_the_hub_does_not_have_is_said(house: House, name: str) -> None:
    with pytest.raises(ModelUnknown, match=rf"no `{name}`: check the spelling"):
        house.fetch(name)


def test_without_a_network_fetch_fails_fast_and_says_what_to_do(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
    before = time.monotonic()
    with pytest.raises(InferenceError, match=r"cannot be reached.*copy its models folder"):
        house.fetch()
    assert time.monotonic() - before < 5


@pytest.mark.parametrize("path", ["../config.json", "/etc/config.json", "a/../../config.json", "..\\config.json"])
def test_a_file_outside_of_the_folder_is_refused(house: House, path: str) -> None:
    house.hub.repositories[ID, "master"][path] = b"{}"
    with pytest.raises(ModelUnusable, match="outside of its folder"):
        house.fetch()
    assert house.hub.requests == []


def test_a_repository_of_pickles_is_refused_before_anything_is_downloaded(house: House) -> None:
    del house.hub.repositories[ID, "master"]["model.safetensors"]
    with pytest.raises(ModelUnusable, match=r"only as pickles \(pytorch_model.bin\).*safetensors"):
        house.fetch()
    assert house.hub.requests == []


def test_what_a_repository_lacks_is_named(house: House) -> None:
    del house.hub.repositories[ID, "master"]["tokenizer.json"]
    with pytest.raises(ModelUnusable, match=r"lacks tokenizer\.json"):
        house.fetch()


def test_a_sharded_model_must_have_all_its_shards(house: House) -> None:
    files = house.hub.repositories[ID, "master"]
    files["model-00001-of-00002.safetensors"] = files.pop("model.safetensors")
    shards = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    files["model.safetensors.index.json"] = json.dumps({"weight_map": shards}).encode()
    with pytest.raises(ModelUnusable, match=r"lacks model-00002-of-00002\.safetensors"):
        house.fetch()
    assert house.left_over() == []


def test_weights_cut_short_by_their_author_are_refused(house: House) -> None:
    house.hub.repositories[ID, "master"]["model.safetensors"] = house.files["model.safetensors"][:-5]
    with pytest.raises(ModelUnusable, match="is partial"):
        house.fetch()


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_file_altered_after_the_fetch_is_found_and_replaced(house: House, name: str) -> None:
    path = house.fetch() / name
    altered = flipped(path)
    path.write_bytes(altered)
    os.utime(path, ns=(1, 1))
    assert house.state() is FetchState.ALTERED
    with pytest.raises(ModelUnusable, match=rf"altered: {name}.*inthread model fetch {ID}"):
        verify_model(ID, house.models_dir)
    with pytest.raises(ModelUnusable, match=rf"altered: {name}.*inthread model fetch {ID}"):
        load_model(ModelFiles(ID, path.parent))
    house.fetch()
    assert path.read_bytes() == house.files[name]
    assert house.left_over() == []


def test_the_full_check_finds_what_keeps_size_and_time(house: House) -> None:
    path = house.fetch() / "model.safetensors"
    before = path.stat()
    path.write_bytes(flipped(path))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert verify_model(ID, house.models_dir, quick=True)
    with pytest.raises(ModelUnusable, match="altered"):
        verify_model(ID, house.models_dir)


def test_a_missing_file_is_named_at_start(house: House) -> None:
    (house.fetch() / "tokenizer.json").unlink()
    with pytest.raises(ModelUnusable, match=rf"tokenizer\.json is missing.*inthread model fetch {ID}"):
        open_engine(InferenceSettings(model=ID), house.models_dir)


def test_a_file_laid_beside_the_weights_is_found(house: House) -> None:
    (house.fetch() / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelUnusable, match=r"adapter_config\.json does not belong to it"):
        locate_model(ID, house.models_dir)


def test_a_folder_without_its_manifest_is_incomplete(house: House) -> None:
    (house.fetch() / "manifest.json").unlink()
    with pytest.raises(ModelUnusable, match=rf"no manifest\.json.*inthread model fetch {ID}"):
        locate_model(ID, house.models_dir)


def test_a_copied_models_folder_works_elsewhere(house: House, tmp_path: Path) -> None:
    house.fetch()
    shutil.copytree(house.models_dir, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    assert verify_model(ID, tmp_path / "elsewhere", quick=True) == verify_model(ID, house.models_dir)
    assert locate_model(ID, tmp_path / "elsewhere").path == tmp_path / "elsewhere" / "Qwen" / "Tiny-Chat"


@pytest.mark.parametrize(
    "layout", ["models/Qwen--Tiny-Chat/snapshots/master", "models/Qwen/Tiny-Chat", "hub/models/Qwen/Tiny-Chat"]
)
def test_what_lies_in_the_cache_of_modelscopes_tools_is_taken_without_the_network(
    house: House, tiny_qwen: Path, tmp_path: Path, layout: str
) -> None:
    shutil.copytree(tiny_qwen, tmp_path / "cache" / layout)
    (tmp_path / "cache" / layout / "pytorch_model.bin").write_bytes(b"pickle")
    folder = house.fetch("qwen/Tiny-Chat")
    assert names(folder) == sorted([*WANTED, "manifest.json"])
    assert house.hub.requests == []
    assert locate_model(ID, house.models_dir).path.samefile(folder)


def test_a_damaged_copy_in_that_cache_is_passed_over(house: House, tiny_qwen: Path, tmp_path: Path) -> None:
    cached = tmp_path / "cache/models/Qwen--Tiny-Chat/snapshots/master"
    shutil.copytree(tiny_qwen, cached)
    (cached / "model.safetensors").write_bytes(b"half")
    assert (house.fetch() / "model.safetensors").read_bytes() == house.files["model.safetensors"]


def test_remove_takes_what_a_fetch_that_broke_off_has_left(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    give_up_at_once(monkeypatch)
    house.hub.drop_after["model.safetensors"] = [1000]
    with pytest.raises(InferenceError):
        house.fetch()
    assert house.left_over() != []
    assert remove_model(ID, house.models_dir)
    assert house.left_over() == []


def test_a_models_folder_that_cannot_be_written_is_named(house: House) -> None:
    house.models_dir.write_text("not a folder")
    with pytest.raises(InferenceError, match="cannot write"):
        house.fetch()


def test_a_copy_elsewhere_is_checked_by_its_path(house: House, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(house.fetch(), copy)
    (copy / "tokenizer.json").write_bytes(flipped(copy / "tokenizer.json"))
    with pytest.raises(ModelUnusable, match=r"altered.*copy all of its files"):
        verify_model(str(copy), house.models_dir)


def test_two_fetches_at_once_are_refused(house: House) -> None:
    import fcntl

    (house.models_dir / ".fetching").mkdir(parents=True)
    with (house.models_dir / ".fetching" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(InferenceError, match="another"):
            house.fetch()


def test_list_suggests_models_and_finds_others(house: House) -> None:
    house.fetch()
    lines = {line.name: line for line in list_models(house.models_dir)}
    assert lines["Qwen/Qwen1.5-0.5B-Chat"].state is FetchState.MISSING
    assert lines["Qwen/Qwen1.5-0.5B-Chat"].licence == "tongyi-qianwen-research"
    assert lines[ID].size == sum(len(house.files[name]) for name in WANTED)


def test_remove(house: House) -> None:
    house.fetch()
    assert remove_model(ID, house.models_dir)
    assert not (house.models_dir / "Qwen").exists()
    assert not remove_model(ID, house.models_dir)


@pytest.mark.parametrize("name", ["../models", "Qwen/..", "/etc/passwd", "a/b/c", "Qwen/.hidden", "a/b@../c"])
def test_no_name_leads_out_of_the_models_folder(house: House, name: str) -> None:
    with pytest.raises(ModelUnknown):
        remove_model(name, house.models_dir)


def test_the_bar_counts_bytes_and_the_sdk_is_silent(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    fetch(ID, house.models_dir, progress=True)
    err = capsys.readouterr().err
    assert "Tiny-Chat: 100%" in err
    assert "Downloading" not in err
    assert logging.getLogger("modelscope_hub").level == logging.CRITICAL


@pytest.mark.usefixtures("float32")
async def test_a_fetched_model_loads_and_streams_without_opening_a_socket(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.fetch()
    asked = len(house.hub.requests)

    def refuse(*address: object) -> None:
        raise AssertionError(f"a connection to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    engine = open_engine(InferenceSettings(model="qwen/Tiny-Chat", threads=1), house.models_dir)
    await engine.warm_up()
    question = [ChatMessage("user", "年假有几天？")]
    async with aclosing(engine.stream(question, Sampling(8, temperature=0), StopSignal())) as stream:
        pieces = [piece async for piece in stream]
    await engine.close()
    assert pieces[-1].stop_reason in (StopReason.LENGTH, StopReason.END)
    assert engine.model.sha256 == verify_model(ID, house.models_dir)
    assert len(house.hub.requests) == asked


@pytest.mark.parametrize("kind", ["torch", "transformers"])
async def test_a_model_altered_after_the_start_was_checked_is_not_loaded(
    house: House, kind: Literal["torch", "transformers"]
) -> None:
    path = house.fetch() / "model.safetensors"
    engine = open_engine(InferenceSettings(engine=kind, model=ID), house.models_dir)
    path.write_bytes(flipped(path))
    os.utime(path, ns=(1, 1))
    with pytest.raises(ModelUnusable, match=rf"altered.*inthread model fetch {ID}"):
        await engine.warm_up()
    await engine.close()


def test_whoever_loads_a_model_never_imports_the_sdk() -> None:
    script = "import sys, inference.factory, inference.loading as loading; loading.preload(); "
    script += "sys.exit(any(name.split('.')[0].startswith('modelscope') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.fixture
def found(tiny_qwen: Path, tmp_path: Path) -> ModelFiles:
    """A model that nobody fetched: what its weights hash to is kept in its folder."""
    return locate_model(str(shutil.copytree(tiny_qwen, tmp_path / "found")), tmp_path)


def test_generation_defaults_come_from_the_models_own_files(found: ModelFiles) -> None:
    model = load_model(found)
    choice = model.choice
    assert (choice.temperature, choice.top_p, choice.top_k, choice.repetition_penalty) == (1.0, 0.8, 50, 1.1)
    assert model.eos_ids == {0, 2}


def test_thinking_is_switched_off_where_the_template_knows_it(found: ModelFiles) -> None:
    tokenizer = load_model(found).tokenizer
    assert tokenizer.decode(tokenizer.prompt_ids([ChatMessage("user", "Hi")])).endswith("<think>\n\n</think>\n\n")
