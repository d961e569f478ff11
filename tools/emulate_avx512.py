"""`make emulate-avx512`: what our kernel would compute on processors with AVX-512, on one that has none.

SIMDe (Debian: libsimde-dev) spells each intrinsic of AVX-512 in those that this processor has. The products must be bit
for bit those of the kernel that runs here. Of speed it says nothing.
"""

import ctypes
import shutil
import subprocess
import sys
import tempfile
from itertools import product as every
from pathlib import Path

import torch

from inference.torch_engine.kernels import Kernels, load_kernels, pack, product
from inference.torch_engine.kernels.library import compile_library, read_sources

# The second: SIMDe 0.7.4 has given the name of the plain intrinsic to the masked one.
HEADER = """
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#undef _mm512_madd_epi16
#define _mm512_madd_epi16 simde_mm512_madd_epi16
#define __AVX512BW__ 1
"""
PROCESSORS = {"AVX-512": HEADER, "AVX-512 with VNNI": f"{HEADER}#define __AVX512VNNI__ 1\n"}
SHAPES = ((40, 64), (1000, 2816), (3072, 1024))
ROWS = (*range(1, 10), 17, 100)


def main() -> int:
    if Path("/proc/cpuinfo").read_text().find("avx512bw") >= 0:
        print("this processor has AVX-512: the tests run those kernels themselves")
        return 0
    ours = load_kernels()
    if ours is None or shutil.which("g++") is None:
        print("needs g++: apt install g++", file=sys.stderr)
        return 1
    for name, header in PROCESSORS.items():
        try:
            emulated = _compile(header)
        except subprocess.CalledProcessError as error:
            print(f"{name}: {error.stderr.decode()[:500]}\nneeds SIMDe: apt install libsimde-dev", file=sys.stderr)
            return 1
        differing = [case for case in every(SHAPES, ROWS) if not _is_equal(ours, emulated, *case)]
        print(f"{name}: {f'differs at {differing}' if differing else 'bit for bit as here'}")
        if differing:
            return 1
    return 0


def _compile(header: str) -> Kernels:
    files = read_sources()
    files["multiply.cpp"] = header.encode() + files["multiply.cpp"]
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "kernels.so")
        compile_library("g++", files, library)
        return Kernels(ctypes.CDLL(str(library)))


def _is_equal(ours: Kernels, emulated: Kernels, shape: tuple[int, int], rows: int) -> bool:
    generator = torch.Generator().manual_seed(rows)
    weight = pack(torch.randint(-127, 128, shape, generator=generator).to(torch.int8))
    x, scale = torch.randn(rows, shape[1], generator=generator), torch.ones(shape[0])
    of = product(weight, scale)
    return torch.equal(ours.multiply(of, x), emulated.multiply(of, x))


if __name__ == "__main__":
    raise SystemExit(main())
