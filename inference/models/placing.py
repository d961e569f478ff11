"""How files become a model in the models folder: they gather out of sight, and get their place in one step.

Who fetches or imports holds the folder's lock meanwhile, so that two never work at the same model.
"""

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

from inference.errors import InferenceError
from inference.models.hub_id import GATHERING


def put_in_place(staged: Path, place: Path) -> None:
    """Two renames: at no time does `place` hold anything but a whole model, the old one or the new one."""
    place.parent.mkdir(parents=True, exist_ok=True)
    old = staged.with_name(f"{staged.name}.old")
    if place.exists():
        place.rename(old)
    staged.rename(place)
    shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def alone(models_dir: Path) -> Iterator[None]:
    """Raises: InferenceError, when another process fetches into the same models folder; OSError."""
    gathering = models_dir / GATHERING
    gathering.mkdir(parents=True, exist_ok=True)
    with (gathering / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InferenceError("another `inthread model fetch` or `import` is under way: wait for it") from None
        yield


def emptied(folder: Path) -> Path:
    """The folder, there and with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
