"""From what the settings say to files on this disk, and what is there to choose from.

Looks only at names, sizes and presence, so that a start fails in milliseconds with a line that says what to type.
"""

import json
import shutil
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from inference.engine import Sampling
from inference.errors import ModelUnknown, ModelUnusable
from inference.models.catalogue import CATALOGUE, Catalogue, find_model
from inference.models.verify import find_fault, weights_path

PICKLED = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl"})


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of one model. `path` is a .gguf file, or a folder with config, tokenizer and safetensors.

    `name` is the catalogue's, or the last part of the path. `sha256` is what the catalogue pins, empty outside it.
    `sampling` is what the catalogue knows where the files themselves say nothing.
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
    """The files that `[inference] model` means: a catalogue name, a folder, or a .gguf file.

    Raises: ModelUnusable, when files are missing or of a kind that is refused; ModelUnknown.
    """
    if setting in catalogue:
        return _locate_fetched(setting, models_dir, catalogue)
    path = Path(setting).expanduser()
    if path.is_dir():
        _require_folder(path)
        return ModelFiles(path.resolve().name, path)
    if path.suffix in PICKLED:
        raise ModelUnusable(f"{path} may hold pickled code, which is never loaded: use safetensors or GGUF files")
    if path.is_file():
        if path.suffix != ".gguf":
            raise ModelUnusable(f"{path} is not a model: give a folder with safetensors, or a .gguf file")
        return ModelFiles(path.stem, path)
    if len(path.parts) > 1 or path.suffix == ".gguf":
        raise ModelUnusable(f"there is nothing at {path.absolute()}: correct `model` under [inference] in the settings")
    find_model(setting, catalogue)
    raise ModelUnknown(setting)  # not reached: find_model has raised


def model_path(setting: str, models_dir: Path, catalogue: Catalogue = CATALOGUE) -> Path:
    """Raises: as `locate_model`."""
    return locate_model(setting, models_dir, catalogue).path


def list_models(models_dir: Path, catalogue: Catalogue = CATALOGUE) -> list[ListedModel]:
    """All of the catalogue by name, with the state of each here. Blocks while a file that changed is hashed."""
    lines = []
    for name, model in sorted(catalogue.items()):
        path = weights_path(model, models_dir)
        fault = find_fault(model, models_dir, quick=True)
        state = FetchState.FETCHED if fault is None else FetchState.ALTERED if path.exists() else FetchState.MISSING
        lines.append(ListedModel(name, model.title, model.licence, model.size, state, path))
    return lines


def remove_model(name: str, models_dir: Path, catalogue: Catalogue = CATALOGUE) -> bool:
    """Delete a fetched model; False when there was none. Models outside the catalogue are nobody's to delete.

    Raises: ModelUnknown; ModelUnusable, when the disk does not let go of it.
    """
    folder = models_dir / find_model(name, catalogue).name
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ModelUnusable(f"cannot delete {folder} ({error.strerror}): delete it by hand") from error
    return True


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


def _require_folder(folder: Path) -> None:
    """Raises: ModelUnusable, naming the files that are missing."""
    missing = [name for name in ("config.json", "tokenizer.json") if not (folder / name).is_file()]
    if not any(folder.glob("*.safetensors")):
        missing.append("*.safetensors")
    missing += _missing_shards(folder)
    if missing:
        raise ModelUnusable(f"{folder} is not a complete model, it lacks {', '.join(missing)}: copy all of its files")


def _missing_shards(folder: Path) -> list[str]:
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return []
    try:
        shards = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
    except (ValueError, KeyError, AttributeError):
        raise ModelUnusable(f"{index} cannot be read: copy it again") from None
    return sorted(shard for shard in shards if not (folder / shard).is_file())
