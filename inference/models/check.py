"""Whether a model is what it was when it was fetched: all of it when somebody asks, quickly before it is loaded."""

from pathlib import Path

from inference.errors import ModelUnusable
from inference.models.active import resolve_active
from inference.models.catalogue import CATALOGUE, Catalogue, find_model
from inference.models.hub_id import parse_hub_id
from inference.models.locate import ModelFiles, locate_model
from inference.models.prepared import find_damage, prepared_path
from inference.models.remembered import remembered_sha256
from inference.models.snapshot import find_snapshot_fault, load_snapshot
from inference.models.verify import files_sha256, find_fault, weights_path


def verify_model(name: str, models_dir: Path, *, quick: bool = False, catalogue: Catalogue = CATALOGUE) -> str:
    """The SHA-256 of the weights. Blocks while hashing; `quick` trusts unchanged files that were hashed before.

    Files that were not fetched have nothing to compare with: they are looked through for completeness, and hashed.
    A prepared file is looked at when everything is.
    Raises: ModelUnknown; ModelUnusable, when a file is missing, partial or altered.
    """
    name = resolve_active(name, models_dir)
    if name in catalogue:
        sha256 = _verify_wheel(name, models_dir, quick, catalogue)
        files = locate_model(name, models_dir, catalogue)
    else:
        files = locate_model(name, models_dir, catalogue)
        sha256 = _check_snapshot(files, quick) or files_sha256(files.weights())
    if not quick:
        _check_prepared(files)
    return sha256


def sha256_for_loading(files: ModelFiles) -> str:
    """The SHA-256 of the weights that are about to be loaded; of a fetched folder every file is checked, quickly.

    What the catalogue pins is hashed each time, the rest where it has changed.
    Raises: ModelUnusable, when a file is not what the catalogue pins or what was fetched.
    """
    sha256 = _check_snapshot(files, quick=True)
    if sha256 is None:
        sha256 = files_sha256(files.weights()) if files.sha256 else remembered_sha256(files)
    if files.sha256 and sha256 != files.sha256:
        raise ModelUnusable(f"model `{files.name}` is altered ({files.path}): type `inthread model fetch {files.name}`")
    return sha256


def _verify_wheel(name: str, models_dir: Path, quick: bool, catalogue: Catalogue) -> str:
    model = find_model(name, catalogue)
    fault = find_fault(model, models_dir, quick=quick)
    if fault:
        path = weights_path(model, models_dir)
        raise ModelUnusable(f"model `{name}` {fault} ({path}): type `inthread model fetch {name}`")
    return model.sha256


def _check_prepared(files: ModelFiles) -> None:
    path = prepared_path(files, "int8")
    damage = find_damage(path) if path.exists() else None
    if damage:
        raise ModelUnusable(f"{path} is damaged: {damage}: type `inthread model prepare {files.name}`")


def _check_snapshot(files: ModelFiles, quick: bool) -> str | None:
    """The SHA-256 that the manifest promises, found right; None without a manifest."""
    snapshot = None if files.is_gguf else load_snapshot(files.path)
    if snapshot is None:
        return None
    fault = find_snapshot_fault(files.path, quick=quick)
    if fault:
        was_fetched_here = parse_hub_id(files.name) is not None
        mend = f"type `inthread model fetch {files.name}`" if was_fetched_here else "copy all of its files"
        raise ModelUnusable(f"model `{files.name}` {fault} ({files.path}): {mend}")
    return snapshot.sha256
