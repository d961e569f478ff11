"""A few questions that a model has to answer sensibly before people see its answers.

This finds what is broken, not what is weak: files that were converted wrongly, a template that does not fit, weights
that are not numbers (engines raise on those, or the reply goes in circles). How good a model is, it does not say.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from inference.engine import ChatMessage, Engine, Sampling, StopReason, StopSignal
from inference.errors import InferenceError
from inference.torch_engine.repetition import goes_in_circles

Language = Literal["en", "zh"]
BY_LANGUAGE: Mapping[Language, tuple[str, ...]] = {
    "en": (
        "Hello! Who are you?",
        "What is the capital of France?",
        "Write one polite sentence that thanks a colleague for their help.",
    ),
    "zh": ("你好，请介绍一下你自己。", "请用一句话说明什么是年假。"),
}
PROMPTS = BY_LANGUAGE["en"] + BY_LANGUAGE["zh"]
SEED = 20_240_301
# What templates of known families use as control tokens; a model that writes them out has the wrong tokenizer.
_CONTROL = re.compile(r"<\|[^|<>\s]{1,40}\|>|</?s>|<(?:bos|eos|pad|unk)>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>")
_UNREADABLE = "\ufffd"


class CanaryFailed(InferenceError):
    """The message says which prompt, and what was wrong with the reply."""


@dataclass(frozen=True, slots=True)
class CanarySet:
    """`seconds`: the longest that one reply may take. `max_new_tokens`: where it is cut off, which is no fault."""

    prompts: Sequence[str] = PROMPTS
    seconds: float = 120.0
    max_new_tokens: int = 80


def load_prompts(path: Path) -> tuple[str, ...]:
    """One a line; empty lines and those that begin with `#` say nothing. Raises: InferenceError."""
    try:
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise InferenceError(f"cannot read the canary prompts in {path} ({error}): it should be UTF-8 text") from error
    return tuple(line for line in lines if line and not line.startswith("#"))


async def try_out(engine: Engine, canary: CanarySet, sampling: Sampling) -> int:
    """How many prompts were answered, all of them well. `sampling` is the service's own; the seed is fixed.

    One after the other, so that people who wait for the running model lose least. Raises: CanaryFailed.
    """
    chosen = replace(sampling, max_new_tokens=canary.max_new_tokens, seed=SEED)
    for prompt in canary.prompts:
        fault = await _find_fault(engine, prompt, chosen, canary.seconds)
        if fault:
            raise CanaryFailed(f"canary {prompt[:60]!r}: {fault}")
    return len(canary.prompts)


async def _find_fault(engine: Engine, prompt: str, sampling: Sampling, seconds: float) -> str | None:
    try:
        async with asyncio.timeout(seconds):
            text, reason = await _reply(engine, prompt, sampling)
    except TimeoutError:
        return f"no reply within {seconds:g} s"
    except InferenceError as error:
        return f"no reply: {error}"
    return find_text_fault(text, reason)


async def _reply(engine: Engine, prompt: str, sampling: Sampling) -> tuple[str, StopReason | None]:
    text, reason = "", None
    async with aclosing(engine.stream([ChatMessage("user", prompt)], sampling, StopSignal())) as pieces:
        async for piece in pieces:
            text, reason = text + piece.text, piece.stop_reason
    return text, reason


def find_text_fault(text: str, reason: StopReason | None) -> str | None:
    """What is wrong with a reply, as far as anybody can tell who does not know the answer."""
    if not any(character.isalnum() for character in text):
        return "the reply has no words"
    if control := _CONTROL.search(text):
        return f"the reply has the control token {control[0]}"
    if text.count(_UNREADABLE) > 1:  # one may be a character that was cut off at the end
        return "the reply has characters that cannot be read"
    if reason is StopReason.REPETITION or goes_in_circles([ord(character) for character in text]):
        return "the reply goes in circles"
    return None
