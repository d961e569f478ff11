"""The seam: what an engine must do to be measured, and how its tokens are timed.

Knows nothing of any engine, and imports nothing heavy: it runs in the peers' environment too.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tools.bench_inference.models import Model


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt, and what happens with each new token: `on_token(token_id)`, from a thread of the subject's.

    Exactly `new_tokens` follow, whatever they are: no end of reply counts. `thread` and `shared_tokens` are for engines
    that keep threads apart: the first `shared_tokens` of the prompt are everybody's, the rest is this thread's alone.
    """

    prompt_ids: Sequence[int]
    new_tokens: int
    on_token: Callable[[int], None]
    thread: str = ""
    shared_tokens: int = 0


class Subject(Protocol):
    """An engine under test. Decoding is greedy everywhere."""

    bytes_per_weight: float  # as it stores the weights of the linear layers

    def load(self, model: Model) -> None:
        """Blocks until the engine is ready. Converting a model's files is no part of this: see `prepare`."""

    def submit(self, requests: Sequence[Request]) -> None:
        """Take them, all at once, and return. An engine that batches at all computes them together."""


@dataclass(slots=True)
class Timings:
    """Seconds on `time.perf_counter`: when the prompt was submitted, and when each of its tokens came."""

    submitted: float = 0.0
    tokens: list[float] = field(default_factory=list)
    token_ids: list[int] = field(default_factory=list)

    @property
    def first(self) -> float:
        """Seconds to the first token."""
        return self.tokens[0] - self.submitted

    @property
    def gaps(self) -> list[float]:
        """Seconds between each token and the one before it."""
        return [after - before for before, after in zip(self.tokens, self.tokens[1:], strict=False)]


def generate(
    subject: Subject,
    prompts: Sequence[Sequence[int]],
    new_tokens: int,
    *,
    thread: str = "",
    timeout_seconds: float = 600,
) -> list[Timings]:
    """All prompts at once, to the end. `thread`: that they all belong to. Raises: TimeoutError."""
    results = [Timings() for _ in prompts]
    left = threading.Semaphore(0)
    requests = [
        Request(prompt, new_tokens, _recorder(timings, new_tokens, left), thread)
        for prompt, timings in zip(prompts, results, strict=True)
    ]
    submitted = time.perf_counter()
    subject.submit(requests)
    for timings in results:
        timings.submitted = submitted
    for _ in results:
        if not left.acquire(timeout=timeout_seconds):
            raise TimeoutError(f"the engine has not answered within {timeout_seconds} s")
    return results


def _recorder(timings: Timings, new_tokens: int, done: threading.Semaphore) -> Callable[[int], None]:
    def record(token_id: int) -> None:
        timings.tokens.append(time.perf_counter())
        timings.token_ids.append(token_id)
        if len(timings.tokens) == new_tokens:
            done.release()

    return record
