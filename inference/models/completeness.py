"""Is a folder a whole model? Reads names, sizes and headers, never the weights themselves: milliseconds."""

import json
import re
import struct
from pathlib import Path
from typing import Any

from inference.errors import ModelUnusable

PICKLED = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl"})
INDEX = "model.safetensors.index.json"
_WANTED = re.compile(
    r"(?:generation_)?config\.json"
    r"|tokenizer\.json|tokenizer_config\.json|tokenizer\.model|vocab\.json|merges\.txt"
    r"|special_tokens_map\.json|added_tokens\.json|chat_template\.(?:jinja|json)"
    r"|model\.safetensors(?:\.index\.json)?|model-\d+-of-\d+\.safetensors"
    r"|(?:LICEN[CS]E|NOTICE)(?:[-_][A-Za-z0-9]+)?(?:\.(?:md|txt))?"
)
_HEADER_BYTES = 100_000_000  # the format's own limit


def is_wanted(name: str) -> bool:
    """Whether a file belongs to a model that we load: config, tokenizer, safetensors, licence. Never a pickle."""
    return _WANTED.fullmatch(name) is not None


def find_missing(names: set[str]) -> list[str]:
    """What a folder with files of these names lacks to be a model."""
    missing = [name for name in ("config.json", "tokenizer.json") if name not in names]
    if not any(name.endswith(".safetensors") for name in names):
        missing.append("*.safetensors")
    return missing


def require_complete(folder: Path, mend: str) -> None:
    """Raises: ModelUnusable, naming what is missing or cut short, and `mend`, which says what to do."""
    names = {file.name for file in folder.iterdir() if file.is_file()}
    missing = find_missing(names)
    shards = _indexed_shards(folder / INDEX, mend) if INDEX in names else {}
    missing += sorted(shards.keys() - names)
    if missing:
        pickles = sorted(name for name in names if Path(name).suffix in PICKLED)
        refused = f" ({', '.join(pickles)} may hold pickled code, which is never loaded)" if pickles else ""
        raise ModelUnusable(f"{folder} is not a complete model, it lacks {', '.join(missing)}{refused}: {mend}")
    _read_object(folder / "config.json", mend)
    for name in sorted(names):
        if name.endswith(".safetensors"):
            _require_whole(folder / name, shards.get(name, set()), mend)


def _indexed_shards(index: Path, mend: str) -> dict[str, set[str]]:
    """The tensors that each weights file should hold, by the file's name."""
    tensors = _read_object(index, mend).get("weight_map")
    if not isinstance(tensors, dict) or not all(_is_plain_name(shard) for shard in tensors.values()):
        raise ModelUnusable(f"{index} is damaged: {mend}")
    shards: dict[str, set[str]] = {}
    for tensor, shard in tensors.items():
        shards.setdefault(shard, set()).add(tensor)
    return shards


def _is_plain_name(shard: Any) -> bool:
    return isinstance(shard, str) and shard == Path(shard).name


def _require_whole(weights: Path, tensors: set[str], mend: str) -> None:
    """Whether a safetensors file is as long as its header says, and holds these tensors."""
    try:
        with weights.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > _HEADER_BYTES:
                raise ValueError("header too long")
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        size = 8 + length + max((entry["data_offsets"][1] for entry in header.values()), default=0)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, struct.error) as error:
        raise ModelUnusable(f"{weights} is damaged ({error}): {mend}") from error
    if weights.stat().st_size != size:
        raise ModelUnusable(f"{weights} is partial: {weights.stat().st_size:,} bytes instead of {size:,}: {mend}")
    if tensors - header.keys():
        raise ModelUnusable(f"{weights} lacks {min(tensors - header.keys())}, which the index promises: {mend}")


def _read_object(path: Path, mend: str) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnusable(f"{path} is damaged ({error}): {mend}") from error
    if not isinstance(values, dict):
        raise ModelUnusable(f"{path} is damaged: {mend}")
    return values
