"""Which precision this machine is fastest at, found in a fraction of a second by products of the model's own shapes.

Small models may be quicker in float32, where rounding activations takes longer than it saves; processors without
instructions for it are slow or wrong at int8.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle

import torch
from torch import Tensor

from inference.processor import has_fast_bf16, has_fast_int8
from inference.torch_engine.linear import FloatLinear, Int8Linear, Linear, quantize_weight
from inference.torch_engine.shapes import DecoderConfig, Precision

ROWS = (1, 8)  # one reply alone, and several at once
MOST_OUTPUTS = 4096  # of a weight that is tried: enough to tell, and small in memory
WEIGHTS = 4  # taken in turn, so that they come from memory rather than from a cache, as a model's do
FEWEST_ROUNDS, SECONDS = 3, 0.1
ABOUT = 1.25


@dataclass(frozen=True, slots=True)
class PrecisionChoice:
    """`milliseconds` of one product, by precision: with 1 row and with 8."""

    precision: Precision
    milliseconds: dict[Precision, tuple[float, ...]]

    def __str__(self) -> str:
        tried = (f"{name} {' / '.join(f'{ms:.2f}' for ms in times)} ms" for name, times in self.milliseconds.items())
        return f"{self.precision} (a product with {' / '.join(map(str, ROWS))} rows: {', '.join(tried)})"


@torch.inference_mode()
def choose_precision(config: DecoderConfig) -> PrecisionChoice:
    """The smallest of those that are about as fast as the fastest, over one and eight rows."""
    shape = (min(2 * config.intermediate, MOST_OUTPUTS), config.hidden)
    weight = torch.randn(shape)
    measured: dict[Precision, tuple[float, ...]] = {}
    for precision, make in _candidates().items():
        linears = [make(weight.clone()) for _ in range(WEIGHTS)]
        measured[precision] = tuple(_milliseconds(linears, torch.randn(rows, config.hidden)) for rows in ROWS)
    fastest = min(sum(times) for times in measured.values())
    chosen = next(name for name, times in measured.items() if sum(times) <= ABOUT * fastest)
    return PrecisionChoice(chosen, measured)


def _candidates() -> dict[Precision, Callable[[Tensor], Linear]]:
    """The smallest first."""
    candidates: dict[Precision, Callable[[Tensor], Linear]] = {}
    if has_fast_int8():
        candidates["int8"] = lambda weight: Int8Linear(*quantize_weight(weight))
    if has_fast_bf16():
        candidates["bfloat16"] = lambda weight: FloatLinear(weight.bfloat16())
    return candidates | {"float32": FloatLinear}


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
