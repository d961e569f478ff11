"""What this machine's processor offers: how many threads are worth having, and whether bfloat16 is fast.

Linux says it in /proc and /sys; elsewhere the answers fall back to safe ones. Reads only those files.
"""

import math
import os
from pathlib import Path

# x86: AVX512-BF16 or AMX; arm64: the bf16 extension. Without them bfloat16 is emulated and slower than float32.
FAST_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})

CPUINFO = Path("/proc/cpuinfo")
CPU_FOLDER = Path("/sys/devices/system/cpu")
CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def has_fast_bf16(cpuinfo: Path = CPUINFO) -> bool:
    try:
        lines = cpuinfo.read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    return not FAST_BF16_FLAGS.isdisjoint(flags.split())


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
