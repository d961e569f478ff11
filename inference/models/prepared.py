"""Where a model's prepared file is, what its header says, and whether the rest is what was written. Without torch.

The container is that of safetensors: eight bytes for the length of the header, the header as JSON, the tensors one
behind the other. `__metadata__` says from what it was made, by what, and the SHA-256 of all tensors.
Source: huggingface/safetensors README, "Format".
"""

import hashlib
import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from inference.models.locate import ModelFiles
from inference.torch_engine.shapes import Precision

FORMAT = "inthread prepared 2"  # another number whenever the same weights would come out otherwise, smoothing included
FOLDER = ".prepared"  # hidden: whatever else lies in a fetched folder makes it count as altered
HEADER_BYTES = 100_000_000  # the container's own limit
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Header:
    """`start`: where in the file the tensors begin. `entries`: dtype, shape and data_offsets by a tensor's name."""

    entries: dict[str, Any]
    metadata: dict[str, str]
    start: int


def path_of_made(files: ModelFiles, ending: str) -> Path:
    """Where what we make of a model's files belongs: beside a GGUF file, inside a folder; there or not."""
    if files.is_gguf:
        return files.path.parent / FOLDER / f"{files.path.stem}-{ending}"
    return files.path / FOLDER / f"model-{ending}"


def prepared_path(files: ModelFiles, precision: Precision) -> Path:
    return path_of_made(files, f"{precision}.inthread")


def kernels_dir(models_dir: Path) -> Path:
    """Where our engine keeps the kernels that it has compiled on this machine."""
    return models_dir / "kernels"


def read_header(file: BinaryIO) -> Header:
    """Also looks whether the file is as long as it says. Raises: ValueError or OSError."""
    try:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > HEADER_BYTES:
            raise ValueError("its header is too long")
        entries = json.loads(file.read(length))
        header = Header(entries, entries.pop("__metadata__"), 8 + length)
        end = header.start + max(entry["data_offsets"][1] for entry in entries.values())
    except (struct.error, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"it has no header of a prepared file ({error})") from error
    size = os.fstat(file.fileno()).st_size
    if size != end:
        raise ValueError(f"it has {size:,} bytes instead of {end:,}")
    return header


def find_damage(path: Path) -> str | None:
    """What is wrong with a prepared file, as a sentence; None when nothing is. Reads all of it."""
    try:
        with path.open("rb") as file:
            header = read_header(file)
            file.seek(header.start)
            digest = hashlib.sha256()
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
    except (OSError, ValueError) as error:
        return str(error)
    return None if digest.hexdigest() == header.metadata.get("sha256") else "its SHA-256 is not the recorded one"
