"""int8 products against exact arithmetic."""

import pytest
import torch
from torch import Tensor

from inference.processor import has_fast_int8
from inference.torch_engine.kernels import load_kernels, pack, packed_rows
from inference.torch_engine.linear import (
    Before,
    Int8Embedding,
    Linear,
    RmsNorm,
    make_linear,
    nothing,
    quantize_weight,
    swiglu,
)
from inference.torch_engine.precision import choose_precision
from inference.torch_engine.shapes import DecoderConfig
from inference.torch_engine.smoothing import smooth


def random(*shape: int, seed: int = 3) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


WAYS = {"own kernel": load_kernels() is not None, "oneDNN": has_fast_int8()}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    if not WAYS[request.param]:
        pytest.skip("needs a C++ compiler" if request.param == "own kernel" else "needs VNNI or AMX")
    return str(request.param)


def make(
    way: str, weight: Tensor, scale: Tensor, bias: Tensor | None = None, before: Before = nothing, name: str = "qkv"
) -> Linear:
    stored = {f"{name}.weight": pack(weight) if way == "own kernel" else weight, f"{name}.scale": scale}
    if bias is not None:
        stored[f"{name}.bias"] = bias
    return make_linear(stored, name, before, load_kernels())


def levels_of(way: str, inputs: int) -> int:
    """How many a row of activations has on either side of zero."""
    return 127 if way == "oneDNN" else min(32767, (2**31 - 1) // (127 * inputs))


@pytest.mark.parametrize("outputs", [48, 21])
@pytest.mark.parametrize("rows", [1, 8, 33, 200])
def test_products_of_whole_numbers_are_exact(way: str, rows: int, outputs: int) -> None:
    weight, scale = quantize_weight(random(outputs, 96))
    x = random(rows, 96) * torch.tensor([1e-3, 1.0, 1e3])[torch.arange(rows) % 3].unsqueeze(1)

    y = make(way, weight, scale)(x)

    peak, most = x.abs().amax(dim=1, keepdim=True).double(), levels_of(way, 96)
    levels = torch.floor(x.double() / peak * most + 0.5).clamp(-most, most)
    expected = (levels @ weight.double().T) * scale.double() * peak / most
    torch.testing.assert_close(y.double(), expected, rtol=1e-3, atol=1e-6 * float(expected.abs().max()))


@pytest.mark.parametrize("inputs", [64, 4096, 16384])
def test_no_product_overflows(way: str, inputs: int) -> None:
    weight, x = torch.full((32, inputs), 127, dtype=torch.int8), torch.full((2, inputs), 3.0)

    y = make(way, weight, torch.ones(32))(x)

    torch.testing.assert_close(y, torch.full((2, 32), 127 * 3.0 * inputs), rtol=1e-5, atol=0)


def test_a_peak_leaves_the_small_ones_their_bits(way: str) -> None:
    weight, scale = quantize_weight(random(48, 96))
    x = random(5, 96)
    x[:, 7] = 100.0  # beside such a peak the others have one step of 8 bits

    y = make(way, weight, scale, name="down")(x)

    exact = x @ (weight * scale.unsqueeze(1)).T
    assert (y - exact).abs().max() < 0.05


def test_a_bias_is_added_and_a_row_of_zeros_gives_only_it(way: str) -> None:
    weight, scale = quantize_weight(random(16, 32))
    bias = random(16, seed=4)

    y = make(way, weight, scale, bias)(torch.zeros(2, 32))

    assert torch.equal(y, bias.expand(2, 16))


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_what_is_no_number_stays_none(way: str, wrong: float) -> None:
    x = random(2, 32)
    x[1, 3] = wrong

    y = make(way, *quantize_weight(random(16, 32)))(x)

    assert y[0].isfinite().all()
    assert not y[1].isfinite().any()


@pytest.mark.parametrize("before", [RmsNorm(random(32, seed=9), 1e-5), swiglu, nothing], ids=["norm", "gate", "none"])
def test_what_stands_in_front_and_what_it_is_added_to(way: str, before: Before) -> None:
    weight, scale = quantize_weight(random(16, 32))
    x, onto = random(7, 64 if before is swiglu else 32), random(7, 16, seed=5)
    expected = make(way, weight, scale)(before(x)) + onto

    y = make(way, weight, scale, before=before)(x, onto=onto.clone())

    torch.testing.assert_close(y, expected, rtol=1e-3, atol=2e-3)


@pytest.mark.skipif(not WAYS["own kernel"], reason="needs a C++ compiler")
def test_packed_rows_are_the_rows() -> None:
    weight = torch.randint(-127, 128, (37, 12), dtype=torch.int8)

    assert torch.equal(packed_rows(pack(weight), torch.arange(37)), weight)


def test_weights_are_rounded_to_half_a_step_of_their_row() -> None:
    weight = random(16, 32) * torch.logspace(-6, 6, 16).unsqueeze(1)

    rows = Int8Embedding(*quantize_weight(weight))(torch.arange(16))

    assert ((rows - weight).abs() <= weight.abs().amax(dim=1, keepdim=True) / 127 * 0.5001).all()


def test_a_row_of_zeros_in_a_weight_stays_zero(way: str) -> None:
    weight, scale = quantize_weight(torch.zeros(4, 32))

    assert torch.equal(make(way, weight, scale)(random(1, 32)), torch.zeros(1, 4))


CONFIG = DecoderConfig(
    layers=1,
    hidden=32,
    heads=4,
    kv_heads=2,
    head_dim=8,
    intermediate=48,
    vocabulary=64,
    context_tokens=64,
    norm_epsilon=1e-6,
    rope_theta=10_000.0,
    is_tied=True,
    has_qkv_bias=True,
    has_output_bias=False,
    has_mlp_bias=False,
    has_qk_norm=False,
)


def test_smoothing_moves_a_peak_from_the_activations_to_the_weight() -> None:
    layer = {
        "attention_norm": torch.ones(32),
        "mlp_norm": torch.ones(32),
        "qkv.weight": random(64, 32),
        "qkv.bias": random(64),
        "output.weight": random(32, 32),
        "gate_up.weight": random(96, 32),
        "down.weight": random(32, 48),
    }
    peaks = {name: torch.ones(layer[f"{name}.weight"].shape[1]) for name in ("qkv", "output", "gate_up", "down")}
    peaks["qkv"][5] = 400.0

    smoothed = smooth(layer, peaks, CONFIG, 0.5)

    x = random(3, 32)
    before = (x * layer["attention_norm"]) @ layer["qkv.weight"][:48].T  # q and k: v is smoothed for `output` as well
    after = (x * smoothed["attention_norm"]) @ smoothed["qkv.weight"][:48].T
    torch.testing.assert_close(after, before, rtol=1e-3, atol=1e-3)
    assert smoothed["attention_norm"][5] < smoothed["attention_norm"].median() / 10


def test_the_choice_of_a_precision_says_what_was_measured() -> None:
    choice = choose_precision(CONFIG, load_kernels())

    assert choice.way in choice.milliseconds
    assert "float32" in choice.milliseconds
    assert str(choice).startswith(choice.precision)
