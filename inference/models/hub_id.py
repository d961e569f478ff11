"""Names of models on ModelScope, and where each belongs in the models folder."""

import re
from dataclasses import dataclass
from pathlib import Path

from inference.models.catalogue import HUB_MODELS

DEFAULT_REVISION = "master"
GATHERING = ".fetching"  # in the models folder: where files gather while they are fetched
# A part begins with a letter or digit, so that none is `..` or hidden.
_ID = re.compile(
    r"(?P<owner>[A-Za-z0-9][\w.-]*)/(?P<name>[A-Za-z0-9][\w.-]*)(?:@(?P<revision>[A-Za-z0-9][\w.-]*))?", re.A
)
_FILE_SUFFIXES = (".gguf", ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".safetensors")


@dataclass(frozen=True, slots=True)
class HubId:
    """`revision` is a branch, tag or commit; empty means the default branch."""

    owner: str
    name: str
    revision: str = ""

    def __str__(self) -> str:
        return f"{self.model}@{self.revision}" if self.revision else self.model

    @property
    def model(self) -> str:
        return f"{self.owner}/{self.name}"

    def place(self, models_dir: Path) -> Path:
        """The folder of this model: the one that is there in any spelling of upper and lower case, else a new one.

        Source: ModelScope's own look-up minds the case, so that `qwen/` misses what was fetched as `Qwen/`.
        """
        owner, name = _spelled_as_there(models_dir, self.owner), str(self).split("/")[1]
        return owner / _spelled_as_there(owner, name).name

    def gathering(self, models_dir: Path, files: str) -> Path:
        """Where one set of files of this model gathers. `*` for `files` makes a pattern: `+` is in no name."""
        return models_dir / GATHERING / f"{str(self).replace('/', '--')}+{files}"

    def partial(self, models_dir: Path) -> list[Path]:
        """What fetches that broke off have left."""
        pattern = self.gathering(models_dir, "*")
        return sorted(pattern.parent.glob(pattern.name))


def parse_hub_id(text: str) -> HubId | None:
    """None for what is no `owner/name[@revision]`, such as a path. Known models get their usual spelling."""
    match = _ID.fullmatch(text)
    if match is None or text.endswith(_FILE_SUFFIXES):
        return None
    usual = {known.id.lower(): known.id for known in HUB_MODELS}
    model = f"{match['owner']}/{match['name']}"
    owner, name = usual.get(model.lower(), model).split("/")
    return HubId(owner, name, match["revision"] or "")


def _spelled_as_there(parent: Path, name: str) -> Path:
    exact = parent / name
    if exact.exists() or not parent.is_dir():
        return exact
    alike = (child for child in sorted(parent.iterdir()) if child.name.lower() == name.lower())
    return next(alike, exact)
