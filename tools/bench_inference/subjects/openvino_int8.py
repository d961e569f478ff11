"""OpenVINO GenAI, int8 weights (one scale per output channel), its own continuous batching and prefix cache.

The way in is lean: a GGUF file in F16 is read by OpenVINO GenAI itself, which builds the graph; NNCF compresses that
graph's weights as `optimum-cli export openvino --weight-format int8` does. Neither torch nor optimum is needed for it.
"""

import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.bench_inference.models import Model
from tools.bench_inference.places import ROOT, whole_or_nothing
from tools.bench_inference.subject import Request

STEP_TOKENS = 256
MOST_SEQUENCES = 16
CACHE_GB = 1


def converted(model: Model) -> Path:
    return model.folder.with_name(f"{model.name}-openvino-int8")


def prepare(model: Model, peers_python: Path) -> None:
    from tools.bench_inference.gguf_files import gguf_file

    if converted(model).exists():
        return
    source = gguf_file(model, "F16")
    with whole_or_nothing(converted(model)) as folder:
        command = [str(peers_python), "-m", __name__, str(source), str(folder)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        shutil.copy(model.folder / "config.json", folder)


def _convert(source: Path, folder: Path) -> None:
    """Runs in the peers' environment. The graph is written beside the GGUF file it is made from: hence the link."""
    import nncf
    import openvino
    import openvino_genai

    link = folder / "model.gguf"
    link.symlink_to(source)
    openvino_genai.LLMPipeline(str(link), "CPU", enable_save_ov_model=True)
    link.unlink()
    graph = folder / "openvino_model.xml"
    whole = folder / "whole"
    whole.mkdir()
    for path in (graph, graph.with_suffix(".bin")):
        path.rename(whole / path.name)
    network = nncf.compress_weights(
        openvino.Core().read_model(whole / graph.name), mode=nncf.CompressWeightsMode.INT8_ASYM
    )
    openvino.save_model(network, graph, compress_to_fp16=False)
    del network
    shutil.rmtree(whole)


class Engine:
    bytes_per_weight = 1.0

    def __init__(self) -> None:
        self._inbox: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._open: list[tuple[Any, Request]] = []
        self._count = 0

    def load(self, model: Model) -> None:
        import openvino_genai

        scheduling = openvino_genai.SchedulerConfig()
        scheduling.max_num_batched_tokens = STEP_TOKENS
        scheduling.max_num_seqs = MOST_SEQUENCES
        scheduling.cache_size = CACHE_GB
        scheduling.enable_prefix_caching = True
        scheduling.dynamic_split_fuse = True
        self._pipeline = openvino_genai.ContinuousBatchingPipeline(str(converted(model)), scheduling, "CPU")
        threading.Thread(target=self._run, daemon=True).start()

    def submit(self, requests: Sequence[Request]) -> None:
        for request in requests:
            self._inbox.put(request)

    def _run(self) -> None:
        while True:
            while not self._open or not self._inbox.empty():
                self._add(self._inbox.get())
            self._pipeline.step()
            for handle, request in self._open:
                if handle.can_read():
                    for output in handle.read().values():
                        for token_id in output.generated_ids:
                            request.on_token(int(token_id))
            self._open = [(handle, request) for handle, request in self._open if not _has_ended(handle)]

    def _add(self, request: Request) -> None:
        import numpy
        import openvino
        import openvino_genai

        wanted = openvino_genai.GenerationConfig()
        wanted.max_new_tokens = request.new_tokens
        wanted.ignore_eos = True
        wanted.do_sample = False
        self._count += 1
        ids = openvino.Tensor(numpy.array([request.prompt_ids], dtype=numpy.int64))
        self._open.append((self._pipeline.add_request(self._count, ids, wanted), request))


def _has_ended(handle: Any) -> bool:
    import openvino_genai

    return bool(handle.get_status() != openvino_genai.GenerationStatus.RUNNING and not handle.can_read())


if __name__ == "__main__":
    _convert(Path(sys.argv[1]), Path(sys.argv[2]))
