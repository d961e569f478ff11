"""The kernels of our own: compiled where a compiler is at hand, done without where none is.

They need no headers of torch: twenty seconds with g++, once for each machine and version.
"""

import ctypes
import hashlib
import shutil
import subprocess
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import structlog
import torch
from torch import Tensor

from inference.torch_engine import abi

log = structlog.get_logger(__name__)

HEADERS = tuple(f"{name}.h" for name in "abi attend_few attend_many crew eight exponential query unrolled".split())
SOURCES = ("attend.cpp", "layer.cpp", "multiply.cpp", "place.cpp")
FLAGS = tuple(
    "-std=c++20 -O3 -march=native -mprefer-vector-width=512 -fopenmp-simd -pthread -shared -fPIC".split()
) + tuple(
    # What sums may be reordered by. Not -ffast-math: a library linked with it turns subnormal numbers off for the whole
    # process as soon as it is loaded.
    "-fno-math-errno -fno-trapping-math -fno-signed-zeros -fassociative-math -freciprocal-math".split()
)
COMPILE_SECONDS = 180  # twenty on a quiet machine
HEAD_DIMS = frozenset({8, 64, 80, 96, 128})  # those that attend.cpp has a case for: each takes a second to compile
LANES = 16  # as in multiply.cpp


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


def pack(weight: Tensor) -> Tensor:
    """`weight` (N, K) int8 as `multiply` reads it: (N / 16, K / 2, 16, 2), the last block filled up with zeros."""
    outputs, inputs = weight.shape
    blocks = -(-outputs // LANES)
    rows = torch.zeros(blocks * LANES, inputs, dtype=torch.int8)
    rows[:outputs] = weight
    return rows.view(blocks, LANES, inputs // 2, 2).transpose(1, 2).contiguous()


def packed_rows(packed: Tensor, indices: Tensor) -> Tensor:
    """Rows (T,) of a packed weight, (T, K) int8."""
    return packed[indices // LANES, :, indices % LANES].flatten(1)


@cache
def load_kernels(folder: Path | None = None) -> Kernels | None:
    """The kernels; None where they cannot be had, and the log says why. Once in a process.

    `folder` keeps what was compiled; None: it is compiled anew in a folder of its own. Blocks for some seconds.
    """
    try:
        kernels = Kernels(ctypes.CDLL(str(_compiled(read_sources(), folder))))
    except (OSError, subprocess.SubprocessError) as error:
        log.info("kernel_not_used", reason=str(error)[:300])
        return None
    if not _is_right(kernels):
        log.error(
            "kernel_not_used", reason="it computes something else on this processor than it should: please report"
        )
        return None
    return kernels


def _is_right(kernels: Kernels) -> bool:
    """Nobody has seen every processor: rows and outputs that fill blocks and that do not, against torch."""
    generator = torch.Generator().manual_seed(1)
    weight = torch.randint(-127, 128, (40, 64), generator=generator).to(torch.int8)
    x = torch.randn(11, 64, generator=generator)
    expected, packed, scale = x @ weight.float().T, pack(weight), torch.ones(40)
    ones = product(packed, scale)
    for rows in (1, 8, 11):
        found = kernels.multiply(ones, x[:rows])
        if not torch.allclose(found, expected[:rows], rtol=1e-3, atol=0.5):
            return False
    return True


def _compiled(files: dict[str, bytes], folder: Path | None) -> Path:
    """The library, compiled if it is not there. Raises: OSError, subprocess.SubprocessError."""
    compiler = shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")
    if compiler is None:
        raise FileNotFoundError("no C++ compiler (g++) is installed")
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="inthread-kernels-"))
    folder.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([compiler, "--version"], capture_output=True, check=True, timeout=COMPILE_SECONDS).stdout
    origin = b"\0".join((*files.values(), version, " ".join(FLAGS).encode(), _processor()))
    library = folder / f"kernels-{hashlib.sha256(origin).hexdigest()[:16]}.so"
    if not library.exists():
        compile_library(compiler, files, library)
        log.info("kernel_compiled", file=library.name)
    return library


def read_sources() -> dict[str, bytes]:
    """By name, HEADERS and SOURCES."""
    return {name: resources.files(__package__).joinpath(name).read_bytes() for name in (*HEADERS, *SOURCES)}


def compile_library(compiler: str, files: dict[str, bytes], library: Path) -> None:
    """Whole or not at all: two processes may do this at once. Raises: OSError, subprocess.SubprocessError."""
    with tempfile.TemporaryDirectory(dir=library.parent) as work:
        for name, content in files.items():
            Path(work, name).write_bytes(content)
        result = Path(work, "kernels.so")
        command = [compiler, *FLAGS, *(str(Path(work, name)) for name in SOURCES), "-o", str(result)]
        subprocess.run(command, capture_output=True, check=True, timeout=COMPILE_SECONDS)
        result.replace(library)


def _processor() -> bytes:
    """What `-march=native` depends on. Source: /proc/cpuinfo, which other systems do not have."""
    try:
        lines = Path("/proc/cpuinfo").read_bytes().splitlines()
    except OSError:
        return b""
    return b"\n".join(sorted({line for line in lines if line.startswith((b"model name", b"flags"))}))
