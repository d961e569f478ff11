"""The memory of what was read and written: keys and values of every token, within a fixed budget.

Each sequence has one unbroken stretch of it (a run), so that attention reads straight ahead; runs grow in steps of a
block, move when their neighbour is in the way, and are handed over whole from one turn of a conversation to the next.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from inference.torch_engine.kernels import abi, address
from inference.torch_engine.shapes import DecoderConfig

BLOCK_TOKENS = 32
CacheType = Literal["bfloat16", "int8", "float32"]
_DTYPES = {"bfloat16": torch.bfloat16, "int8": torch.int8, "float32": torch.float32}
_KINDS = {torch.float32: 0, torch.bfloat16: 1, torch.int8: 2}  # in abi.h


class CacheFull(Exception):
    """No stretch of this size is free, wherever one looks."""


@dataclass(eq=False, slots=True)
class Run:
    """Blocks [start, start + blocks) of the cache; positions of a sequence lie in it in order."""

    start: int
    blocks: int

    @property
    def first_token(self) -> int:
        return self.start * BLOCK_TOKENS

    @property
    def capacity_tokens(self) -> int:
        return self.blocks * BLOCK_TOKENS


class RunAllocator:
    """Which blocks belong to whom. Knows no tensors."""

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks
        self._runs: list[Run] = []  # by start

    @property
    def used_blocks(self) -> int:
        return sum(run.blocks for run in self._runs)

    def allocate(self, blocks: int) -> Run:
        """The smallest gap that is large enough. Raises: CacheFull."""
        gaps = [(size, start) for start, size in self._gaps() if size >= blocks]
        if not gaps:
            raise CacheFull
        run = Run(min(gaps)[1], blocks)
        self._runs.append(run)
        self._runs.sort(key=lambda run: run.start)
        return run

    def grow(self, run: Run, blocks: int) -> bool:
        """Make the run longer where it lies. False: something is in the way."""
        at = self._runs.index(run)
        end = self._runs[at + 1].start if at + 1 < len(self._runs) else self.blocks
        if run.start + blocks > end:
            return False
        run.blocks = max(run.blocks, blocks)
        return True

    def shrink(self, run: Run, blocks: int) -> None:
        run.blocks = min(run.blocks, max(blocks, 1))

    def free(self, run: Run) -> None:
        self._runs.remove(run)

    def _gaps(self) -> list[tuple[int, int]]:
        """(start, size) of every free stretch."""
        edges = [(run.start, run.start + run.blocks) for run in self._runs]
        starts = [0, *(end for _, end in edges)]
        ends = [*(start for start, _ in edges), self.blocks]
        return [(start, end - start) for start, end in zip(starts, ends, strict=True) if end > start]


class KVCache:
    """Keys and values of all layers: (H_kv, C, D) each, C tokens in all; with scales (H_kv, C) where they are int8."""

    def __init__(self, config: DecoderConfig, budget_bytes: int, cache_type: CacheType = "bfloat16") -> None:
        """Raises: ValueError, when not even one block fits the budget."""
        self.dtype = _DTYPES[cache_type]
        self.bytes_per_token = bytes_per_token(config, cache_type)
        blocks = budget_bytes // (self.bytes_per_token * BLOCK_TOKENS)
        if blocks < 1:
            raise ValueError(f"a KV cache of {budget_bytes} bytes holds not even {BLOCK_TOKENS} tokens")
        self.allocator = RunAllocator(blocks)
        shape = (config.kv_heads, blocks * BLOCK_TOKENS, config.head_dim)
        # Not written to yet, so not resident: the budget is an upper bound, not a price.
        self.keys = [torch.empty(shape, dtype=self.dtype) for _ in range(config.layers)]
        self.values = [torch.empty(shape, dtype=self.dtype) for _ in range(config.layers)]
        scales = config.layers if self.dtype is torch.int8 else 0
        self.key_scales = [torch.empty(shape[:2]) for _ in range(scales)]
        self.value_scales = [torch.empty(shape[:2]) for _ in range(scales)]
        self.layers = [self._layer(index) for index in range(config.layers)]

    @property
    def capacity_tokens(self) -> int:
        return self.allocator.blocks * BLOCK_TOKENS

    def _layer(self, index: int) -> abi.Cache:
        """What the kernels are given; it lives as long as this does."""
        k_scale, v_scale = self.scales_of(index)
        return abi.Cache(
            kind=_KINDS[self.dtype],
            capacity=self.capacity_tokens,
            keys=address(self.keys[index]),
            values=address(self.values[index]),
            k_scale=address(k_scale),
            v_scale=address(v_scale),
        )

    def scales_of(self, layer: int) -> tuple[Tensor | None, Tensor | None]:
        return (self.key_scales[layer], self.value_scales[layer]) if self.key_scales else (None, None)

    def write(self, layer: int, slots: Tensor, k: Tensor, v: Tensor) -> None:
        """k, v (T, H_kv, D) to the positions `slots` (T,) of the cache."""
        for stored, scales, new in (
            (self.keys, self.key_scales, k),
            (self.values, self.value_scales, v),
        ):
            by_head = new.transpose(0, 1)
            if scales:
                by_head, scale = _quantize(by_head)
                scales[layer].index_copy_(1, slots, scale)
            stored[layer].index_copy_(1, slots, by_head.to(self.dtype))

    def read(self, layer: int, first: int, length: int) -> tuple[Tensor, Tensor]:
        """k, v (H_kv, L, D) in float32."""
        k_scale, v_scale = self.scales_of(layer)
        stretch = slice(first, first + length)
        k, v = self.keys[layer][:, stretch].float(), self.values[layer][:, stretch].float()
        if k_scale is not None and v_scale is not None:
            k, v = k * k_scale[:, stretch, None], v * v_scale[:, stretch, None]
        return k, v

    def copy(self, source: int, target: int, tokens: int) -> None:
        """Copy positions [source, source + tokens) to [target, …) in every layer; the two may overlap."""
        for stored in (self.keys, self.values, self.key_scales, self.value_scales):
            for tensor in stored:
                moved = tensor[:, source : source + tokens]
                if abs(source - target) < tokens:
                    moved = moved.clone()
                tensor[:, target : target + tokens] = moved


def bytes_per_token(config: DecoderConfig, cache_type: CacheType) -> int:
    """Keys and values of one token in all layers."""
    scale = 4 if cache_type == "int8" else 0
    return 2 * config.layers * config.kv_heads * (config.head_dim * _DTYPES[cache_type].itemsize + scale)


def blocks_for(tokens: int) -> int:
    return -(-tokens // BLOCK_TOKENS)


def _quantize(values: Tensor) -> tuple[Tensor, Tensor]:
    """(H, T, D) as int8 with one scale (H, T) for each token and head."""
    scale = values.abs().amax(-1).clamp(min=1e-8) / 127
    return torch.round(values / scale[..., None]), scale
