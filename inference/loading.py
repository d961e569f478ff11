"""From files to a model that can answer. The border to transformers' loaders.

Nothing here reaches for the network: files are local, code that comes with a model is never run, pickles are refused.
"""

import gc
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any

from inference.chat import ChatTokenizer
from inference.decoding import Choice
from inference.engine import Sampling
from inference.models.check import sha256_for_loading
from inference.models.locate import ModelFiles
from inference.processor import has_fast_bf16

DEFAULT_TOP_K = 50  # what transformers samples among where a generation config that samples leaves it open


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """`network` is a causal language model of transformers in evaluation mode; `choice`, how it likes to be sampled."""

    network: Any
    tokenizer: ChatTokenizer
    eos_ids: frozenset[int]
    choice: Choice
    sha256: str


@contextmanager
def collecting_later() -> Iterator[None]:
    """Without Python's cycle collector: while a million objects come into being it walks them all again and again, a
    sixth of a start."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def preload(*, networks: bool = True) -> None:
    """Import torch and transformers, once. Seconds of work, some of it in C with the interpreter locked.

    `networks`: with transformers' own, which our engine does without: 80 MB and part of a second.

    Call it before sockets open: in a thread beside a running event loop, the imports make that loop miss its turns.
    """
    # Must be set before the first import of huggingface_hub, which reads it then.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    # As must this, which OpenMP reads when torch brings it in. Its threads wait for each other hundreds of times in
    # every step; if they spin meanwhile (the default, for milliseconds) and something else wants the processor, they
    # wait for a thread that they keep from running: 1,889 ms a step instead of 60 on a busy machine with two cores.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    with collecting_later():
        _import(networks)


def _import(networks: bool) -> None:
    import torch  # noqa: F401
    import transformers
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig  # noqa: F401

    if networks:
        from transformers import AutoModelForCausalLM, DynamicCache  # noqa: F401
        from transformers.models.llama import modeling_llama  # noqa: F401

    library_logging: Any = transformers.logging
    library_logging.set_verbosity_error()
    library_logging.disable_progress_bar()
    logging.getLogger("torch").setLevel(logging.ERROR)


def load_model(files: ModelFiles) -> LoadedModel:
    """Blocks for seconds. The weights are in bfloat16 where the processor is fast at it, else in float32.

    Raises: ModelUnusable; and whatever the loaders raise on damaged files, from KeyError to a Rust panic's wrapper.
    """
    import torch

    dtype = torch.bfloat16 if has_fast_bf16() else torch.float32
    sha256 = sha256_for_loading(files)
    with warnings.catch_warnings(action="ignore"):
        network, tokenizer = _load(files, dtype)
    return LoadedModel(
        network=network.eval(),
        tokenizer=ChatTokenizer(tokenizer),
        eos_ids=eos_ids(network.generation_config, tokenizer),
        choice=default_choice(network.generation_config, files.sampling),
        sha256=sha256,
    )


def with_sampling(choice: Choice, sampling: Sampling) -> Choice:
    """`choice` where `sampling` says nothing, `sampling` where it does."""
    wanted = {field.name: getattr(sampling, field.name) for field in fields(Choice)}
    return replace(choice, **{name: value for name, value in wanted.items() if value is not None})


def eos_ids(generation: Any, tokenizer: Any) -> frozenset[int]:
    """Every id that ends a reply: chat models have several, and the tokenizer may know one that the config does not."""
    configured = generation.eos_token_id
    ids = configured if isinstance(configured, list) else [configured]
    return frozenset(token_id for token_id in [*ids, tokenizer.eos_token_id] if token_id is not None)


def default_choice(generation: Any, known: Sampling) -> Choice:
    """How the model's own files want it sampled; `known` is the catalogue's word for files that say nothing."""
    own = Choice(repetition_penalty=_given(generation.repetition_penalty, 1.0))
    if generation.do_sample:
        own = replace(
            own,
            temperature=_given(generation.temperature, 1.0),
            top_p=_given(generation.top_p, 1.0),
            top_k=_given(generation.top_k, DEFAULT_TOP_K),
        )
    return with_sampling(own, known)


def _load(files: ModelFiles, dtype: Any) -> tuple[Any, Any]:
    if files.is_gguf:
        from inference.gguf_loading import load_gguf

        return load_gguf(files.path, dtype)

    from transformers import AutoModelForCausalLM, AutoTokenizer

    local = {"local_files_only": True, "trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(str(files.path), **local)
    network = AutoModelForCausalLM.from_pretrained(
        str(files.path), dtype=dtype, use_safetensors=True, attn_implementation="sdpa", **local
    )
    return network, tokenizer


def _given(value: Any, default: Any) -> Any:
    return default if value is None else value
