"""Drives a subject with the FAQ workload, open loop: a question comes when it is due, however busy the engine is."""

import heapq
import math
import queue
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tools.bench_inference.subject import Request, Subject, Timings
from tools.bench_inference.workload import ANSWER_TOKENS, FOLLOW_UP_SECONDS, PUBLIC_TOKENS, Thread, threads

RATES = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100)  # questions per minute
MOST_FIRST_TEXT_SECONDS = 2.0
MOST_GAP_SECONDS = 0.150
FEWEST_QUESTIONS = 20  # that are expected to count: a slow rate is tried for longer
RAMP_SECONDS = 30.0  # until follow-ups come as often as they will: asked before, not counted
DRAIN_SECONDS = 60.0  # what is not answered so long after the last arrival counts as never


@dataclass(slots=True)
class Question:
    """`asked_at`: seconds from the beginning."""

    thread: Thread
    turn: int
    asked_at: float
    timings: Timings = field(default_factory=Timings)

    @property
    def is_answered(self) -> bool:
        return len(self.timings.tokens) == ANSWER_TOKENS

    @property
    def first_text(self) -> float:
        return self.timings.first if self.timings.tokens else math.inf


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of the questions asked after the ramp. Seconds; infinite where answers did not come."""

    rate: float
    questions: int
    unanswered: int
    first_text_p50: float
    first_text_p95: float
    gap_p95: float

    def holds(self, patience: float) -> bool:
        """Both limits, each so many times as long."""
        return self.first_text_p95 <= patience * MOST_FIRST_TEXT_SECONDS and self.gap_p95 <= patience * MOST_GAP_SECONDS


def climb(subject: Subject, rates: Iterable[int], seconds: float, seed: int, patience: float) -> Iterable[Outcome]:
    """One outcome for each rate, up to the first at which a limit is broken. `seconds`: of each, or more."""
    ramp = min(RAMP_SECONDS, seconds / 4)
    for rate in rates:
        long_enough = max(seconds, ramp + 60 * FEWEST_QUESTIONS / rate)
        asked = run(subject, threads(rate, long_enough, seed), long_enough + DRAIN_SECONDS)
        outcome = judge(rate, [question for question in asked if ramp <= question.asked_at < long_enough])
        yield outcome
        if not outcome.holds(patience):
            return


def run(subject: Subject, arriving: Sequence[Thread], seconds: float) -> list[Question]:
    """All questions that were asked until every thread has ended, or `seconds` are over."""
    due = [(thread.arrival, number, Question(thread, 0, thread.arrival)) for number, thread in enumerate(arriving)]
    heapq.heapify(due)
    answered: queue.SimpleQueue[Question] = queue.SimpleQueue()
    answers: dict[str, list[list[int]]] = {thread.name: [] for thread in arriving}
    asked: list[Question] = []
    waiting = 0
    began = time.perf_counter()
    while (due or waiting) and (now := time.perf_counter() - began) < seconds:
        if due and due[0][0] <= now:
            question = heapq.heappop(due)[2]
            asked.append(question)
            waiting += 1
            _ask(subject, question, answers[question.thread.name], answered.put)
            continue
        try:
            question = answered.get(timeout=min(due[0][0] if due else seconds, seconds) - now)
        except queue.Empty:
            continue
        waiting -= 1
        answers[question.thread.name].append(question.timings.token_ids)
        if question.turn + 1 < len(question.thread.turns):
            at = question.timings.tokens[-1] - began + FOLLOW_UP_SECONDS
            heapq.heappush(due, (at, len(arriving) + len(asked), Question(question.thread, question.turn + 1, at)))
    return asked


def _ask(
    subject: Subject, question: Question, answers: Sequence[Sequence[int]], done: Callable[[Question], None]
) -> None:
    timings = question.timings

    def on_token(token_id: int) -> None:
        timings.tokens.append(time.perf_counter())
        timings.token_ids.append(token_id)
        if len(timings.tokens) == ANSWER_TOKENS:
            done(question)

    prompt_ids = question.thread.prompt_ids(answers)
    timings.submitted = time.perf_counter()
    subject.submit([Request(prompt_ids, ANSWER_TOKENS, on_token, question.thread.name, PUBLIC_TOKENS)])


def judge(rate: float, questions: Sequence[Question]) -> Outcome:
    first = [question.first_text for question in questions]
    gaps = [gap for question in questions for gap in question.timings.gaps]
    unanswered = sum(not question.is_answered for question in questions)
    return Outcome(
        rate=rate,
        questions=len(questions),
        unanswered=unanswered,
        first_text_p50=percentile(first, 50),
        first_text_p95=percentile(first, 95),
        gap_p95=math.inf if unanswered else percentile(gaps, 95),
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of them do not exceed; infinite without any."""
    if not values:
        return math.inf
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]
