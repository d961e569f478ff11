"""What is measured of a loaded engine: figures by name. Every prompt is new, so that no cache helps unasked."""

import itertools
import random
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from tools.bench_inference import faq
from tools.bench_inference.subject import Subject, Timings, generate
from tools.bench_inference.workload import TOKEN_IDS

Figures = dict[str, float]
PROMPT_TOKENS, CACHED_TOKENS = 600, 550


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure. `repeats`: of each figure, of which the median counts; `faq_seconds`: of each rate;
    `faq_patience`: how many times as long as they are the limits may be."""

    repeats: int
    new_tokens: int
    faq_seconds: float
    faq_rates: tuple[int, ...]
    faq_patience: float
    seed: int

    @classmethod
    def of(cls, *, quick: bool, seed: int, faq_rates: tuple[int, ...], faq_patience: float) -> "Effort":
        if quick:
            return cls(1, 24, 60, faq_rates or (2, 5, 10, 15, 20, 30, 45), faq_patience, seed)
        return cls(3, 64, 300, faq_rates or faq.RATES, faq_patience, seed)


def measure_prefill(subject: Subject, effort: Effort) -> Iterator[Figures]:
    """Tokens of the prompt over seconds to the first new token."""
    for tokens in (512, 1024):
        yield {f"prefill{tokens}": tokens / _median(effort, partial(_read_seconds, subject, tokens))}


def measure_first_text(subject: Subject, effort: Effort) -> Iterator[Figures]:
    """Seconds to the first token of 600: all new, and with 550 of them known from a prompt just answered."""

    def cached() -> float:
        prompt = _prompt(PROMPT_TOKENS)
        thread = f"cached {prompt[0]}"
        _ask_alone(subject, prompt, thread)
        return _ask_alone(subject, prompt[:CACHED_TOKENS] + _prompt(PROMPT_TOKENS - CACHED_TOKENS), thread).first

    yield {"ttft600": _median(effort, partial(_read_seconds, subject, PROMPT_TOKENS))}
    yield {"ttft600_cached550": _median(effort, cached)}


def measure_decode(subject: Subject, effort: Effort) -> Iterator[Figures]:
    """tgN: tokens/s of N sequences together, from when the last has its first token to when the first has its last."""
    for count in (1, 4, 8):
        yield {f"tg{count}": _median(effort, partial(_decode_speed, subject, effort, count, 32))}


def measure_context(subject: Subject, effort: Effort) -> Iterator[Figures]:
    """Tokens/s of one sequence behind a prompt of so many tokens."""
    for tokens in (256, 1024, 4096):
        yield {f"tg1_at_{tokens}": _median(effort, partial(_decode_speed, subject, effort, 1, tokens))}


def measure_faq(subject: Subject, effort: Effort) -> Iterator[Figures]:
    """The ladder of rates, and the highest (questions per minute) that held both limits; 0: none did."""
    held = 0.0
    for outcome in faq.climb(subject, effort.faq_rates, effort.faq_seconds, effort.seed, effort.faq_patience):
        at = f"faq{outcome.rate:g}"
        yield {
            f"{at}_questions": outcome.questions,
            f"{at}_unanswered": outcome.unanswered,
            f"{at}_first_text_p50": outcome.first_text_p50,
            f"{at}_first_text_p95": outcome.first_text_p95,
            f"{at}_gap_p95": outcome.gap_p95,
        }
        if outcome.holds(effort.faq_patience):
            held = outcome.rate
    yield {"faq_held": held}


PARTS: dict[str, Callable[[Subject, Effort], Iterator[Figures]]] = {
    "prefill": measure_prefill,
    "ttft": measure_first_text,
    "decode": measure_decode,
    "context": measure_context,
    "faq": measure_faq,
}

_numbers = itertools.count()


def _prompt(tokens: int) -> list[int]:
    return random.Random(f"prompt {next(_numbers)}").choices(TOKEN_IDS, k=tokens)


def _median(effort: Effort, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(effort.repeats))


def _read_seconds(subject: Subject, prompt_tokens: int) -> float:
    return _ask_alone(subject, _prompt(prompt_tokens)).first


def _ask_alone(subject: Subject, prompt_ids: list[int], thread: str = "") -> Timings:
    """Two tokens: an engine may hand over the first only with the next step."""
    return generate(subject, [prompt_ids], 2, thread=thread)[0]


def _decode_speed(subject: Subject, effort: Effort, count: int, prompt_tokens: int) -> float:
    results = generate(subject, [_prompt(prompt_tokens) for _ in range(count)], effort.new_tokens)
    begin = max(timings.tokens[0] for timings in results)
    end = min(timings.tokens[-1] for timings in results)
    tokens = sum(begin < at <= end for timings in results for at in timings.tokens)
    return tokens / (end - begin)
