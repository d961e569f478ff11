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

import structlog

from inference.torch_engine.kernels.calls import Kernels
from inference.torch_engine.kernels.trial import is_right

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
    if not is_right(kernels):
        log.error(
            "kernel_not_used", reason="it computes something else on this processor than it should: please report"
        )
        return None
    return kernels


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
