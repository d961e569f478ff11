"""Which precision this machine is fastest at, found in a fraction of a second by products of the model's own shapes.

Small models may be quicker in float32, where rounding activations takes longer than it saves; processors without
instructions for it are slow or wrong at int8.
"""

import math
import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import partial
from itertools import cycle

import torch
from torch import Tensor

from inference.errors import ModelUnusable
from inference.processor import has_fast_bf16, has_fast_int8
from inference.torch_engine.kernels import Kernels, pack
from inference.torch_engine.linear import FloatLinear, Int8Linear, Linear, PackedLinear, quantize_weight
from inference.torch_engine.shapes import DecoderConfig, Layout, Precision

ROWS = (1, 8, 64)  # one reply alone, several at once, a part of a prompt
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "int8")
MOST_OUTPUTS = 4096  # of a weight that is tried: enough to tell, and small in memory
WEIGHTS = 4  # taken in turn, so that they come from memory rather than from a cache, as a model's do
FEWEST_ROUNDS, SECONDS = 3, 0.1
ABOUT = 1.25


@dataclass(frozen=True, slots=True)
class PrecisionChoice:
    """`way`: the name in `milliseconds`, of one product with so many ROWS. `layout` counts for int8 alone."""

    way: str
    precision: Precision
    layout: Layout
    milliseconds: dict[str, tuple[float, ...]]

    def __str__(self) -> str:
        tried = (f"{name} {' / '.join(f'{ms:.2f}' for ms in times)} ms" for name, times in self.milliseconds.items())
        return f"{self.way} (a product with {' / '.join(map(str, ROWS))} rows: {', '.join(tried)})"


@dataclass(frozen=True, slots=True)
class _Way:
    precision: Precision
    layout: Layout
    make: Callable[[Tensor], Linear]


@torch.inference_mode()
def choose_precision(
    config: DecoderConfig, kernels: Kernels | None, among: Container[Precision] = PRECISIONS
) -> PrecisionChoice:
    """The smallest and most exact of those that are about as fast as the fastest, over all ROWS.

    Raises: ModelUnusable, when none of those that are wanted can be had.
    """
    shape = (min(2 * config.intermediate, MOST_OUTPUTS), config.hidden)
    weight = torch.randn(shape)
    ways = {name: way for name, way in _ways(kernels).items() if way.precision in among}
    if not ways:
        raise ModelUnusable(
            "8 bits need a C++ compiler, or a processor with VNNI or AMX: install g++, or leave "
            '[inference.torch] precision at "auto"'
        )
    measured: dict[str, tuple[float, ...]] = {}
    for name, way in ways.items():
        linears = [way.make(weight.clone()) for _ in range(WEIGHTS)]
        measured[name] = tuple(_milliseconds(linears, torch.randn(rows, config.hidden)) for rows in ROWS)
    fastest = min(sum(times) for times in measured.values())
    chosen = next(name for name, times in measured.items() if sum(times) <= ABOUT * fastest)
    return PrecisionChoice(chosen, ways[chosen].precision, ways[chosen].layout, measured)


def _ways(kernels: Kernels | None) -> dict[str, _Way]:
    """The smallest first; of two that are as small, the one that rounds less."""
    ways: dict[str, _Way] = {}
    if kernels is not None:
        ways["int8, own kernel"] = _Way("int8", "pairs", partial(_packed, kernels))
    if has_fast_int8():  # without, oneDNN adds up in 16 bits, which overflow
        ways["int8, oneDNN"] = _Way("int8", "rows", lambda weight: Int8Linear(*quantize_weight(weight)))
    if has_fast_bf16():
        ways["bfloat16"] = _Way("bfloat16", "rows", lambda weight: FloatLinear(weight.bfloat16()))
    return ways | {"float32": _Way("float32", "rows", FloatLinear)}


def _packed(kernels: Kernels, weight: Tensor) -> Linear:
    rows, scale = quantize_weight(weight)
    return PackedLinear(kernels, pack(rows), scale)


def _milliseconds(linears: list[Linear], x: Tensor) -> float:
    """Of one product, at best: other load on the machine only ever adds, and often ten times as much."""
    best, ends_at = math.inf, time.perf_counter() + SECONDS
    for index, linear in enumerate(cycle(linears)):
        began = time.perf_counter()
        if began > ends_at and index >= FEWEST_ROUNDS * len(linears):
            break
        linear(x)
        best = min(best, time.perf_counter() - began)
    return best * 1000
