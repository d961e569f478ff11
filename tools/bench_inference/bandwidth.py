"""The limit of decoding on a CPU: how fast memory can be read. Prints GB/s of as many threads as there are cores."""

import time

import torch

from inference.processor import usable_cores

BYTES = 2**30  # far beyond every cache
TIMES = 12


def read_gigabytes_per_second() -> float:
    """The best of several readings: what disturbs can only slow it down."""
    torch.set_num_threads(usable_cores())
    values = torch.ones(BYTES // 4)
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        values.sum()
        seconds.append(time.perf_counter() - began)
    return BYTES / min(seconds) / 1e9


if __name__ == "__main__":
    print(read_gigabytes_per_second())
