"""The kernels of our own: compiled where a compiler is at hand, done without where none is.

They need no headers of torch: ten seconds with g++, once for each machine and version.
"""

import ctypes
import hashlib
import shutil
import subprocess
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
import torch
from torch import Tensor

if TYPE_CHECKING:
    from inference.torch_engine.projection import Projection

log = structlog.get_logger(__name__)

HEADERS, SOURCES = ("crew.h", "exponential.h", "unrolled.h"), ("attend.cpp", "multiply.cpp", "place.cpp")
FLAGS = tuple(
    "-std=c++20 -O3 -march=native -mprefer-vector-width=512 -fopenmp-simd -pthread -shared -fPIC".split()
) + tuple(
    # What sums may be reordered by. Not -ffast-math: a library linked with it turns subnormal numbers off for the whole
    # process as soon as it is loaded.
    "-fno-math-errno -fno-trapping-math -fno-signed-zeros -fassociative-math -freciprocal-math".split()
)
COMPILE_SECONDS = 180  # ten on a quiet machine
HEAD_DIMS = frozenset({8, 64, 80, 96, 128})  # those that attend.cpp has a case for: each takes a second to compile
KINDS = {torch.float32: 0, torch.bfloat16: 1, torch.int8: 2}
LANES = 16  # as in multiply.cpp


class Kernels:
    """The compiled library. Computes with as many threads as torch does for the thread that calls."""

    def __init__(self, library: ctypes.CDLL) -> None:
        pointer, size, number, real = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int, ctypes.c_float
        self._library = library
        library.inthread_place.argtypes = [
            number, pointer, *[size] * 4, *[pointer] * 3, real, pointer, size, *[pointer] * 5, number,
        ]  # fmt: skip
        library.inthread_place.restype = None
        library.inthread_attend.argtypes = [
            number, size, *[pointer] * 7, *[size] * 4, real, pointer, number,
        ]  # fmt: skip
        self._multiply = library.inthread_multiply
        self._multiply.argtypes = [
            pointer, *[size] * 3, *[pointer] * 4, real, number, number, pointer, number,
        ]  # fmt: skip
        self._multiply.restype = None

    def attend_kernel(self, head_dim: int) -> "AttendKernel | None":
        """None where heads of this size are not built in."""
        if head_dim not in HEAD_DIMS:
            log.info("kernel_not_used", reason=f"heads of {head_dim} are not built in")
            return None
        return AttendKernel(self._library)

    def multiply(
        self,
        x: Tensor,
        weight: Tensor,
        scale: Tensor,
        bias: Tensor | None = None,
        *,
        norm: Tensor | None = None,
        epsilon: float = 0.0,
        is_gated: bool = False,
        onto: Tensor | None = None,
    ) -> Tensor:
        """`f(x) Wᵀ · scale + bias`, (T, N) float32, added onto `onto` where it is given, which is changed.

        x (T, K), or (T, 2 K) where it is gated: f is silu(x[:K]) · x[K:] then, the norm (K,) where one is given, else
        nothing. `weight` as `pack` made it, scale and bias (N,). Everything contiguous; all but `weight` float32.
        """
        outputs = len(scale)
        y = torch.empty(len(x), outputs) if onto is None else onto
        self._multiply(
            x.data_ptr(),
            len(x),
            2 * weight.shape[1],
            outputs,
            weight.data_ptr(),
            scale.data_ptr(),
            _address(bias),
            _address(norm),
            epsilon,
            is_gated,
            onto is not None,
            y.data_ptr(),
            torch.get_num_threads(),
        )
        return y


class AttendKernel:
    """Attention in C++, for heads of one size."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._place, self._attend = library.inthread_place, library.inthread_attend

    def place(
        self,
        projection: "Projection",
        slots: Tensor,
        k: Tensor,
        v: Tensor,
        k_scale: Tensor | None,
        v_scale: Tensor | None,
    ) -> Tensor:
        """Norms, rotates, writes keys and values to the `slots` (T,) of k, v (H_kv, C, D); the queries (T, H, D)."""
        config, q_norm, k_norm = projection.config, projection.q_norm, projection.k_norm
        q = torch.empty(len(projection.qkv), config.heads, config.head_dim)
        self._place(
            KINDS[k.dtype],
            projection.qkv.data_ptr(),
            len(q),
            config.heads,
            config.kv_heads,
            config.head_dim,
            projection.rotation.data_ptr(),
            None if q_norm is None else q_norm.weight.data_ptr(),
            None if k_norm is None else k_norm.weight.data_ptr(),
            config.norm_epsilon,
            slots.data_ptr(),
            k.shape[1],
            k.data_ptr(),
            v.data_ptr(),
            _address(k_scale),
            _address(v_scale),
            q.data_ptr(),
            torch.get_num_threads(),
        )
        return q

    def __call__(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        k_scale: Tensor | None,
        v_scale: Tensor | None,
        starts: Tensor,
        lengths: Tensor,
        scale: float,
    ) -> Tensor:
        """q (T, H, D) float32, contiguous; k, v (H_kv, C, D); scales (H_kv, C) float32 where k and v are int8.

        starts, lengths (T,) int64: which positions of the cache each token looks at. Returns (T, H, D).
        """
        out = torch.empty_like(q)
        tokens, heads, head_dim = q.shape
        failed = self._attend(
            KINDS[k.dtype],
            head_dim,
            q.data_ptr(),
            k.data_ptr(),
            v.data_ptr(),
            _address(k_scale),
            _address(v_scale),
            starts.data_ptr(),
            lengths.data_ptr(),
            tokens,
            heads,
            k.shape[0],
            k.shape[1],
            scale,
            out.data_ptr(),
            torch.get_num_threads(),
        )
        assert not failed, "heads of this size were refused when the kernel was chosen"
        return out


def _address(tensor: Tensor | None) -> int | None:
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
    expected, packed = x @ weight.float().T, pack(weight)
    for rows in (1, 8, 11):
        found = kernels.multiply(x[:rows], packed, torch.ones(40))
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
