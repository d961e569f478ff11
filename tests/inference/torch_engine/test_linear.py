"""int8 products against exact arithmetic."""

import pytest
import torch
from torch import Tensor

from inference.torch_engine.linear import Int8Embedding, Int8Linear, make_linear, quantize_weight
from inference.torch_engine.precision import choose_precision
from inference.torch_engine.shapes import DecoderConfig
from inference.torch_engine.smoothing import smooth


def random(*shape: int, seed: int = 3) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def rounded_product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
    """What W8A8 should give, in float64: each row of x in 127 steps up to its peak."""
    peak = x.abs().amax(dim=1, keepdim=True).double()
    levels = torch.floor(x.double() / peak * 127 + 0.5).clamp(-127, 127)
    return (levels @ weight.double().T) * scale.double() * peak / 127


@pytest.mark.parametrize("rows", [1, 8, 33])
def test_products_of_whole_numbers_are_exact(rows: int) -> None:
    weight, scale = quantize_weight(random(48, 96))
    x = random(rows, 96) * torch.tensor([1e-3, 1.0, 1e3])[torch.arange(rows) % 3].unsqueeze(1)

    y = Int8Linear(weight, scale)(x)

    torch.testing.assert_close(y.double(), rounded_product(x, weight, scale), rtol=1e-3, atol=1e-6)


def test_no_product_overflows() -> None:
    weight, x = torch.full((32, 4096), 127, dtype=torch.int8), torch.full((2, 4096), 3.0)

    y = Int8Linear(weight, torch.ones(32))(x)

    torch.testing.assert_close(y, torch.full((2, 32), 127 * 3.0 * 4096), rtol=1e-5, atol=0)


def test_two_parts_are_as_good_as_sixteen_bits() -> None:
    weight, scale = quantize_weight(random(48, 96))
    x = random(5, 96)
    x[:, 7] = 100.0  # beside such a peak the others have one step of 8 bits

    y = Int8Linear(weight, scale, two_part=True)(x)

    exact = x @ (weight * scale.unsqueeze(1)).T
    assert (y - exact).abs().max() < (Int8Linear(weight, scale)(x) - exact).abs().max() / 100


def test_a_bias_is_added_and_a_row_of_zeros_gives_only_it() -> None:
    weight, scale = quantize_weight(random(16, 32))
    stored = {"qkv.weight": weight, "qkv.scale": scale, "qkv.bias": random(16, seed=4)}

    y = make_linear(stored, "qkv")(torch.zeros(2, 32))

    assert torch.equal(y, stored["qkv.bias"].expand(2, 16))


def test_what_is_no_number_stays_none() -> None:
    x = random(2, 32)
    x[1, 3] = float("nan")

    y = Int8Linear(*quantize_weight(random(16, 32)))(x)

    assert y[0].isfinite().all()
    assert y[1].isnan().all()


def test_weights_are_rounded_to_half_a_step_of_their_row() -> None:
    weight = random(16, 32) * torch.logspace(-6, 6, 16).unsqueeze(1)

    rows = Int8Embedding(*quantize_weight(weight))(torch.arange(16))

    assert ((rows - weight).abs() <= weight.abs().amax(dim=1, keepdim=True) / 127 * 0.5001).all()


def test_a_row_of_zeros_in_a_weight_stays_zero() -> None:
    weight, scale = quantize_weight(torch.zeros(4, 32))

    assert torch.equal(Int8Linear(weight, scale)(random(1, 32)), torch.zeros(1, 4))


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

    smoothed = smooth(layer, peaks, CONFIG)

    x = random(3, 32)
    before = (x * layer["attention_norm"]) @ layer["qkv.weight"][:48].T  # q and k: v is smoothed for `output` as well
    after = (x * smoothed["attention_norm"]) @ smoothed["qkv.weight"][:48].T
    torch.testing.assert_close(after, before, rtol=1e-3, atol=1e-3)
    assert smoothed["attention_norm"][5] < smoothed["attention_norm"].median() / 10


def test_the_choice_of_a_precision_says_what_was_measured() -> None:
    choice = choose_precision(CONFIG)

    assert choice.precision in choice.milliseconds
    assert "float32" in choice.milliseconds
    assert str(choice).startswith(choice.precision)
