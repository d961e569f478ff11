"""What this machine's processor offers: how many threads are worth having, and whether bfloat16 is fast.

Linux says it in /proc and /sys; elsewhere the answers fall back to safe ones. Reads only those files.
"""

import math
import os
from pathlib import Path

# x86: AVX512-BF16 or AMX; arm64: the bf16 extension. Without them bfloat16 is emulated and slower than float32.
FAST_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})

# What multiplies bytes in one instruction without overflowing in between: older processors need smaller weights.
# Source: oneDNN, "Nuances of int8 computations".
FAST_INT8_FLAGS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"})

CPUINFO = Path("/proc/cpuinfo")
CPU_FOLDER = Path("/sys/devices/system/cpu")
CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def has_fast_bf16(cpuinfo: Path = CPUINFO) -> bool:
    return not FAST_BF16_FLAGS.isdisjoint(instruction_sets(cpuinfo))


def has_fast_int8(cpuinfo: Path = CPUINFO) -> bool:
    return not FAST_INT8_FLAGS.isdisjoint(instruction_sets(cpuinfo))


def instruction_sets(cpuinfo: Path = CPUINFO) -> frozenset[str]:
    """Those of the processor's instruction sets that decide how weights are stored."""
    try:
        lines = cpuinfo.read_text("utf-8", "replace").splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    return (FAST_BF16_FLAGS | FAST_INT8_FLAGS).intersection(flags.split())


def usable_cores(quota_file: Path = CGROUP_QUOTA) -> int:
    """Physical cores that this process may use, at least 1.

    Two hyperthreads of one core share its vector unit, so a second thread there only costs. A container's quota counts
    too: more threads than it allows are paused in the middle of every matrix product.
    """
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    cores = len({_core_of(cpu) for cpu in cpus})
    return max(1, min(cores, _quota_cores(quota_file)))


def _core_of(cpu: int) -> str:
    """Something that hyperthreads of one core have in common."""
    try:
        return (CPU_FOLDER / f"cpu{cpu}" / "topology" / "thread_siblings_list").read_text("utf-8").strip()
    except OSError:
        return str(cpu)


def _quota_cores(quota_file: Path) -> int:
    """The cgroup v2 CPU quota in whole cores, rounded up; very many where there is none."""
    try:
        quota, period = quota_file.read_text("utf-8").split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return 1 << 16
