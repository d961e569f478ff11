"""The engines that are measured, one module each with a class `Engine` (a `Subject`) and, for peers, `prepare(model)`.

`prepare` makes the model's files in the engine's own format. It runs in our environment, `Engine` in the one named.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Entry:
    """`module` of this package, and the `packages` that the peers' environment must have for it."""

    module: str
    environment: Literal["ours", "peers"]
    packages: tuple[str, ...] = ()


# Pinned: what was current in November 2026. None of them needs a compiler.
SUBJECTS = {
    "ours": Entry("ours", "ours"),
    "ours-int8-cache": Entry("ours_int8_cache", "ours"),  # as OpenVINO keeps keys and values by default
    "transformers-bf16": Entry("transformers_bf16", "ours"),
    "openvino-int8": Entry("openvino_int8", "peers", ("openvino-genai==2026.4.1.0", "nncf==3.4.0")),
    "llama.cpp-q8": Entry("llama_cpp", "peers", ("xllamacpp==2026.10.11549",)),
}
