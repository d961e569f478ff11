"""Prepares a model for int8 once, and finds it prepared later. `inthread model prepare` comes in here."""

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from tqdm import tqdm

from inference.errors import ModelUnusable
from inference.models.check import sha256_for_loading
from inference.models.locate import ModelFiles
from inference.models.prepared import prepared_path
from inference.torch_engine.kernels import Kernels, load_kernels
from inference.torch_engine.precision import choose_precision
from inference.torch_engine.prepared import Origin, PreparedFile, origin_of, write_prepared
from inference.torch_engine.quantize import calibration_ids, int8_ends, int8_layers
from inference.torch_engine.shapes import Layout
from inference.torch_engine.source import Source, open_source
from inference.torch_engine.weights import Tensors

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was done, for people. `size` in bytes; `source_size` of the files that it was made from."""

    path: Path
    size: int
    source_size: int
    seconds: float


def prepare_model(files: ModelFiles, kernels_dir: Path | None = None) -> Preparation:
    """Blocks for up to a minute. Raises: ModelUnusable, also when the file cannot be written."""
    began = time.perf_counter()
    sha256 = sha256_for_loading(files)
    with warnings.catch_warnings(action="ignore"):
        source = open_source(files, sha256)
    layout = choose_precision(source.config, load_kernels(kernels_dir), among=("int8",)).layout
    try:
        prepare(source, layout)
    except OSError as error:
        raise ModelUnusable(f"model `{files.name}` cannot be prepared ({error}): check room and permissions") from error
    path = prepared_path(files, "int8")
    source_size = sum(weights.stat().st_size for weights in files.weights())
    return Preparation(path, path.stat().st_size, source_size, time.perf_counter() - began)


def prepare(source: Source, layout: Layout, check: Callable[[], None] = lambda: None) -> PreparedFile:
    """`check`: as of `int8_parts`. Raises: OSError, when the file cannot be written."""
    path = prepared_path(source.files, "int8")
    # Asked before the work rather than after it.
    if not os.access(path.parent if path.parent.is_dir() else path.parent.parent, os.W_OK):
        raise PermissionError(f"{path.parent} cannot be written")
    write_prepared(path, _origin(source, layout), *int8_parts(source, layout, check))
    return PreparedFile(path)


def find_prepared(source: Source, kernels: Kernels | None) -> PreparedFile | None:
    """None when there is none, or one that was made otherwise, of something else, for kernels that are not there, or
    only in part."""
    path = prepared_path(source.files, "int8")
    try:
        prepared = PreparedFile(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("prepared_file_damaged", path=str(path), reason=str(error))
        return None
    layouts: tuple[Layout, ...] = ("rows",) if kernels is None else ("pairs", "rows")
    if any(prepared.is_made_by(_origin(source, layout)) for layout in layouts):
        return prepared
    log.info("prepared_file_stale", path=str(path))
    return None


def int8_parts(
    source: Source, layout: Layout, check: Callable[[], None] = lambda: None
) -> tuple[Tensors, Iterable[Tensors]]:
    """Ends and layers, as they are stored. The layers are made while they are taken.

    `check`: called before each; raises where they are not wanted any more.
    """
    weights = source.weights()
    layers = int8_layers(weights, source.config, calibration_ids(source.encode, source.config), layout)
    # On a terminal only: a log is no place for a bar.
    bar = tqdm(
        layers, f"preparing {source.files.name}", source.config.layers, disable=None, leave=False, file=sys.stderr
    )
    return int8_ends(weights, source.config, layout), _checked(bar, check)


def _checked(layers: Iterable[Tensors], check: Callable[[], None]) -> Iterator[Tensors]:
    check()
    for layer in layers:
        yield layer
        check()


def _origin(source: Source, layout: Layout) -> Origin:
    return origin_of(source.sha256, "int8", layout, source.config)
