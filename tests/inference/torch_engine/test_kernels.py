"""The kernels against torch, and a whole layer against its parts: every kind of cache, heads alone and in groups."""

import platform
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from inference.torch_engine.attention import Span, StepAttention
from inference.torch_engine.build import build_layer
from inference.torch_engine.decoder import Layer, packed, run_layer
from inference.torch_engine.kernels import Kernels, load_kernels, pack
from inference.torch_engine.kernels.library import FLAGS, read_sources
from inference.torch_engine.kv_cache import CacheType, KVCache
from inference.torch_engine.linear import RmsNorm, quantize_weight
from inference.torch_engine.projection import Projection, rotations
from inference.torch_engine.shapes import DecoderConfig

# Runs of different lengths, tokens alone and in a row, not in the order in which they lie.
SPANS = [Span(128, 37, 1), Span(0, 0, 5), Span(320, 90, 11), Span(64, 0, 1)]
PROMPTS = [Span(0, 70, 130), Span(256, 0, 100), Span(384, 127, 1)]


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    found = load_kernels()
    if found is None:
        pytest.skip("needs a C++ compiler")
    return found


@pytest.mark.skipif(platform.machine() != "x86_64", reason="is about processors of that kind")
@pytest.mark.parametrize("processor", ["x86-64", "skylake-avx512", "sapphirerapids"])
def test_the_product_compiles_for_processors_that_are_not_here(processor: str, tmp_path: Path) -> None:
    """What it computes there is `make emulate-avx512`."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("needs g++")
    for name, content in read_sources().items():
        (tmp_path / name).write_bytes(content)
    flags = [flag for flag in FLAGS if flag not in ("-march=native", "-shared")]
    command = [compiler, *flags, f"-march={processor}", "-O0", "-S", str(tmp_path / "multiply.cpp")]
    made = subprocess.run([*command, "-o", str(tmp_path / "multiply.s")], capture_output=True, text=True)

    assert made.returncode == 0, made.stderr


def config(heads: int, kv_heads: int, head_dim: int) -> DecoderConfig:
    return DecoderConfig(
        layers=1,
        hidden=heads * head_dim,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        intermediate=8,
        vocabulary=8,
        context_tokens=512,
        norm_epsilon=1e-6,
        rope_theta=10_000.0,
        is_tied=True,
        has_qkv_bias=False,
        has_output_bias=False,
        has_mlp_bias=False,
        has_qk_norm=False,
    )


def projection(of: DecoderConfig, spans: list[Span], *, normed: bool = False) -> Projection:
    generator = torch.Generator().manual_seed(4)
    tokens = sum(span.tokens for span in spans)
    positions = torch.cat([torch.arange(span.past, span.past + span.tokens) for span in spans])
    qkv = torch.randn(tokens, (of.heads + 2 * of.kv_heads) * of.head_dim, generator=generator)
    norms = [RmsNorm(torch.rand(of.head_dim, generator=generator) + 0.5, of.norm_epsilon) for _ in range(2)]
    return Projection(of, qkv, rotations(of, positions), *(norms if normed else (None, None)))


def filled_cache(of: DecoderConfig, kind: CacheType) -> KVCache:
    """With something in every slot, as if it had been written before."""
    cache = KVCache(of, 1 << 22, kind)
    generator = torch.Generator().manual_seed(5)
    past = torch.randn(512, 2, of.kv_heads, of.head_dim, generator=generator)
    cache.write(0, torch.arange(512), past[:, 0], past[:, 1])
    return cache


def mixed(
    of: DecoderConfig, kind: CacheType, kernels: Kernels | None, spans: list[Span], *, normed: bool = False
) -> tuple[Tensor, Tensor]:
    """What attention gives, and the keys that the cache holds afterwards."""
    cache = filled_cache(of, kind)
    result = StepAttention(cache, spans, kernels)(0, projection(of, spans, normed=normed))
    return result, torch.cat(cache.read(0, 0, 512))


@pytest.mark.parametrize("normed", [False, True], ids=["plain", "normed"])
@pytest.mark.parametrize("kind", ["float32", "bfloat16", "int8"])
@pytest.mark.parametrize("shape", [(4, 4, 64), (6, 2, 64), (14, 2, 64), (9, 3, 80), (4, 1, 8)], ids=str)
@pytest.mark.parametrize("spans", [SPANS, PROMPTS], ids=["replies", "prompts"])
def test_attention_is_torchs(
    shape: tuple[int, int, int], kind: CacheType, normed: bool, spans: list[Span], kernels: Kernels
) -> None:
    of = config(*shape)

    (found, found_keys), (expected, keys) = (
        mixed(of, kind, kernels, spans, normed=normed),
        mixed(of, kind, None, spans, normed=normed),
    )

    # A key at the edge between two steps of int8 may be rounded either way.
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=2e-2 if kind == "int8" else 1e-4)
    torch.testing.assert_close(found_keys, keys, rtol=1e-2, atol=5e-2 if kind == "int8" else 1e-5)


def test_what_is_no_number_is_none_afterwards(kernels: Kernels) -> None:
    of, spans = config(4, 4, 64), [Span(0, 3, 1), Span(64, 2, 1), Span(128, 0, 20), Span(192, 0, 20)]
    for kind in ("float32", "bfloat16", "int8"):
        asked = projection(of, spans)
        asked.qkv[0] = asked.qkv[12] = float("nan")

        found = StepAttention(filled_cache(of, kind), spans, kernels)(0, asked)

        assert found[0].isnan().all(), kind
        assert found[12:22].isnan().all(), kind
        assert found[1].isfinite().all(), kind
        assert found[22:].isfinite().all(), kind


@pytest.mark.parametrize("normed", [False, True], ids=["plain", "normed"])
@pytest.mark.parametrize("kind", ["float32", "bfloat16", "int8"])
def test_a_whole_layer_is_its_parts_bit_for_bit(kind: CacheType, normed: bool, kernels: Kernels) -> None:
    of = replace(config(4, 2, 8), intermediate=48, has_qk_norm=normed, has_qkv_bias=True)
    layer = packed_layer(of, kernels)
    whole, parts = filled_cache(of, kind), filled_cache(of, kind)
    hidden = torch.randn(sum(span.tokens for span in SPANS), of.hidden, generator=torch.Generator().manual_seed(6))
    rotation = projection(of, SPANS).rotation
    expected = run_layer(of, 0, layer, hidden.clone(), rotation, StepAttention(parts, SPANS, kernels))
    in_one = packed(of, layer)
    assert in_one is not None

    StepAttention(whole, SPANS, kernels).run_layer(0, in_one, hidden, rotation)

    assert torch.equal(hidden, expected)
    assert torch.equal(torch.cat(whole.read(0, 0, 512)), torch.cat(parts.read(0, 0, 512)))


def test_a_layer_that_is_not_packed_is_not_computed_whole() -> None:
    of = replace(config(4, 2, 8), intermediate=48)

    assert packed(of, build_layer(of, tensors_of_a_layer(of))) is None


def packed_layer(of: DecoderConfig, kernels: Kernels) -> Layer:
    stored = tensors_of_a_layer(of)
    for name in ("qkv", "output", "gate_up", "down"):
        weight, stored[f"{name}.scale"] = quantize_weight(stored[f"{name}.weight"])
        stored[f"{name}.weight"] = pack(weight)
    return build_layer(of, stored, kernels)


def tensors_of_a_layer(of: DecoderConfig) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(7)
    attention, width = (of.heads + 2 * of.kv_heads) * of.head_dim, of.heads * of.head_dim
    shapes = {
        "qkv.weight": (attention, of.hidden),
        "qkv.bias": (attention,),
        "output.weight": (of.hidden, width),
        "gate_up.weight": (2 * of.intermediate, of.hidden),
        "down.weight": (of.hidden, of.intermediate),
        "attention_norm": (of.hidden,),
        "mlp_norm": (of.hidden,),
        "q_norm": (of.head_dim,),
        "k_norm": (of.head_dim,),
    }
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
