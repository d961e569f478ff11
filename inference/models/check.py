"""Whether a model is what it was when it was fetched: all of it when somebody asks, quickly before it is loaded."""

from pathlib import Path

from inference.errors import ModelUnusable
from inference.models.catalogue import CATALOGUE, Catalogue, find_model
from inference.models.hub_id import HubId, parse_hub_id
from inference.models.locate import ModelFiles, locate_model
from inference.models.snapshot import find_snapshot_fault, load_snapshot
from inference.models.verify import files_sha256, find_fault, weights_path


def verify_model(name: str, models_dir: Path, *, quick: bool = False, catalogue: Catalogue = CATALOGUE) -> str:
    """The SHA-256 of the weights. Blocks while hashing; `quick` trusts unchanged files that were hashed before.

    Files that were not fetched have nothing to compare with: they are looked through for completeness, and hashed.
    Raises: ModelUnknown; ModelUnusable, when a file is missing, partial or altered.
    """
    if name in catalogue:
        return _verify_wheel(name, models_dir, quick, catalogue)
    hub_id = parse_hub_id(name)
    if hub_id and (folder := hub_id.place(models_dir)).is_dir():
        return _verify_snapshot(hub_id, folder, quick)
    files = locate_model(name, models_dir, catalogue)
    return files_sha256(files.weights())


def sha256_for_loading(files: ModelFiles) -> str:
    """The SHA-256 of the weights that are about to be loaded; of a fetched folder every file is checked, quickly.

    Raises: ModelUnusable, when a file is not what the catalogue pins or what was fetched.
    """
    mend = f"type `inthread model fetch {files.name}`"
    snapshot = None if files.is_gguf else load_snapshot(files.path)
    if snapshot is not None:
        fault = find_snapshot_fault(files.path, quick=True)
        if fault:
            raise ModelUnusable(f"model `{files.name}` {fault} ({files.path}): {mend}")
        return snapshot.sha256
    sha256 = files_sha256(files.weights())
    if files.sha256 and sha256 != files.sha256:
        raise ModelUnusable(f"model `{files.name}` is altered ({files.path}): {mend}")
    return sha256


def _verify_wheel(name: str, models_dir: Path, quick: bool, catalogue: Catalogue) -> str:
    model = find_model(name, catalogue)
    fault = find_fault(model, models_dir, quick=quick)
    if fault:
        path = weights_path(model, models_dir)
        raise ModelUnusable(f"model `{name}` {fault} ({path}): type `inthread model fetch {name}`")
    return model.sha256


def _verify_snapshot(hub_id: HubId, folder: Path, quick: bool) -> str:
    fault = find_snapshot_fault(folder, quick=quick)
    snapshot = load_snapshot(folder)
    if fault or snapshot is None:
        raise ModelUnusable(f"model `{hub_id}` {fault} ({folder}): type `inthread model fetch {hub_id}`")
    return snapshot.sha256
