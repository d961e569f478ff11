"""From a model's files to a decoder that is ready: the way in to our own engine.

The checks are those of `inference.loading`: local files only, hashes as recorded, no pickles, no code of the model's.
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import structlog

from inference.chat import ChatTokenizer
from inference.decoding import Choice
from inference.loading import default_choice, eos_ids
from inference.models.check import sha256_for_loading
from inference.models.locate import ModelFiles
from inference.torch_engine.build import FLOATS, build_decoder, float_ends, float_layers
from inference.torch_engine.decoder import TorchDecoder
from inference.torch_engine.kernels import Kernels
from inference.torch_engine.precision import PRECISIONS, choose_precision
from inference.torch_engine.prepare import find_prepared, int8_parts, prepare
from inference.torch_engine.shapes import Layout, Precision
from inference.torch_engine.source import Source, open_source

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedDecoder:
    """As `loading.LoadedModel`, with our decoder in the place of a network of transformers."""

    decoder: TorchDecoder
    tokenizer: ChatTokenizer
    eos_ids: frozenset[int]
    choice: Choice
    sha256: str


def load_decoder(
    files: ModelFiles,
    precision: Precision | Literal["auto"] = "auto",
    kernels: Kernels | None = None,
    check: Callable[[], None] = lambda: None,
) -> LoadedDecoder:
    """Blocks for seconds; int8 for as long as `prepare` takes, where the model is not prepared yet.

    `check`: called every now and then; raises where the model is not wanted any more.
    Raises: ModelUnusable; and whatever the loaders raise on damaged files.
    """
    sha256 = sha256_for_loading(files)
    with warnings.catch_warnings(action="ignore"):
        source = open_source(files, sha256)
    return LoadedDecoder(
        decoder=_decoder(source, precision, kernels, check),
        tokenizer=ChatTokenizer(source.tokenizer),
        eos_ids=eos_ids(source.generation, source.tokenizer),
        choice=default_choice(source.generation, files.sampling),
        sha256=sha256,
    )


def _decoder(
    source: Source, precision: Precision | Literal["auto"], kernels: Kernels | None, check: Callable[[], None]
) -> TorchDecoder:
    if precision == "auto" or precision == "int8":
        if prepared := find_prepared(source, kernels):
            return build_decoder(source.config, "int8", prepared.ends(), prepared.layers(), kernels)
        choice = choose_precision(source.config, kernels, PRECISIONS if precision == "auto" else (precision,))
        log.info("precision_chosen", model=source.files.name, choice=str(choice))
        if choice.precision == "int8":
            return _prepared_now(source, choice.layout, kernels, check)
        precision = choice.precision
    return _as_floats(source, precision)


def _as_floats(source: Source, precision: Precision) -> TorchDecoder:
    weights, dtype = source.weights(), FLOATS[precision]
    ends, layers = float_ends(weights, source.config, dtype), float_layers(weights, source.config, dtype)
    return build_decoder(source.config, precision, ends, layers)


def _prepared_now(source: Source, layout: Layout, kernels: Kernels | None, check: Callable[[], None]) -> TorchDecoder:
    """Written for the next start where the folder allows it; else it is done again each time."""
    began = time.perf_counter()
    try:
        prepared = prepare(source, layout, check)
        decoder = build_decoder(source.config, "int8", prepared.ends(), prepared.layers(), kernels)
    except OSError as error:
        log.warning("model_not_prepared", model=source.files.name, reason=str(error), remedy="inthread model prepare")
        decoder = build_decoder(source.config, "int8", *int8_parts(source, layout, check), kernels)
    log.info("model_prepared", model=source.files.name, seconds=round(time.perf_counter() - began, 1))
    return decoder
