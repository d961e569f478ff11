"""The FAQ workload of the benchmark is what its figures say they are of. No engine runs here."""

import random
from collections import Counter
from itertools import pairwise

from tools.bench_inference.faq import percentile, run
from tools.bench_inference.workload import (
    ANSWER_TOKENS,
    MEAN_TURNS,
    PASSAGE_TOKENS,
    PASSAGES_PER_TURN,
    QUESTION_TOKENS,
    SYSTEM_TOKENS,
    threads,
    zipf_sample,
)

TURN_TOKENS = PASSAGES_PER_TURN * PASSAGE_TOKENS + QUESTION_TOKENS
ANSWER = [7] * ANSWER_TOKENS


def test_one_seed_gives_one_workload() -> None:
    assert threads(30, 600, seed=1) == threads(30, 600, seed=1) != threads(30, 600, seed=2)


def test_each_prompt_begins_with_the_one_before_and_its_answer() -> None:
    thread = next(thread for thread in threads(30, 600, seed=1) if len(thread.turns) == 4)
    prompts = [thread.prompt_ids([ANSWER] * turn) for turn in range(4)]
    assert [len(prompt) for prompt in prompts] == [
        SYSTEM_TOKENS + TURN_TOKENS + turn * (ANSWER_TOKENS + TURN_TOKENS) for turn in range(4)
    ]
    assert all(after[: len(before) + ANSWER_TOKENS] == before + ANSWER for before, after in pairwise(prompts))


def test_all_threads_share_the_system_prompt_and_some_passages() -> None:
    arriving = threads(30, 600, seed=1)
    assert len({tuple(thread.prompt_ids([])[:SYSTEM_TOKENS]) for thread in arriving}) == 1
    first_passages = Counter(thread.turns[0][:PASSAGE_TOKENS] for thread in arriving)
    assert first_passages.most_common(1)[0][1] > 1


def test_questions_come_at_the_rate_asked_for() -> None:
    arriving = threads(30, 36_000, seed=1)
    assert 27 < sum(len(thread.turns) for thread in arriving) / 600 < 33
    assert {len(thread.turns) for thread in arriving} == {1, 2, 3, 4}
    # Poisson: the gaps' standard deviation is their mean, 5 s here.
    gaps = [after.arrival - before.arrival for before, after in pairwise(arriving)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert abs(mean - 60 * MEAN_TURNS / 30) < 0.5
    assert 0.9 < deviation / mean < 1.1


def test_passages_are_drawn_by_zipf_and_never_twice_in_a_turn() -> None:
    draw = random.Random(1)
    samples = [zipf_sample(draw, 200, 3) for _ in range(20_000)]
    assert all(len(set(sample)) == 3 for sample in samples)
    first = Counter(sample[0] for sample in samples)
    assert 1.8 < first[0] / first[1] < 2.2
    assert 8 < first[0] / first[9] < 12


class InstantSubject:
    """Answers at once, in the caller's thread."""

    bytes_per_weight = 1.0

    def __init__(self) -> None:
        self.prompts: list[list[int]] = []

    def load(self, model: object) -> None: ...

    def submit(self, requests: list) -> None:  # type: ignore[type-arg]
        for request in requests:
            self.prompts.append(list(request.prompt_ids))
            for _ in range(request.new_tokens):
                request.on_token(7)


def test_the_driver_asks_what_is_due_and_tells_the_answers_times() -> None:
    arriving = [thread for thread in threads(600, 2, seed=3) if len(thread.turns) == 1][:3]
    subject = InstantSubject()
    asked = run(subject, arriving, seconds=10)
    assert subject.prompts == [thread.prompt_ids([]) for thread in arriving]
    assert all(question.is_answered and question.first_text < 1 for question in asked)


def test_percentiles() -> None:
    assert percentile(range(1, 101), 95) == 95
    assert percentile([3.0], 95) == 3.0
