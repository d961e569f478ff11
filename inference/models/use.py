"""Makes a model that is here, and is what it should be, the active one: what `inthread model use` does."""

from datetime import datetime
from pathlib import Path

from inference.errors import ModelUnusable
from inference.models.active import ACTIVE, ActiveModel, load_active, make_active, make_previous_active
from inference.models.catalogue import CATALOGUE, Catalogue
from inference.models.check import verify_model
from inference.models.locate import ModelFiles, locate_model
from inference.models.snapshot import load_snapshot


def use_model(name: str, models_dir: Path, now: datetime, catalogue: Catalogue = CATALOGUE) -> ActiveModel:
    """Raises: ModelUnknown; ModelUnusable, when it is not here or not what it was; then nothing changes."""
    if name == ACTIVE:
        raise ModelUnusable(f"`{ACTIVE}` stands for the model that you choose: name that one")
    files = locate_model(name, models_dir, catalogue)
    verify_model(name, models_dir, quick=True, catalogue=catalogue)
    return make_active(_durable_name(name, files, models_dir), revision_of(files, catalogue), models_dir, now)


def use_previous_model(models_dir: Path, now: datetime, catalogue: Catalogue = CATALOGUE) -> ActiveModel:
    """Raises: ModelUnusable, when there is none, or it is not here any more; then nothing changes."""
    active = load_active(models_dir)
    if active is not None and active.previous is not None:
        verify_model(active.previous.name, models_dir, quick=True, catalogue=catalogue)
    return make_previous_active(models_dir, now)


def revision_of(files: ModelFiles, catalogue: Catalogue = CATALOGUE) -> str:
    """Of a fetched model what its manifest says; empty for other files."""
    if files.name in catalogue:
        return catalogue[files.name].version
    snapshot = None if files.is_gguf else load_snapshot(files.path)
    return snapshot.revision if snapshot else ""


def _durable_name(name: str, files: ModelFiles, models_dir: Path) -> str:
    """What means the same files from any working folder."""
    was_fetched = files.path.resolve().is_relative_to(models_dir.resolve())
    return files.name if was_fetched else str(files.path.resolve())
