"""The one kernel of our own: compiled where a compiler is at hand, done without where none is.

`attend.cpp` needs no headers of torch: a second with g++, once for each machine and version.
"""

import ctypes
import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import structlog
import torch
from torch import Tensor

log = structlog.get_logger(__name__)

FLAGS = tuple("-O3 -march=native -mprefer-vector-width=512 -fopenmp -shared -fPIC".split()) + tuple(
    # What sums may be reordered by. Not -ffast-math: a library linked with it turns subnormal numbers off for the whole
    # process as soon as it is loaded.
    "-fno-math-errno -fno-trapping-math -fno-signed-zeros -fassociative-math -freciprocal-math".split()
)
COMPILE_SECONDS = 60
HEAD_DIMS = frozenset({8, 16, 32, 64, 80, 96, 128})  # those that attend.cpp has a case for
KINDS = {torch.float32: 0, torch.bfloat16: 1, torch.int8: 2}


@dataclass(frozen=True, slots=True)
class AttendKernel:
    """`attend` in C++. Not for several threads at once: it writes to `scratch`."""

    function: Any
    scratch: Tensor  # (threads, longest), float32

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
        threads, longest = self.scratch.shape
        failed = self.function(
            KINDS[k.dtype],
            head_dim,
            q.data_ptr(),
            k.data_ptr(),
            v.data_ptr(),
            0 if k_scale is None else k_scale.data_ptr(),
            0 if v_scale is None else v_scale.data_ptr(),
            starts.data_ptr(),
            lengths.data_ptr(),
            tokens,
            heads,
            k.shape[0],
            k.shape[1],
            scale,
            longest,
            self.scratch.data_ptr(),
            out.data_ptr(),
            threads,
        )
        assert not failed, "heads of this size were refused when the kernel was chosen"
        return out


def load_attend_kernel(head_dim: int, longest: int, threads: int, folder: Path | None) -> AttendKernel | None:
    """The kernel for contexts of at most `longest` tokens; None where it cannot be had, and the log says why.

    `folder` keeps what was compiled; None: it is compiled anew in a folder of its own. Blocks for about a second.
    """
    if head_dim not in HEAD_DIMS:
        log.info("kernel_not_used", reason=f"heads of {head_dim} are not built in")
        return None
    source = resources.files(__package__).joinpath("attend.cpp").read_bytes()
    try:
        library = ctypes.CDLL(str(_compiled(source, folder)))
    except (OSError, subprocess.SubprocessError) as error:
        log.info("kernel_not_used", reason=str(error)[:300])
        return None
    function = library.inthread_attend
    pointer, size, number = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int
    function.argtypes = [number, size, *[pointer] * 7, *[size] * 4, ctypes.c_float, size, pointer, pointer, number]
    return AttendKernel(function, torch.empty(threads, longest))


def _compiled(source: bytes, folder: Path | None) -> Path:
    """The library, compiled if it is not there. Raises: OSError, subprocess.SubprocessError."""
    compiler = shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")
    if compiler is None:
        raise FileNotFoundError("no C++ compiler (g++) is installed")
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="inthread-kernels-"))
    folder.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([compiler, "--version"], capture_output=True, check=True, timeout=COMPILE_SECONDS).stdout
    digest = hashlib.sha256(b"\0".join((source, version, " ".join(FLAGS).encode(), _processor()))).hexdigest()[:16]
    library = folder / f"attend-{digest}.so"
    if not library.exists():
        _compile(compiler, source, library)
    return library


def _compile(compiler: str, source: bytes, library: Path) -> None:
    """Whole or not at all: two processes may do this at once."""
    with tempfile.TemporaryDirectory(dir=library.parent) as work:
        code, result = Path(work, "attend.cpp"), Path(work, "attend.so")
        code.write_bytes(source)
        subprocess.run(
            [compiler, *FLAGS, str(code), "-o", str(result)], capture_output=True, check=True, timeout=COMPILE_SECONDS
        )
        result.replace(library)
    log.info("kernel_compiled", file=library.name)


def _processor() -> bytes:
    """What `-march=native` depends on. Source: /proc/cpuinfo, which other systems do not have."""
    try:
        lines = Path("/proc/cpuinfo").read_bytes().splitlines()
    except OSError:
        return b""
    return b"\n".join(sorted({line for line in lines if line.startswith((b"model name", b"flags"))}))
