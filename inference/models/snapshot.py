"""A model from a hub as it lies on this disk: a folder, and a manifest of what was fetched.

The manifest holds the SHA-256 of every file, and the size and modification time that the file had when it was last
hashed. The full check hashes everything; the quick one hashes only what changed since, so that a start takes
milliseconds. A folder may be copied to another machine: the first quick check there hashes it once.
"""

import contextlib
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tqdm import tqdm

from inference.models.json_file import write_json
from inference.models.verify import MANIFEST, combined_sha256, file_sha256


@dataclass(frozen=True, slots=True)
class FileRecord:
    """`hub_sha256`: whether the hub itself announced this hash, or we computed it from what came."""

    name: str
    size: int
    sha256: str
    hub_sha256: bool
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was fetched. `source` says from where."""

    model: str
    revision: str
    source: str
    licence: str
    files: tuple[FileRecord, ...]

    @property
    def sha256(self) -> str:
        """Of the weights: of one file its own, of several that of the list that `sha256sum` prints for them."""
        return combined_sha256([(file.name, file.sha256) for file in self.files if file.name.endswith(".safetensors")])

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def load_snapshot(folder: Path) -> Snapshot | None:
    """None when the folder has no manifest, or one that nobody of ours wrote."""
    try:
        values = json.loads((folder / MANIFEST).read_text("utf-8"))
        files = tuple(FileRecord(**record) for record in values.pop("files"))
        return Snapshot(**values, files=files) if all(_is_sound(file) for file in files) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Atomic. Raises: OSError."""
    write_json(folder / MANIFEST, asdict(snapshot))


def record_file(path: Path, hub_sha256: bool, progress: Callable[[int], object]) -> FileRecord:
    """Hashes the file. Raises: OSError."""
    before = path.stat()
    return FileRecord(path.name, before.st_size, file_sha256(path, progress), hub_sha256, before.st_mtime_ns)


def find_size_fault(folder: Path) -> str | None:
    """What is wrong as far as names and sizes tell, as the predicate of a sentence; None when nothing is."""
    if not folder.is_dir():
        return "is not fetched yet"
    snapshot = load_snapshot(folder)
    if snapshot is None:
        return f"is incomplete: it has no {MANIFEST}"
    return _find_size_fault(folder, snapshot)


def find_snapshot_fault(folder: Path, *, quick: bool) -> str | None:
    """As `find_size_fault`, and hashes: `quick` trusts unchanged files that were hashed before. Blocks."""
    fault = find_size_fault(folder)
    snapshot = load_snapshot(folder)
    if fault or snapshot is None:
        return fault
    try:
        fault, checked = _check_hashes(folder, snapshot, quick)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if fault is None and checked != snapshot:
        with contextlib.suppress(OSError):  # a read-only models folder is fine: the next quick check hashes again
            write_snapshot(folder, checked)
    return fault


def hashing_bar(size: int, shown: bool = True, doing: str = "checking") -> "tqdm[None]":
    """A bar over `size` bytes on standard error; none where that is no terminal."""
    return tqdm(total=size, unit="B", unit_scale=True, desc=doing, disable=None if shown else True, file=sys.stderr)


def _find_size_fault(folder: Path, snapshot: Snapshot) -> str | None:
    try:
        for file in snapshot.files:
            size = (folder / file.name).stat().st_size
            if size != file.size:
                return f"is partial or altered: {file.name} has {size:,} bytes instead of {file.size:,}"
    except FileNotFoundError:
        return f"is incomplete: {file.name} is missing"
    except OSError as error:
        return f"cannot be read: {file.name}: {error.strerror}"
    foreign = sorted(_names(folder) - {file.name for file in snapshot.files})
    # A template or an adapter laid beside the weights would be loaded with them.
    return f"is altered: {foreign[0]} does not belong to it" if foreign else None


def _check_hashes(folder: Path, snapshot: Snapshot, quick: bool) -> tuple[str | None, Snapshot]:
    """The fault, and the manifest with the times at which each file was found right."""
    stale = [file for file in snapshot.files if not quick or _modified_ns(folder, file) != file.modified_ns]
    checked = {file.name: file for file in snapshot.files}
    with hashing_bar(sum(file.size for file in stale)) as bar:
        for file in stale:
            found = record_file(folder / file.name, file.hub_sha256, bar.update)
            if found.sha256 != file.sha256:
                return f"is altered: {file.name} is not the file that was fetched", snapshot
            checked[file.name] = found
    return None, replace(snapshot, files=tuple(checked.values()))


def _modified_ns(folder: Path, file: FileRecord) -> int:
    return (folder / file.name).stat().st_mtime_ns


def _names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir() if entry.name != MANIFEST and not entry.name.startswith(".")}


def _is_sound(file: FileRecord) -> bool:
    return isinstance(file.name, str) and file.name == Path(file.name).name and isinstance(file.size, int)
