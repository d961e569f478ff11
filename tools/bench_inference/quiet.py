"""Whether the machine is quiet enough to measure: what others compute is taken from the engine under test."""

import os
import time
from pathlib import Path

BUSY_SHARE = 0.1
LOOK_SECONDS = 2.0


def find_noise() -> str | None:
    """None, or how busy the processors are with us doing nothing. Takes two seconds."""
    before = _ticks()
    time.sleep(LOOK_SECONDS)
    after = _ticks()
    busy = 1 - (after[0] - before[0]) / max(1, after[1] - before[1])
    if busy < BUSY_SHARE:
        return None
    return f"processors {100 * busy:.0f} % busy before it began (load average {os.getloadavg()[0]:.1f})"


def processor() -> str:
    """Its name and what of it matters for matrix products."""
    lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    said = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = said.get("flags", "").split()
    known = [
        flag for flag in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8") if flag in flags
    ]
    return f"{said.get('model name', 'unknown processor')}, {os.cpu_count()} cores, {' '.join(known)}"


def _ticks() -> tuple[int, int]:
    """Idle and all, since the machine started."""
    counts = [int(count) for count in Path("/proc/stat").read_text("utf-8").split("\n", 1)[0].split()[1:9]]
    return counts[3] + counts[4], sum(counts)
