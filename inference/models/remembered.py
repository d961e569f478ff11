"""What the weights of a model that nobody fetched were found to hash to, kept beside its prepared file.

A start would take a second longer for each gigabyte otherwise. As with what was fetched, size and modification time say
whether a file is still the one that was hashed.
"""

import contextlib
import json
import os
from pathlib import Path

from inference.models.locate import ModelFiles
from inference.models.prepared import prepared_folder
from inference.models.verify import combined_sha256, file_sha256

_Known = dict[str, list[int | str]]  # by name: size, modification time in ns, SHA-256


def remembered_sha256(files: ModelFiles) -> str:
    """As `verify.files_sha256` of the weights; what has changed since it was hashed is hashed, the rest is believed."""
    path = prepared_folder(files) / f"{files.path.stem if files.is_gguf else 'model'}-hashes.json"
    known = _load(path)
    found = {weights.name: _hash(weights, known) for weights in files.weights()}
    if found != known:
        with contextlib.suppress(OSError):  # a folder that cannot be written is fine: the next start hashes again
            _save(path, found)
    return combined_sha256([(name, str(sha256)) for name, (_, _, sha256) in found.items()])


def _hash(path: Path, known: _Known) -> list[int | str]:
    state = path.stat()
    was = known.get(path.name, [])
    now: list[int | str] = [state.st_size, state.st_mtime_ns]
    return was if was[:2] == now else [*now, file_sha256(path)]


def _load(path: Path) -> _Known:
    try:
        known: _Known = json.loads(path.read_text("utf-8"))
        return known if all(len(record) == 3 and isinstance(record[2], str) for record in known.values()) else {}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}  # it is only remembered


def _save(path: Path, found: _Known) -> None:
    """Atomic. Raises: OSError."""
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
