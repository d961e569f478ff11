"""Our own engine with keys and values in 8 bits, as OpenVINO keeps them on CPUs unless it is told otherwise."""

from tools.bench_inference.subjects import ours


class Engine(ours.Engine):
    cache_type = "int8"
