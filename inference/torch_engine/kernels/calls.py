"""What the compiled kernels compute, as Python sees it."""

import ctypes
from typing import Any

import torch
from torch import Tensor

from inference.torch_engine.kernels import abi

HEAD_DIMS = frozenset({8, 64, 80, 96, 128})  # those that attend.cpp has a case for: each takes a second to compile


class Kernels:
    """The compiled library. Computes with as many threads as torch does for the thread that calls.

    Tensors are contiguous, float32 but where it is said otherwise, and shaped as `abi.h` says.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        pointer, number = ctypes.c_void_p, ctypes.c_int
        self._multiply = library.inthread_multiply
        self._multiply.argtypes = [ctypes.POINTER(abi.Product), pointer, ctypes.c_int64, number, pointer, number]
        self._multiply.restype = None
        step: tuple[Any, ...] = (ctypes.POINTER(abi.Heads), ctypes.POINTER(abi.Cache), ctypes.POINTER(abi.Tokens))
        self._place, self._attend = library.inthread_place, library.inthread_attend
        self._place.argtypes = self._attend.argtypes = [*step, pointer, pointer, number]
        self._place.restype = None
        self._layer = library.inthread_layer
        self._layer.argtypes = [ctypes.POINTER(abi.Layer), *step[1:], pointer, number]

    def multiply(self, product: abi.Product, x: Tensor, onto: Tensor | None = None) -> Tensor:
        """(T, N), added onto `onto` where it is given, which is changed. x (T, K), or (T, 2 K) where it is gated."""
        y = torch.empty(x.shape[0], product.outputs) if onto is None else onto
        self._multiply(product, x.data_ptr(), x.shape[0], onto is not None, y.data_ptr(), torch.get_num_threads())
        return y

    def place(self, heads: abi.Heads, cache: abi.Cache, tokens: abi.Tokens, qkv: Tensor) -> Tensor:
        """Norms, rotates, writes keys and values to the cache; the queries (T, H, D)."""
        q = torch.empty(tokens.count, heads.heads, heads.head_dim)
        self._place(heads, cache, tokens, qkv.data_ptr(), q.data_ptr(), torch.get_num_threads())
        return q

    def attend(self, heads: abi.Heads, cache: abi.Cache, tokens: abi.Tokens, q: Tensor) -> Tensor:
        """q (T, H, D), D among HEAD_DIMS, to what it finds in the cache, (T, H, D)."""
        out = torch.empty_like(q)
        failed = self._attend(heads, cache, tokens, q.data_ptr(), out.data_ptr(), torch.get_num_threads())
        assert not failed, f"heads of {heads.head_dim} are not built in"
        return out

    def run_layer(self, layer: abi.Layer, cache: abi.Cache, tokens: abi.Tokens, hidden: Tensor) -> None:
        """A whole layer, `hidden` (T, H) in place. D among HEAD_DIMS."""
        failed = self._layer(layer, cache, tokens, hidden.data_ptr(), torch.get_num_threads())
        assert not failed, f"heads of {layer.heads.head_dim} are not built in"


def product(
    weight: Tensor,
    scale: Tensor,
    bias: Tensor | None = None,
    *,
    norm: Tensor | None = None,
    epsilon: float = 0.0,
    is_gated: bool = False,
) -> abi.Product:
    """`f(x) Wᵀ · scale + bias`. f is silu(x[:K]) · x[K:] where it is gated, else the norm (K,) where one is given.

    `weight` as `pack` made it, scale and bias (N,). They must outlive what is returned.
    """
    return abi.Product(
        weight=weight.data_ptr(),
        scale=scale.data_ptr(),
        bias=address(bias),
        norm=address(norm),
        inputs=2 * weight.shape[1],
        outputs=len(scale),
        epsilon=epsilon,
        gated=is_gated,
    )


def address(tensor: Tensor | None) -> int | None:
    assert tensor is None or tensor.is_contiguous()
    return None if tensor is None else tensor.data_ptr()
