"""Gets a model of ModelScope onto this machine: config, tokenizer, safetensors and licence, nothing else.

What is here is looked for first: in the models folder, then in the cache of ModelScope's own tools; only then the hub
is asked. Files gather in a hidden folder and get their place in one step, complete and verified, or not at all. A
download that broke off goes on when `fetch` is typed again.
"""

import hashlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from inference.errors import ModelUnusable
from inference.models.catalogue import HUB_MODELS
from inference.models.completeness import INDEX, PICKLED, find_missing, is_wanted, require_complete
from inference.models.disk import require_space, say, storage_error
from inference.models.hub import Hub, HubFile
from inference.models.hub_id import DEFAULT_REVISION, HubId
from inference.models.placing import alone, emptied, put_in_place
from inference.models.snapshot import (
    FileRecord,
    Snapshot,
    find_snapshot_fault,
    hashing_bar,
    record_file,
    write_snapshot,
)

SPARE_BYTES = 1 << 24


def fetch_snapshot(hub_id: HubId, models_dir: Path, progress: bool = True, *, endpoint: str | None = None) -> Path:
    """The folder of the verified model, downloaded if need be. Blocks for as long as that takes. Raises: as `fetch`."""
    place = hub_id.place(models_dir)
    fault = find_snapshot_fault(place, quick=True)
    if fault is None:
        say(progress, f"{hub_id} is there and verified: {place}")
        return place
    if place.exists():
        say(progress, f"{hub_id} {fault}: fetching it anew")
    try:
        with alone(models_dir):
            hub = Hub(endpoint)
            staged = _copy_cached(hub, hub_id, models_dir, progress) or _ask_hub(hub, hub_id, models_dir, progress)
            put_in_place(staged, place)
    except OSError as error:
        raise storage_error(error, models_dir) from error
    say(progress, f"{hub_id} is verified: {place}")
    return place


def _copy_cached(hub: Hub, hub_id: HubId, models_dir: Path, progress: bool) -> Path | None:
    """None when ModelScope's own cache does not have a whole model of this name."""
    cached = hub.find_cached(hub_id)
    if cached is None:
        return None
    try:
        require_complete(cached, "fetching it from the hub")
    except ModelUnusable as error:
        say(progress, str(error))
        return None
    say(progress, f"copying {hub_id} from {cached}")
    sources = [file for file in sorted(cached.iterdir()) if file.is_file() and is_wanted(file.name)]
    require_space(sum(file.stat().st_size for file in sources) + SPARE_BYTES, models_dir)
    staged = emptied(hub_id.gathering(models_dir, "cached"))
    for source in sources:
        shutil.copyfile(source, staged / source.name)
    _record(hub_id, staged, {}, "the cache of ModelScope's tools", progress)
    return staged


def _ask_hub(hub: Hub, hub_id: HubId, models_dir: Path, progress: bool) -> Path:
    say(progress, f"asking ModelScope for {hub_id}")
    return download(hub, hub_id, select_files(hub_id, hub.list_files(hub_id)), models_dir, progress)


def download(hub: Hub, hub_id: HubId, files: Sequence[HubFile], models_dir: Path, progress: bool) -> Path:
    """A folder with these files as they were announced, and their manifest. Raises: as `fetch`; OSError."""
    staged = _staging(hub_id, files, models_dir)
    size = sum(file.size for file in files)
    present = sum(file.stat().st_size for file in staged.iterdir())
    require_space(size - present + SPARE_BYTES, staged)
    bar = tqdm(total=size, unit="B", unit_scale=True, desc=hub_id.name, disable=not progress, file=sys.stderr)
    with bar:
        hub.download(hub_id, files, staged, bar.update)
    try:
        require_complete(staged, "choose another model, or report it to its author")
        _record(hub_id, staged, {file.name: file for file in files}, "ModelScope", progress)
    except ModelUnusable:
        shutil.rmtree(staged)  # what came is whole and yet wrong: there is nothing to go on with
        raise
    return staged


def select_files(hub_id: HubId, listed: Sequence[HubFile]) -> list[HubFile]:
    """The files to fetch. Raises: ModelUnusable, when they would not make a model that may be loaded."""
    files = [file for file in listed if is_wanted(file.name)]
    if any(file.name == "model.safetensors" for file in files):  # then shards, if any, are a second copy
        files = [file for file in files if file.name == "model.safetensors" or ".safetensors" not in file.name]
    elif not any(file.name == INDEX for file in files):
        files = [file for file in files if not file.name.endswith(".safetensors")]
    missing = find_missing({file.name for file in files})
    pickles = [file.name for file in listed if Path(file.name).suffix in PICKLED]
    if "*.safetensors" in missing and pickles:
        raise ModelUnusable(
            f"`{hub_id}` has its weights only as pickles ({pickles[0]}), which can hold code and are never loaded: "
            "choose a model with safetensors"
        )
    if missing:
        raise ModelUnusable(f"`{hub_id}` cannot be used, it lacks {', '.join(missing)}: choose another model")
    return files


def _staging(hub_id: HubId, files: Sequence[HubFile], models_dir: Path) -> Path:
    """The folder of an earlier try at the same files, or a new one; what is left of other files is deleted."""
    announced = "".join(
        f"{file.name} {file.size} {file.sha256}\n" for file in sorted(files, key=lambda file: file.name)
    )
    staged = hub_id.gathering(models_dir, hashlib.sha256(announced.encode()).hexdigest()[:12])
    for other in hub_id.partial(models_dir):
        if other != staged:
            shutil.rmtree(other)
    staged.mkdir(exist_ok=True)
    return staged


def _record(hub_id: HubId, staged: Path, announced: dict[str, HubFile], source: str, progress: bool) -> None:
    """Hashes every file into the manifest. Raises: ModelUnusable, when one is not what the hub announced."""
    paths = sorted(file for file in staged.iterdir() if is_wanted(file.name))
    records: list[FileRecord] = []
    with hashing_bar(sum(path.stat().st_size for path in paths), shown=progress) as bar:
        for path in paths:
            expected = announced.get(path.name, HubFile(path.name, 0, ""))
            record = record_file(path, bool(expected.sha256), bar.update)
            if (expected.sha256 or record.sha256, expected.size or record.size) != (record.sha256, record.size):
                raise ModelUnusable(f"{path.name} of `{hub_id}` is not what the hub announced: nothing was installed")
            records.append(record)
    licences = {model.id: model.licence for model in HUB_MODELS}
    licence = licences.get(hub_id.model, "see its page")
    revision = hub_id.revision or DEFAULT_REVISION
    write_snapshot(staged, Snapshot(hub_id.model, revision, source, licence, tuple(records)))
