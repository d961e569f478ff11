"""From what the settings say to files on this disk, and what is there to choose from.

Looks only at names, sizes and presence, so that a start fails in milliseconds with a line that says what to type.
"""

import contextlib
import shutil
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from inference.engine import Sampling
from inference.errors import ModelUnknown, ModelUnusable
from inference.models.active import load_active, resolve_active
from inference.models.catalogue import CATALOGUE, HUB_MODELS, Catalogue, find_model
from inference.models.completeness import PICKLED, require_complete
from inference.models.hub_id import HubId, parse_hub_id
from inference.models.snapshot import find_size_fault, find_snapshot_fault, load_snapshot
from inference.models.verify import MANIFEST, find_fault, weights_path


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of one model. `path` is a .gguf file, or a folder with config, tokenizer and safetensors.

    `name` is the catalogue's or ModelScope's, or the last part of the path. `sha256` is what the catalogue pins or the
    manifest of a fetched folder says, empty for other files. `sampling` is what the catalogue knows where the files
    themselves say nothing.
    """

    name: str
    path: Path
    sha256: str = ""
    sampling: Sampling = field(default=Sampling())

    @property
    def is_gguf(self) -> bool:
        return self.path.suffix == ".gguf"

    def weights(self) -> list[Path]:
        """The files that hold the weights, sorted by name."""
        return [self.path] if self.is_gguf else sorted(self.path.glob("*.safetensors"))


class FetchState(StrEnum):
    FETCHED = "fetched"
    MISSING = "missing"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A line of `inthread model list`. `size` in bytes."""

    name: str
    title: str
    licence: str
    size: int
    state: FetchState
    path: Path


def locate_model(setting: str, models_dir: Path, catalogue: Catalogue = CATALOGUE) -> ModelFiles:
    """The files that `[inference] model` means: a catalogue name, an id of ModelScope, a folder, or a .gguf file.

    `active` is the one that `inthread model use` chose. `owner/name` is a folder where there is one of that path,
    unless a model of that id was fetched.
    Raises: ModelUnusable, when files are missing or of a kind that is refused; ModelUnknown.
    """
    setting = resolve_active(setting, models_dir)
    if setting in catalogue:
        return _locate_fetched(setting, models_dir, catalogue)
    hub_id = parse_hub_id(setting)
    if hub_id and (folder := hub_id.place(models_dir)).is_dir():
        return _locate_snapshot(hub_id, folder)
    path = Path(setting).expanduser()
    if path.is_dir():
        require_complete(path, "copy all of its files")
        return ModelFiles(path.resolve().name, path)
    if path.suffix in PICKLED:
        raise ModelUnusable(f"{path} may hold pickled code, which is never loaded: use safetensors or GGUF files")
    if path.is_file():
        if path.suffix != ".gguf":
            raise ModelUnusable(f"{path} is not a model: give a folder with safetensors, or a .gguf file")
        return ModelFiles(path.stem, path)
    if hub_id:
        raise ModelUnusable(f"model `{hub_id}` is not fetched yet: type `inthread model fetch {hub_id}`")
    if len(path.parts) > 1 or path.suffix == ".gguf":
        raise ModelUnusable(f"there is nothing at {path.absolute()}: correct `model` under [inference] in the settings")
    find_model(setting, catalogue)
    raise ModelUnknown(setting)  # not reached: find_model has raised


def model_path(setting: str, models_dir: Path, catalogue: Catalogue = CATALOGUE) -> Path:
    """Raises: as `locate_model`."""
    return locate_model(setting, models_dir, catalogue).path


def list_models(models_dir: Path, catalogue: Catalogue = CATALOGUE) -> list[ListedModel]:
    """The catalogue, the models of ModelScope that it suggests, and what else was fetched, each with its state here.

    Blocks while a file that changed is hashed.
    """
    suggested = [HubId(*model.id.split("/")) for model in HUB_MODELS]
    fetched = [hub_id for hub_id in _fetched_ids(models_dir) if hub_id not in suggested]
    return [
        *(_list_wheel(name, models_dir, catalogue) for name in sorted(catalogue)),
        *(_list_snapshot(hub_id, models_dir) for hub_id in [*suggested, *fetched]),
    ]


def remove_model(name: str, models_dir: Path, catalogue: Catalogue = CATALOGUE) -> bool:
    """Delete a fetched model; False when there was none. Models that were not fetched are nobody's to delete.

    Raises: ModelUnknown; ModelUnusable, when it is the active one, or the disk does not let go of it.
    """
    active = load_active(models_dir)
    if active is not None and active.name == name:
        raise ModelUnusable(f"`{name}` is the active model: type `inthread model use` with another one before")
    hub_id = None if name in catalogue else parse_hub_id(name)
    if hub_id is None:
        return _delete(models_dir / find_model(name, catalogue).name)
    removed = [_delete(folder) for folder in (hub_id.place(models_dir), *hub_id.partial(models_dir))]
    with contextlib.suppress(OSError):  # another model of this owner is there
        hub_id.place(models_dir).parent.rmdir()
    return any(removed)


def _delete(folder: Path) -> bool:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ModelUnusable(f"cannot delete {folder} ({error.strerror}): delete it by hand") from error
    return True


def _fetched_ids(models_dir: Path) -> list[HubId]:
    manifests = sorted(models_dir.glob(f"[!.]*/*/{MANIFEST}"))
    ids = [parse_hub_id(f"{manifest.parent.parent.name}/{manifest.parent.name}") for manifest in manifests]
    return [hub_id for hub_id in ids if hub_id]


def _list_wheel(name: str, models_dir: Path, catalogue: Catalogue) -> ListedModel:
    model = catalogue[name]
    path = weights_path(model, models_dir)
    state = _state(find_fault(model, models_dir, quick=True), path)
    return ListedModel(name, model.title, model.licence, model.size, state, path)


def _list_snapshot(hub_id: HubId, models_dir: Path) -> ListedModel:
    folder = hub_id.place(models_dir)
    known = next((model for model in HUB_MODELS if model.id == hub_id.model), None)
    snapshot = load_snapshot(folder)
    return ListedModel(
        name=str(hub_id),
        title=known.title if known else hub_id.name,
        licence=known.licence if known else "see its page",
        size=snapshot.size if snapshot else known.size if known else 0,
        state=_state(find_snapshot_fault(folder, quick=True), folder),
        path=folder,
    )


def _state(fault: str | None, path: Path) -> FetchState:
    return FetchState.FETCHED if fault is None else FetchState.ALTERED if path.exists() else FetchState.MISSING


def _locate_snapshot(hub_id: HubId, folder: Path) -> ModelFiles:
    mend = f"type `inthread model fetch {hub_id}`"
    fault = find_size_fault(folder)
    snapshot = load_snapshot(folder)
    if fault or snapshot is None:
        raise ModelUnusable(f"model `{hub_id}` {fault} ({folder}): {mend}")
    require_complete(folder, mend)
    return ModelFiles(str(hub_id), folder, snapshot.sha256)


def _locate_fetched(name: str, models_dir: Path, catalogue: Catalogue) -> ModelFiles:
    model = catalogue[name]
    path = weights_path(model, models_dir)
    mend = f"type `inthread model fetch {name}`"
    try:
        size = path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        raise ModelUnusable(f"model `{name}` is not fetched yet: {mend}") from None
    except OSError as error:
        raise ModelUnusable(f"{path} cannot be read ({error.strerror}): check its owner and permissions") from error
    if size != model.size:
        raise ModelUnusable(f"model `{name}` is partial or altered ({path}): {mend}")
    return ModelFiles(name, path, model.sha256, model.sampling)
