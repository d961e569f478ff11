"""What the weights of a model that nobody fetched were found to hash to, kept beside its prepared file.

A start would take a second longer for each gigabyte otherwise. As with what was fetched, size and modification time say
whether a file is still the one that was hashed.
"""

import contextlib
import json
from pathlib import Path

from inference.models.json_file import write_json
from inference.models.locate import ModelFiles
from inference.models.prepared import path_of_made
from inference.models.verify import combined_sha256, file_sha256

_Known = dict[str, list[int | str]]  # by name: size, modification time in ns, SHA-256


def remembered_sha256(files: ModelFiles) -> str:
    """As `verify.files_sha256` of the weights; what has changed since it was hashed is hashed, the rest is believed."""
    path = path_of_made(files, "hashes.json")
    known = _load(path)
    found = {weights.name: _hash(weights, known) for weights in files.weights()}
    if found != known:
        with contextlib.suppress(OSError):  # a folder that cannot be written is fine: the next start hashes again
            path.parent.mkdir(exist_ok=True)
            write_json(path, found)
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
