"""One file from the machine with a network to the one without: what goes in comes out, and nothing else gets in."""

import hashlib
import io
import json
import os
import stat
import subprocess
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference.errors import InferenceError, ModelUnknown, ModelUnusable
from inference.models import bundle_model, fetch, import_bundle, verify_model
from inference.models.snapshot import load_snapshot
from tests.inference.hub_double import HubDouble
from tests.inference.test_models import Index

ID = "Qwen/Tiny-Chat"
Member = tuple[str, bytes]


class Two:
    """The machine with the hub and the one without; `there` has the model, `here` has an empty models folder."""

    def __init__(self, hub: HubDouble, model: Path, folder: Path) -> None:
        self.there, self.here, self.file = folder / "there", folder / "here", folder / "model.tar"
        hub.repositories[ID, "master"] = {file.name: file.read_bytes() for file in model.iterdir()}
        fetch(ID, self.there, progress=False)

    def bundle(self) -> Path:
        bundle_model(ID, self.file, self.there, progress=False, replace=True)
        return self.file

    def bring(self) -> Path:
        return import_bundle(self.file, self.here, progress=False).place

    def left_over(self) -> list[str]:
        return sorted(str(path.relative_to(self.here)) for path in self.here.rglob("*") if path.name != "lock")


@pytest.fixture
def two(hub: HubDouble, tiny_qwen: Path, tmp_path: Path) -> Two:
    return Two(hub, tiny_qwen, tmp_path)


def members(file: Path) -> list[Member]:
    with tarfile.open(file) as archive:
        return [(member.name, archive.extractfile(member).read()) for member in archive]  # type: ignore[union-attr]


def write_tar(file: Path, content: list[Member], kind: bytes = tarfile.REGTYPE) -> None:
    """`kind` is that of the last member."""
    with tarfile.open(file, "w", format=tarfile.GNU_FORMAT) as archive:
        for number, (name, body) in enumerate(content, start=1):
            info = tarfile.TarInfo(name)
            info.size = len(body)
            if number == len(content) and kind != tarfile.REGTYPE:
                info.type, info.linkname, info.size = kind, "/etc/passwd", 0
            archive.addfile(info, io.BytesIO(body))


def described(content: list[Member], change: Callable[[dict[str, Any]], None]) -> list[Member]:
    """The members with another bundle.json, and checksums that agree with it."""
    manifest = json.loads(content[0][1])
    change(manifest)
    sums = "".join(f"{file.get('sha256')}  model/{file['name']}\n" for file in manifest["files"])
    return [("bundle.json", json.dumps(manifest).encode()), ("SHA256SUMS", sums.encode()), *content[2:]]


def with_file(content: list[Member], name: str, body: bytes) -> list[Member]:
    """The members and one more, which bundle.json and the checksums vouch for."""
    record = {"name": name, "size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "hub_sha256": False}

    def add(manifest: dict[str, Any]) -> None:
        manifest["files"] = sorted([*manifest["files"], record], key=lambda file: file["name"])

    files = sorted([*content[2:], (f"model/{name}", body)])
    return [*described(content, add)[:2], *files]


def test_what_goes_in_comes_out(two: Two) -> None:
    two.bundle()
    imported = import_bundle(two.file, two.here, progress=False)

    there = two.there / "Qwen" / "Tiny-Chat"
    assert imported.place == two.here / "Qwen" / "Tiny-Chat"
    assert (imported.name, imported.revision, imported.was_here) == (ID, "master", False)
    assert imported.sha256 == verify_model(ID, two.here) == verify_model(ID, two.there)
    names = {file.name for file in there.iterdir()}
    assert names == {file.name for file in imported.place.iterdir()}
    assert all((there / n).read_bytes() == (imported.place / n).read_bytes() for n in names - {"manifest.json"})
    assert {file.hub_sha256 for file in load_snapshot(imported.place).files} == {True}  # type: ignore[union-attr]


def test_the_same_model_makes_the_same_bytes_wherever_it_is(two: Two, tmp_path: Path) -> None:
    two.bundle()
    two.bring()
    bundle_model(ID, tmp_path / "again.tar", two.here, progress=False)

    assert (tmp_path / "again.tar").read_bytes() == two.file.read_bytes()
    assert stat.S_IMODE(two.file.stat().st_mode) == 0o644


def test_other_tools_can_read_and_check_it(two: Two, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "-xf", two.bundle(), "-C", tmp_path / "out"], check=True)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path / "out", check=True)

    assert [name for name, _ in members(two.file)][:3] == ["bundle.json", "SHA256SUMS", "model/LICENSE"]


def test_a_second_import_changes_nothing(two: Two) -> None:
    two.bundle()
    before = (two.bring() / "model.safetensors").stat().st_mtime_ns
    again = import_bundle(two.file, two.here, progress=False)

    assert again.was_here
    assert (again.place / "model.safetensors").stat().st_mtime_ns == before


def test_an_import_mends_what_was_altered(two: Two) -> None:
    two.bundle()
    (two.bring() / "LICENSE").write_bytes(b"something else")

    assert not import_bundle(two.file, two.here, progress=False).was_here
    assert verify_model(ID, two.here)


def test_it_can_come_through_a_pipe(two: Two, tmp_path: Path) -> None:
    content = two.bundle().read_bytes()
    reading, writing = open_pipe()
    writer = threading.Thread(target=lambda: (writing.write(content), writing.close()))
    writer.start()
    import_bundle(Path(f"/dev/fd/{reading}"), two.here, progress=False)
    writer.join()

    assert verify_model(ID, two.here)


def open_pipe() -> tuple[int, Any]:
    reading, writing = os.pipe()
    return reading, os.fdopen(writing, "wb")


def refused(two: Two, match: str) -> None:
    with pytest.raises(ModelUnusable, match=match) as refusal:
        two.bring()
    assert str(refusal.value).endswith("Nothing was imported")
    assert [path for path in two.left_over() if path != ".fetching"] == []


@pytest.mark.parametrize("name", ["../config.json", "/etc/config.json", "sub/config.json", ".hidden", "a\\b", ""])
def test_a_path_outside_is_refused(two: Two, name: str) -> None:
    write_tar(two.file, with_file(members(two.bundle()), name, b"{}"))
    refused(two, r"bundle\.json is damaged \(files")


@pytest.mark.parametrize("name", ["../../config.json", "/tmp/config.json", "model/../LICENSE", "model/extra.json"])
def test_a_member_that_is_not_named_is_refused(two: Two, name: str) -> None:
    write_tar(two.file, [*members(two.bundle()), (name, b"{}")])
    refused(two, "does not name")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(two: Two, kind: bytes) -> None:
    write_tar(two.file, members(two.bundle()), kind)
    refused(two, "no plain file")


def test_headers_of_other_kinds_are_refused_unread(two: Two) -> None:
    with tarfile.open(two.file, "w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("bundle.json")
        info.pax_headers = {"comment": "x" * 10_000}
        archive.addfile(info)
    refused(two, "no plain file")


@pytest.mark.parametrize(
    ("name", "why"),
    [("pytorch_model.bin", "pickled code"), ("adapter.pkl", "pickled"), ("modeling.py", "no part of a model")],
)
def test_pickles_and_code_are_refused(two: Two, name: str, why: str) -> None:
    write_tar(two.file, with_file(members(two.bundle()), name, b"\x80\x04"))
    refused(two, why)


def test_a_pickle_in_the_place_of_weights_is_refused(two: Two) -> None:
    content = [member for member in members(two.bundle()) if member[0] != "model/model.safetensors"]
    body = b"\x80\x04" * 100
    without = described(content, lambda m: m.update(files=[f for f in m["files"] if f["name"] != "model.safetensors"]))
    write_tar(two.file, with_file(without, "model.safetensors", body))
    refused(two, "is damaged|is partial")


def test_a_later_format_is_refused(two: Two) -> None:
    write_tar(two.file, described(members(two.bundle()), lambda manifest: manifest.update(format=2)))
    refused(two, "format 2.*upgrade")


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest["files"][0].pop("sha256"),
        lambda manifest: manifest["files"][0].update(sha256=""),
        lambda manifest: manifest["files"][0].update(sha256="A" * 64),
        lambda manifest: manifest["files"][0].update(size=-1),
        lambda manifest: manifest.update(files=[]),
        lambda manifest: manifest.update(files=manifest["files"][::-1]),
        lambda manifest: manifest.update(surprise=1),
    ],
)
def test_a_missing_checksum_is_refused(two: Two, change: Callable[[dict[str, Any]], None]) -> None:
    write_tar(two.file, described(members(two.bundle()), change))
    refused(two, r"bundle\.json is damaged")


def test_a_wrong_checksum_is_refused(two: Two) -> None:
    wrong = described(members(two.bundle()), lambda manifest: manifest["files"][-1].update(sha256="0" * 64))
    write_tar(two.file, wrong)
    refused(two, "is not what its SHA-256 says")


def test_checksums_that_disagree_are_refused(two: Two) -> None:
    first, _sums, *files = members(two.bundle())
    write_tar(two.file, [first, ("SHA256SUMS", b""), *files])
    refused(two, "differ")


def test_an_altered_byte_is_refused(two: Two) -> None:
    content = bytearray(two.bundle().read_bytes())
    content[content.index(b"Tiny licence")] ^= 1
    two.file.write_bytes(content)
    refused(two, "LICENSE is not what its SHA-256 says")


@pytest.mark.parametrize("part", [0.001, 0.3, 0.9])
def test_half_a_bundle_is_refused(two: Two, part: float) -> None:
    content = two.bundle().read_bytes()
    two.file.write_bytes(content[: int(part * len(content))])
    refused(two, "ends too early")


@pytest.mark.parametrize("name", ["nonsense", "../up", "a/b/c", "/etc/x", "Qwen/..", "weights.gguf"])
def test_a_name_that_is_no_models_is_refused(two: Two, name: str) -> None:
    write_tar(two.file, described(members(two.bundle()), lambda manifest: manifest.update(name=name)))
    refused(two, "neither")


def test_what_is_no_bundle_is_refused(two: Two) -> None:
    two.file.write_bytes(b"PK\x03\x04" + bytes(2000))
    refused(two, "no bundle|lacks")
    write_tar(two.file, [("config.json", b"{}")])
    refused(two, r"'config.json' where bundle\.json belongs")


def test_a_failed_import_leaves_the_model_that_was_there(two: Two) -> None:
    two.bundle()
    folder = two.bring()
    (folder / "LICENSE").write_bytes(b"altered here")
    content = two.file.read_bytes()
    two.file.write_bytes(content[:-3000])
    with pytest.raises(ModelUnusable):
        two.bring()

    assert (folder / "LICENSE").read_bytes() == b"altered here"


def test_an_altered_model_is_not_bundled(two: Two) -> None:
    path = two.there / "Qwen" / "Tiny-Chat" / "LICENSE"
    path.write_bytes(b"Tiny licencE")
    with pytest.raises(ModelUnusable, match="altered"):
        two.bundle()
    assert [path.name for path in two.file.parent.glob("*.tar*")] == []


def test_a_bundle_does_not_replace_a_file_unasked(two: Two) -> None:
    two.file.write_text("mine")
    with pytest.raises(InferenceError, match="--force"):
        bundle_model(ID, two.file, two.there, progress=False)
    assert two.file.read_text() == "mine"


def test_what_was_not_fetched_is_not_bundled(two: Two, tiny_qwen: Path) -> None:
    with pytest.raises(ModelUnusable, match="was not fetched"):
        bundle_model(str(tiny_qwen), two.file, two.there, progress=False)


def test_a_model_of_the_catalogue_goes_the_same_way(tmp_path: Path) -> None:
    index = Index(tmp_path)
    index.fetch()
    file, here = tmp_path / "tiny.tar", tmp_path / "here"
    bundle_model("tiny", file, index.models_dir, progress=False, catalogue=index.catalogue)
    imported = import_bundle(file, here, progress=False, catalogue=index.catalogue)

    assert imported.sha256 == index.model.sha256
    assert (here / "tiny" / "tiny.gguf").read_bytes() == index.path.read_bytes()
    assert import_bundle(file, here, progress=False, catalogue=index.catalogue).was_here
    with pytest.raises((ModelUnusable, ModelUnknown)):
        import_bundle(file, tmp_path / "other", progress=False)  # a version that does not know it
