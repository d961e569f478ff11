"""One step: what the scheduler planned, through the decoder, and the next token of everybody whose prompt is read."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.torch_engine.attention import Span, StepAttention
from inference.torch_engine.kernels import Kernels
from inference.torch_engine.kv_cache import KVCache
from inference.torch_engine.scheduler import Part, Scheduler
from inference.torch_engine.sequence import Sequence
from inference.torch_engine.shapes import Decoder

# Nobody's text waits longer than about this for somebody else's prompt.
STEP_SECONDS = 0.1
FEWEST_PROMPT_TOKENS, MOST_PROMPT_TOKENS = 32, 512
TELLING_TOKENS = 16  # of prompts in a step, from which on it says how long one takes
# What a new token means for its sequence: True goes on, False ends it.
OnToken = Callable[[Sequence, int], bool]
OnFailure = Callable[[Sequence, Exception], None]


@dataclass
class PromptPace:
    """How many tokens of prompts fit a step, learned from the steps before."""

    seconds_per_token: float = 0.001
    step_seconds: float = 0.03  # without any prompt

    def tokens(self, *, others_decode: bool) -> int:
        if not others_decode:
            return MOST_PROMPT_TOKENS
        fitting = (STEP_SECONDS - self.step_seconds) / self.seconds_per_token
        return int(max(FEWEST_PROMPT_TOKENS, min(MOST_PROMPT_TOKENS, fitting)))

    def learn(self, prompt_tokens: int, seconds: float) -> None:
        if not prompt_tokens:
            self.step_seconds += 0.1 * (seconds - self.step_seconds)
        elif prompt_tokens >= TELLING_TOKENS:
            per_token = max(seconds - self.step_seconds, 0.2 * seconds) / prompt_tokens
            self.seconds_per_token += 0.3 * (per_token - self.seconds_per_token)


class Stepper:
    """Owned by the thread that computes."""

    def __init__(
        self,
        decoder: Decoder,
        cache: KVCache,
        scheduler: Scheduler,
        kernels: Kernels | None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._decoder = decoder
        self._cache = cache
        self._scheduler = scheduler
        self._kernels = kernels
        self._clock = clock
        self._pace = PromptPace()

    def step(self, on_token: OnToken, on_failure: OnFailure) -> int:
        """Compute once; how many sequences had a part in it. Ended and failed ones have left the scheduler.

        Raises: whatever the decoder raises; the cache is in doubt then.
        """
        began = self._clock()
        others_decode = any(sequence.pending == 1 for sequence in self._scheduler.running)
        parts = self._scheduler.plan(self._pace.tokens(others_decode=others_decode))
        if not parts:
            return 0
        prompt_tokens = sum(part.tokens for part in parts if part.reads_prompt)
        logits = self._compute(parts)
        row = 0
        for part in parts:
            rows = _wanted_rows(part)
            self._advance(part, logits[row : row + rows], on_token, on_failure)
            row += rows
        self._pace.learn(prompt_tokens, self._clock() - began)
        return len(parts)

    def _compute(self, parts: list[Part]) -> Tensor:
        """Logits (W, V): for a part that decodes, of all its tokens; for one that ends its prompt, of the last."""
        token_ids: list[int] = []
        positions: list[int] = []
        wanted: list[int] = []
        spans = []
        for part in parts:
            sequence = part.sequence
            assert sequence.run is not None
            first = sequence.computed
            wanted.extend(range(len(token_ids) + part.tokens - _wanted_rows(part), len(token_ids) + part.tokens))
            token_ids.extend([*sequence.token_ids[first:], *sequence.draft][: part.tokens])
            positions.extend(range(first, first + part.tokens))
            spans.append(Span(sequence.run.first_token, first, part.tokens))
        attend = StepAttention(self._cache, spans, self._kernels)
        with torch.inference_mode():
            return self._decoder.forward(
                torch.tensor(token_ids),
                torch.tensor(positions),
                attend,
                torch.tensor(wanted, dtype=torch.long),
                attend.whole,
            )

    def _advance(self, part: Part, logits: Tensor, on_token: OnToken, on_failure: OnFailure) -> None:
        """Take the tokens that follow: the drafted ones as far as they are what would have been chosen anyway."""
        sequence, draft = part.sequence, part.sequence.draft
        sequence.draft = []
        if not part.ends_prompt:
            sequence.computed += part.tokens
            return
        sequence.computed = len(sequence.token_ids)
        accepted = 0
        try:
            for row in logits:
                token_id = _choose(sequence, row)
                sequence.token_ids.append(token_id)
                goes_on = on_token(sequence, token_id)
                if not goes_on:
                    self._scheduler.leave(sequence)
                    break
                if accepted == len(draft) or token_id != draft[accepted]:
                    break
                accepted += 1
                sequence.computed += 1
        except Exception as error:  # noqa: BLE001 - one reply's: told to whoever waits for it
            self._scheduler.leave(sequence)
            on_failure(sequence, error)
        if draft and sequence.lookup is not None:
            sequence.lookup.record(len(draft), accepted)


def _wanted_rows(part: Part) -> int:
    if not part.ends_prompt:
        return 0
    return 1 + len(part.sequence.draft)


def _choose(sequence: Sequence, logits: Tensor) -> int:
    """Raises: FloatingPointError."""
    if sequence.choose is not None:
        return sequence.choose(logits)
    token_id = int(logits.numpy().argmax())  # of numpy: a tenth of torch's time; what is no number counts as highest
    if not math.isfinite(logits[token_id]):
        raise FloatingPointError("the model's logits are not numbers: its weights are damaged or of a wrong type")
    return token_id
