"""Looks for a newer revision of a fetched model at its hub, and fetches it beside the one that is here.

What a branch is called does not change when its files do, so that a revision is known by its files: their names, sizes
and SHA-256 make the name `owner/name@files-<12 hex digits>` under which it lies here. Only files whose SHA-256 the hub
announces are taken.
"""

import hashlib
import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from inference.errors import InferenceError, ModelUnusable
from inference.models.active import ActiveModel, load_active
from inference.models.disk import storage_error
from inference.models.fetch_snapshot import download, select_files
from inference.models.hub import Hub, HubFile
from inference.models.hub_id import HubId, parse_hub_id
from inference.models.placing import alone, put_in_place
from inference.models.snapshot import find_snapshot_fault, load_snapshot, write_snapshot
from inference.models.verify import combined_sha256

BY_FILES = "files-"


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision at a hub. `sha256` is that of the weights, `size` in bytes."""

    model: str
    revision: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        return f"{self.model}@{self.revision}"


def update_source(source: str, active: ActiveModel | None) -> HubId:
    """The model and branch to look at: `source`, else the default branch of the active model.

    Raises: ModelUnusable, when the active model is of no hub, of a revision that somebody chose, or is another one than
    `source`.
    """
    active_id = parse_hub_id(active.name) if active else None
    if active is None or active_id is None:
        raise ModelUnusable("the active model did not come from a hub: choose one with `inthread model use owner/name`")
    if not source and active_id.revision and not active_id.revision.startswith(BY_FILES):
        raise ModelUnusable(f"`{active.name}` names its revision: say in [jobs.model_update] source what to look at")
    wanted = parse_hub_id(source) if source else HubId(active_id.owner, active_id.name)
    if wanted is None or wanted.model.lower() != active_id.model.lower():
        raise ModelUnusable(f"[jobs.model_update] source is `{source}`, and `{active.name}` is active, another model")
    return wanted


def find_newer(source: HubId, models_dir: Path, endpoint: str | None = None) -> Revision | None:
    """What the hub has now, unless its files are those of the active model. Blocks. Raises: as `fetch`."""
    listed = _listed(Hub(endpoint), source)
    revision = _revision(source, listed)
    active = load_active(models_dir)
    active_id = parse_hub_id(active.name) if active else None
    snapshot = load_snapshot(active_id.place(models_dir)) if active_id else None
    if snapshot is not None and {(file.name, file.sha256) for file in snapshot.files} == {
        (file.name, file.sha256) for file in listed
    }:
        return None
    return revision


def fetch_newer(source: HubId, name: str, models_dir: Path, endpoint: str | None = None) -> Path:
    """The folder of the revision of this name, every file hashed. Goes on where it broke off. Blocks.

    Raises: as `fetch`; InferenceError, when the hub has yet another revision by now.
    """
    hub_id = parse_hub_id(name)
    assert hub_id is not None, "made by find_newer"
    place = hub_id.place(models_dir)
    if find_snapshot_fault(place, quick=True) is None:
        return place
    try:
        with alone(models_dir):
            hub = Hub(endpoint)
            listed = _listed(hub, source)
            if _revision(source, listed).name != name:
                raise InferenceError(f"`{source}` has changed at the hub since it was looked at: try again later")
            staged = download(hub, source, listed, models_dir, progress=False)
            _name_revision(staged, hub_id.revision)
            put_in_place(staged, place)
    except OSError as error:
        raise storage_error(error, models_dir) from error
    return place


def remove_older(model: str, keep: Collection[str], models_dir: Path) -> list[str]:
    """Deletes what updates of this model brought, except for `keep`; their names. What people fetched stays."""
    hub_id = parse_hub_id(model)
    assert hub_id is not None
    kept = {name.lower() for name in keep}
    folders = HubId(hub_id.owner, hub_id.name).place(models_dir).parent.glob(f"{hub_id.name}@{BY_FILES}*")
    old = {f"{hub_id.owner}/{folder.name}": folder for folder in sorted(folders)}
    removed = {name: folder for name, folder in old.items() if name.lower() not in kept}
    for folder in removed.values():
        shutil.rmtree(folder, ignore_errors=True)
    return list(removed)


def _listed(hub: Hub, source: HubId) -> list[HubFile]:
    """The files to fetch. Raises: ModelUnusable, when one of them has no SHA-256 to hold it to."""
    files = select_files(source, hub.list_files(source))
    unpinned = [file.name for file in files if not file.sha256]
    if unpinned:
        raise ModelUnusable(
            f"the hub announces no SHA-256 for {unpinned[0]} of `{source}`: it is not updated by itself"
        )
    return sorted(files, key=lambda file: file.name)


def _revision(source: HubId, files: Iterable[HubFile]) -> Revision:
    listed = list(files)
    text = "".join(f"{file.name} {file.size} {file.sha256}\n" for file in listed)
    weights = [(file.name, file.sha256) for file in listed if file.name.endswith(".safetensors")]
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Revision(source.model, BY_FILES + digest, combined_sha256(weights), sum(file.size for file in listed))


def _name_revision(staged: Path, revision: str) -> None:
    snapshot = load_snapshot(staged)
    assert snapshot is not None, "the download has just written it"
    write_snapshot(staged, replace(snapshot, revision=revision))
