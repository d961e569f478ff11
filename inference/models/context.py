"""How many tokens a model can take, read from its files in milliseconds, before anything heavy is imported."""

import json
import struct
from pathlib import Path
from typing import BinaryIO

from inference.errors import ModelUnusable
from inference.models.locate import ModelFiles

# GGUF metadata value types by number. Source: ggml-org/ggml docs/gguf.md.
_FORMATS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9


def read_context_tokens(files: ModelFiles) -> int:
    """Prompt and reply together. Raises: ModelUnusable, when the files do not say it."""
    try:
        found = _from_gguf(files.path) if files.is_gguf else _from_config(files.path / "config.json")
    except (OSError, ValueError, TypeError, struct.error) as error:
        raise ModelUnusable(f"{files.path} is damaged ({error}): copy or fetch it again") from error
    if found is None or found < 2:
        raise ModelUnusable(f"{files.path} does not say how long a text it can take: it is not a chat model")
    return found


def _from_config(config: Path) -> int | None:
    values = json.loads(config.read_text("utf-8"))
    found = values.get("max_position_embeddings", values.get("n_positions"))
    return None if found is None else int(found)


def _from_gguf(path: Path) -> int | None:
    """Walks the metadata up to `<family>.context_length`, which stands before the long arrays of the tokenizer."""
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ValueError("it is not a GGUF file")
        _version, _tensors, entries = struct.unpack("<IQQ", file.read(20))
        for _ in range(entries):
            key = _read_string(file)
            value = _read_value(file, *struct.unpack("<I", file.read(4)))
            if key.endswith(b".context_length"):
                return int(value or 0)
    return None


def _read_value(file: BinaryIO, kind: int) -> float | None:
    """A number; strings and arrays are skipped."""
    if kind in _FORMATS:
        (value,) = struct.unpack(_FORMATS[kind], file.read(struct.calcsize(_FORMATS[kind])))
        return float(value)
    if kind == _STRING:
        _read_string(file)
    elif kind == _ARRAY:
        element, count = struct.unpack("<IQ", file.read(12))
        for _ in range(count):
            _read_value(file, element)
    else:
        raise ValueError(f"unknown value type {kind}")
    return None


def _read_string(file: BinaryIO) -> bytes:
    (size,) = struct.unpack("<Q", file.read(8))
    if size > 1 << 24:
        raise ValueError("a text of its header is too long")
    return file.read(size)
