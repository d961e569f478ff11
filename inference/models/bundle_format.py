"""What a bundle is: one plain tar, without extensions, that `tar` and `sha256sum` can read as well.

    bundle.json     what is inside: format, name, revision, where from, licence, each file with size and SHA-256
    SHA256SUMS      the same hashes, for `sha256sum --check`
    model/…         the model's files, sorted by name

The same model makes the same bytes wherever it is bundled: no times, no owners. Headers are read one by one, because
a library that understands every kind of tar also follows links, holes and headers of any length.
"""

import json
import tarfile
from collections.abc import Iterator
from typing import BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inference.errors import ModelUnusable
from inference.models.verify import BLOCK_BYTES

FORMAT: Literal[1] = 1
MANIFEST_MEMBER = "bundle.json"
SUMS_MEMBER = "SHA256SUMS"
FOLDER = "model/"
END = bytes(2 * tarfile.BLOCKSIZE)
LONGEST_MANIFEST = 1 << 20
_PLAIN_NAME = r"^[A-Za-z0-9][\w.+-]*$"  # no folder, nothing hidden; with FOLDER it fits a header


class BundledFile(BaseModel):
    """`hub_sha256`: whether the hub announced this hash, or it was computed from what came."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(pattern=_PLAIN_NAME, max_length=90)
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    hub_sha256: bool


class BundleManifest(BaseModel):
    """`name` is what `[inference] model` and the commands call the model."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1]
    name: str
    revision: str
    source: str
    licence: str
    files: tuple[BundledFile, ...] = Field(min_length=1, strict=False)

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def encode_manifest(manifest: BundleManifest) -> bytes:
    return (json.dumps(manifest.model_dump(), indent=2, ensure_ascii=False) + "\n").encode()


def encode_sums(manifest: BundleManifest) -> bytes:
    return "".join(f"{file.sha256}  {FOLDER}{file.name}\n" for file in manifest.files).encode()


def load_bundle_manifest(text: bytes) -> BundleManifest:
    """Raises: ModelUnusable, when it is of a later format, or lacks a name, a size or a SHA-256."""
    try:
        version = json.loads(text).get("format")
        if version != FORMAT:
            raise ModelUnusable(f"the bundle has format {version!r}, this version reads {FORMAT}: upgrade inthread")
        manifest = BundleManifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelUnusable(f"{MANIFEST_MEMBER} is damaged ({where}: {first['msg']}): bundle the model again") from None
    except (ValueError, AttributeError, RecursionError) as error:
        raise ModelUnusable(f"{MANIFEST_MEMBER} is damaged: bundle the model again") from error
    names = [file.name for file in manifest.files]
    if names != sorted(set(names)):
        raise ModelUnusable(f"{MANIFEST_MEMBER} is damaged (files out of order): bundle the model again")
    return manifest


def header(name: str, size: int) -> bytes:
    """The 512 bytes before a member. Sizes over 8 GiB are written as GNU tar does."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    block = info.tobuf(tarfile.GNU_FORMAT)
    assert len(block) == tarfile.BLOCKSIZE, "names are checked to fit"
    return block


def padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


class BundleReader:
    """Members in the order in which they stand. Reads forward only, so that a pipe will do."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def next_member(self) -> tuple[str, int] | None:
        """Name and size in bytes; None at the end. Raises: ModelUnusable, for all but plain files."""
        block = self._read(tarfile.BLOCKSIZE)
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            if not any(block):
                return None
            raise ModelUnusable("it is no bundle of `inthread model bundle`, or it is damaged") from error
        if info.type != tarfile.REGTYPE or info.size < 0:
            raise ModelUnusable(f"it holds {info.name!r}, which is no plain file: a bundle holds nothing else")
        return info.name, info.size

    def content(self, size: int) -> Iterator[bytes]:
        """The member's bytes, by the block; take them all. Raises: ModelUnusable, when the file ends before."""
        left = size
        while left:
            block = self._read(min(left, BLOCK_BYTES))
            left -= len(block)
            yield block
        self._read(len(padding(size)))

    def _read(self, size: int) -> bytes:
        block = self._file.read(size)
        if len(block) != size:
            raise ModelUnusable("it is no whole bundle, it ends too early: copy it again")
        return block
