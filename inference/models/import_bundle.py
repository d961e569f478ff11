"""Reads a bundle into the models folder. The bundle may come from anywhere: nothing that it says is trusted unchecked.

Its files gather out of sight while they are hashed, and get their place in one step, or are gone.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from inference.errors import InferenceError, ModelUnusable
from inference.models.bundle_format import (
    FOLDER,
    LONGEST_MANIFEST,
    MANIFEST_MEMBER,
    SUMS_MEMBER,
    BundledFile,
    BundleManifest,
    BundleReader,
    encode_sums,
    load_bundle_manifest,
)
from inference.models.catalogue import CATALOGUE, Catalogue, CatalogueModel
from inference.models.check import verify_model
from inference.models.completeness import PICKLED, is_wanted, require_complete
from inference.models.disk import require_space, say, storage_error
from inference.models.hub_id import GATHERING, HubId, parse_hub_id
from inference.models.placing import alone, emptied, put_in_place
from inference.models.snapshot import (
    FileRecord,
    Snapshot,
    find_snapshot_fault,
    hashing_bar,
    load_snapshot,
    write_snapshot,
)
from inference.models.verify import find_fault, write_manifest

SPARE_BYTES = 1 << 24
MEND = "bundle the model again"


@dataclass(frozen=True, slots=True)
class Imported:
    """What a bundle brought. `sha256` is that of the weights, as `inthread model verify` prints it; `size` in bytes.

    `was_here`: nothing had to be written, because the same files were there already.
    """

    name: str
    revision: str
    licence: str
    size: int
    sha256: str
    place: Path
    was_here: bool


def import_bundle(
    source: Path, models_dir: Path, progress: bool = True, *, catalogue: Catalogue = CATALOGUE
) -> Imported:
    """The model is in its place, verified, when this returns. Blocks. `source` may be a pipe.

    Raises: ModelUnusable, when the bundle is damaged, of a later format, not what its checksums say, or holds anything
    but a model's files; InferenceError, when it cannot be read or stored.
    """
    try:
        file = source.open("rb")
    except OSError as error:
        raise InferenceError(f"cannot read {source} ({error.strerror}): check its name and permissions") from error
    with file:
        try:
            return _Import(file, models_dir, catalogue).run(progress)
        except ModelUnusable as error:
            raise ModelUnusable(f"{source} is refused: {error}. Nothing was imported") from error
        except OSError as error:
            raise storage_error(error, models_dir, "import again") from error


class _Import:
    """One bundle on its way in."""

    def __init__(self, file: BinaryIO, models_dir: Path, catalogue: Catalogue) -> None:
        self._reader = BundleReader(file)
        self._models_dir = models_dir
        self._catalogue = catalogue

    def run(self, progress: bool) -> Imported:
        manifest = load_bundle_manifest(self._text(MANIFEST_MEMBER))
        model = self._catalogue.get(manifest.name)
        hub_id = None if model else parse_hub_id(manifest.name)
        place = self._place(manifest, model, hub_id)
        was_here = self._is_here(manifest, model, place)
        if not was_here:
            with alone(self._models_dir):
                self._bring(manifest, model, hub_id, place, progress)
            say(progress, f"{manifest.name} is verified: {place}")
        sha256 = verify_model(manifest.name, self._models_dir, quick=True, catalogue=self._catalogue)
        revision, licence = manifest.revision, manifest.licence
        return Imported(manifest.name, revision, licence, manifest.size, sha256, place, was_here)

    def _place(self, manifest: BundleManifest, model: CatalogueModel | None, hub_id: HubId | None) -> Path:
        """Where the files belong. Raises: ModelUnusable, when they are not what such a model may have."""
        if model is not None:
            if [(file.name, file.sha256) for file in manifest.files] != [(model.file, model.sha256)]:
                raise ModelUnusable(f"its `{model.name}` is not the one that the catalogue pins")
            return self._models_dir / model.name
        if hub_id is None:
            raise ModelUnusable(f"{manifest.name!r} is neither a model of the catalogue nor an `owner/name`")
        for file in manifest.files:
            if not is_wanted(file.name):
                why = "may hold pickled code" if Path(file.name).suffix in PICKLED else "is no part of a model"
                raise ModelUnusable(f"it holds {file.name}, which {why} and is never loaded")
        return hub_id.place(self._models_dir)

    def _is_here(self, manifest: BundleManifest, model: CatalogueModel | None, place: Path) -> bool:
        if model is not None:
            return find_fault(model, self._models_dir, quick=True) is None
        snapshot = load_snapshot(place)
        if snapshot is None or find_snapshot_fault(place, quick=True) is not None:
            return False
        return {(file.name, file.sha256) for file in snapshot.files} == {
            (file.name, file.sha256) for file in manifest.files
        }

    def _bring(
        self, manifest: BundleManifest, model: CatalogueModel | None, hub_id: HubId | None, place: Path, progress: bool
    ) -> None:
        require_space(manifest.size + SPARE_BYTES, self._models_dir, "import again")
        staged = emptied(self._models_dir / GATHERING / f"{manifest.name.replace('/', '--')}+import")
        try:
            self._unpack(manifest, staged, progress)
            if hub_id is not None:
                require_complete(staged, MEND)
                write_snapshot(staged, _snapshot(manifest, hub_id, staged))
            put_in_place(staged, place)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        if model is not None:
            write_manifest(model, self._models_dir)

    def _unpack(self, manifest: BundleManifest, staged: Path, progress: bool) -> None:
        if self._text(SUMS_MEMBER) != encode_sums(manifest):
            raise ModelUnusable(f"{SUMS_MEMBER} and {MANIFEST_MEMBER} differ: {MEND}")
        with hashing_bar(manifest.size, progress, "importing") as bar:
            for file in manifest.files:
                self._expect(FOLDER + file.name, file.size)
                self._write(file, staged / file.name, bar.update)
        if (more := self._reader.next_member()) is not None:
            raise ModelUnusable(f"it holds {more[0]!r}, which {MANIFEST_MEMBER} does not name: {MEND}")

    def _write(self, file: BundledFile, path: Path, progress: Callable[[int], object]) -> None:
        digest = hashlib.sha256()
        with path.open("xb") as target:
            for block in self._reader.content(file.size):
                digest.update(block)
                target.write(block)
                progress(len(block))
            target.flush()
            os.fsync(target.fileno())
        if digest.hexdigest() != file.sha256:
            raise ModelUnusable(f"{file.name} is not what its SHA-256 says: copy the bundle again")

    def _text(self, name: str) -> bytes:
        return b"".join(self._reader.content(self._expect(name, None)))

    def _expect(self, name: str, size: int | None) -> int:
        """The size of the next member, which has to be this one."""
        found = self._reader.next_member()
        if found is None or found[0] != name:
            raise ModelUnusable(f"it has {found[0]!r} where {name} belongs" if found else f"it lacks {name}: {MEND}")
        if found[1] > LONGEST_MANIFEST if size is None else found[1] != size:
            raise ModelUnusable(f"{name} has {found[1]:,} bytes, which is not its size: {MEND}")
        return found[1]


def _snapshot(manifest: BundleManifest, hub_id: HubId, staged: Path) -> Snapshot:
    """As `fetch` would have written it: the hashes have just been found right."""
    records = [
        FileRecord(file.name, file.size, file.sha256, file.hub_sha256, (staged / file.name).stat().st_mtime_ns)
        for file in manifest.files
    ]
    return Snapshot(hub_id.model, manifest.revision, manifest.source, manifest.licence, tuple(records))
