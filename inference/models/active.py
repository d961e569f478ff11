"""Which model is active, where the settings leave that open: `[inference] model = "active"`.

One small file in the models folder, written by `inthread model use` and by the update job, never by hand and never
half. Settings that name a model are the administrator's word, and this file does not count for them
(docs/decisions/0011).
"""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from inference.errors import ModelUnusable

ACTIVE = "active"
ACTIVE_FILE = "active-model"


@dataclass(frozen=True, slots=True)
class UsedModel:
    """A model that is, or was, active. `revision`: of a fetched one; `since`: when it became active, ISO 8601."""

    name: str
    revision: str
    since: str


@dataclass(frozen=True, slots=True)
class ActiveModel:
    """`previous` is what `model use --back` returns to. `left`: the model that was last left that way, if that was the
    last change: no update brings it back by itself."""

    name: str
    revision: str
    since: str
    previous: UsedModel | None = None
    left: str = ""


def load_active(models_dir: Path) -> ActiveModel | None:
    """None where no model was ever made active. Raises: ModelUnusable, when the file is damaged."""
    path = models_dir / ACTIVE_FILE
    try:
        values = json.loads(path.read_text("utf-8"))
        previous = values.pop("previous", None)
        active = ActiveModel(**values, previous=UsedModel(**previous) if previous else None)
        texts = (active.name, active.revision, active.since, active.left, active.previous and active.previous.name)
        if not all(isinstance(text, str | None) for text in texts) or not active.name:
            raise ValueError("not as it was written")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelUnusable(f"{path} is damaged ({error}): delete it, then type `inthread model use ID`") from error
    return active


def resolve_active(setting: str, models_dir: Path) -> str:
    """The name of the model that `[inference] model` means. Raises: ModelUnusable, when none was made active."""
    if setting != ACTIVE:
        return setting
    active = load_active(models_dir)
    if active is None:
        raise ModelUnusable('[inference] model is "active", and none is: type `inthread model use ID`')
    return active.name


def make_active(name: str, revision: str, models_dir: Path, now: datetime) -> ActiveModel:
    """From now on `name` is active, and what was becomes the previous one. Atomic. Raises: ModelUnusable.

    Whether its files are there and whole is the caller's to check.
    """
    before = load_active(models_dir)
    if before is not None and before.name == name:
        return before
    previous = UsedModel(before.name, before.revision, before.since) if before else None
    return _write(ActiveModel(name, revision, now.isoformat(timespec="seconds"), previous), models_dir)


def make_previous_active(models_dir: Path, now: datetime) -> ActiveModel:
    """Back to the model before; a second time, forth again. Raises: ModelUnusable, when there is none."""
    before = load_active(models_dir)
    if before is None or before.previous is None:
        raise ModelUnusable("no model was active before this one: type `inthread model use ID`")
    left = UsedModel(before.name, before.revision, before.since)
    back = before.previous
    active = ActiveModel(back.name, back.revision, now.isoformat(timespec="seconds"), left, left=before.name)
    return _write(active, models_dir)


def _write(active: ActiveModel, models_dir: Path) -> ActiveModel:
    path = models_dir / ACTIVE_FILE
    temporary = path.with_name(f".{ACTIVE_FILE}.{os.getpid()}")
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(json.dumps(asdict(active), indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise ModelUnusable(f"cannot write {path} ({error.strerror}): check its owner and permissions") from error
    finally:
        temporary.unlink(missing_ok=True)
    return active
