"""The prepared file: int8 weights as they are multiplied, so that a start need not make them again.

The file is mapped, not read. Our kernel multiplies the weights where they lie; `qlinear_prepack` of oneDNN makes a copy
of its own, which cannot be stored (torch gives no access to it), and the pages that it has copied are given back. For
the container see `inference.models.prepared`.
"""

import hashlib
import json
import mmap
import os
import platform
import struct
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from inference.models.prepared import FORMAT, read_header
from inference.processor import instruction_sets
from inference.torch_engine.shapes import DecoderConfig, Layout, Precision
from inference.torch_engine.weights import Tensors

TYPES = {"I8": torch.int8, "F32": torch.float32}
NAMES = {dtype: name for name, dtype in TYPES.items()}
HEADER_BYTES_FOR_TENSOR = 160


@dataclass(frozen=True, slots=True)
class Origin:
    """What a prepared file was made from, and by what. Another one makes it stale."""

    source_sha256: str
    precision: Precision
    layout: Layout
    config: DecoderConfig
    torch: str
    processor: str
    format: str = FORMAT


def origin_of(source_sha256: str, precision: Precision, layout: Layout, config: DecoderConfig) -> Origin:
    """On this machine, with this version of torch."""
    processor = " ".join([platform.machine(), *sorted(instruction_sets())])
    return Origin(source_sha256, precision, layout, config, torch.__version__, processor)


def write_prepared(path: Path, origin: Origin, ends: Tensors, layers: Iterable[Tensors]) -> None:
    """Atomic: the file is there whole or not at all. `layers` are written as they come. Raises: OSError."""
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            _write(file, origin, _named(ends, layers))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class PreparedFile:
    """A prepared file, mapped. Tensors are views of the file: they live as long as somebody holds one."""

    def __init__(self, path: Path) -> None:
        """Raises: ValueError or OSError, for what is no whole prepared file."""
        with path.open("rb") as file:
            self._header = read_header(file)
            # A private mapping: torch wants memory that may be written, and the file is not to be.
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)

    @property
    def layout(self) -> str:
        return self._header.metadata.get("layout", "rows")

    def is_made_by(self, origin: Origin) -> bool:
        return {name: self._header.metadata.get(name) for name in asdict(origin)} == _metadata(origin)

    def ends(self) -> Tensors:
        return {name: self._tensor(name) for name in self._header.entries if not name.startswith("layers.")}

    def layers(self) -> Iterator[Tensors]:
        """A layer's pages are given back when the next is asked for: by then oneDNN has copied its weights."""
        is_used_in_place = self.layout == "pairs"
        count = 1 + max(
            (int(name.split(".")[1]) for name in self._header.entries if name.startswith("layers.")), default=-1
        )
        for index in range(count):
            if not is_used_in_place:
                self.release()
            prefix = f"layers.{index}."
            names = [name for name in self._header.entries if name.startswith(prefix)]
            yield {name.removeprefix(prefix): self._tensor(name) for name in names}
        if not is_used_in_place:
            self.release()

    def release(self) -> None:
        """Drop what was read from memory; whoever reads it again gets it from the file again."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def _tensor(self, name: str) -> Tensor:
        entry = self._header.entries[name]
        begin, end = entry["data_offsets"]
        raw = torch.frombuffer(self._map, dtype=torch.uint8, count=end - begin, offset=self._header.start + begin)
        if not name.endswith(".weight"):
            raw = raw.clone()  # small, in use at every step, and aligned only by chance
        return raw.view(TYPES[entry["dtype"]]).view(entry["shape"])


def _named(ends: Tensors, layers: Iterable[Tensors]) -> Iterator[tuple[str, Tensor]]:
    yield from ends.items()
    for index, layer in enumerate(layers):
        for name, values in layer.items():
            yield f"layers.{index}.{name}", values


def _write(file: BinaryIO, origin: Origin, tensors: Iterator[tuple[str, Tensor]]) -> None:
    """The header's room is kept free in front: what it says is known at the end."""
    room = HEADER_BYTES_FOR_TENSOR * (16 + 16 * origin.config.layers) - 8  # tensors begin on a cache line
    file.seek(8 + room)
    entries: dict[str, Any] = {}
    digest, position = hashlib.sha256(), 0
    for name, values in tensors:
        content: memoryview = values.contiguous().view(-1).view(torch.uint8).numpy().data
        file.write(content)
        digest.update(content)
        offsets = [position, position := position + content.nbytes]
        entries[name] = {"dtype": NAMES[values.dtype], "shape": list(values.shape), "data_offsets": offsets}
    entries["__metadata__"] = _metadata(origin) | {"sha256": digest.hexdigest()}
    file.seek(0)
    file.write(struct.pack("<Q", room) + json.dumps(entries, separators=(",", ":")).encode().ljust(room))


def _metadata(origin: Origin) -> dict[str, str]:
    """Of safetensors: texts only."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        for name, value in asdict(origin).items()
    }
