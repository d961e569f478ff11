"""The FAQ workload: who asks what, and when. The same for every engine, and for every run with the same seed.

Threads begin as a Poisson process. Each has 1 to 4 turns; a turn brings 3 of 200 passages, drawn by Zipf's law without
repetition within the turn, and a question. The prompt is the system prompt, all turns so far with their answers, and
the new turn: what was asked before is always a prefix. The next turn comes 5 s after the answer's end.
Token ids are random: only their number and which of them return count.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SYSTEM_TOKENS = 150
PASSAGES = 200
PASSAGE_TOKENS = 100
PASSAGES_PER_TURN = 3
QUESTION_TOKENS = 20
PUBLIC_TOKENS = SYSTEM_TOKENS + PASSAGES_PER_TURN * PASSAGE_TOKENS  # that no conversation's words stand before
ANSWER_TOKENS = 80
MOST_TURNS = 4
MEAN_TURNS = (1 + MOST_TURNS) / 2
FOLLOW_UP_SECONDS = 5.0
ZIPF_EXPONENT = 1.0

TOKEN_IDS = range(1000, 40_000)  # ordinary tokens in both vocabularies
# Everybody's: independent of the seed, so that it is warm from the second run on.
SYSTEM_IDS = tuple(random.Random("system").choices(TOKEN_IDS, k=SYSTEM_TOKENS))


@dataclass(frozen=True, slots=True)
class Thread:
    """`arrival`: seconds from the beginning to the first question. `turns`: what each adds to the prompt."""

    name: str
    arrival: float
    turns: tuple[tuple[int, ...], ...]

    def prompt_ids(self, answers: Sequence[Sequence[int]]) -> list[int]:
        """The prompt of the turn that follows these answers, one for each turn before it."""
        ids = list(SYSTEM_IDS)
        for turn, answer in zip(self.turns, answers, strict=False):
            ids += [*turn, *answer]
        return ids + list(self.turns[len(answers)])


def threads(questions_per_minute: float, seconds: float, seed: int) -> list[Thread]:
    """Those that begin within `seconds`, in the order in which they do."""
    draw = random.Random(f"faq {seed} {questions_per_minute}")
    passages = [draw.choices(TOKEN_IDS, k=PASSAGE_TOKENS) for _ in range(PASSAGES)]
    arrivals = itertools.takewhile(lambda at: at < seconds, _arrivals(draw, questions_per_minute))
    return [
        Thread(
            f"{seed}-{questions_per_minute}-{number}",
            arrival,
            tuple(_turn(draw, passages) for _ in range(draw.randint(1, MOST_TURNS))),
        )
        for number, arrival in enumerate(list(arrivals))
    ]


def _arrivals(draw: random.Random, questions_per_minute: float) -> Iterator[float]:
    threads_per_second = questions_per_minute / MEAN_TURNS / 60
    now = 0.0
    while True:
        now += draw.expovariate(threads_per_second)
        yield now


def _turn(draw: random.Random, passages: Sequence[Sequence[int]]) -> tuple[int, ...]:
    chosen = zipf_sample(draw, len(passages), PASSAGES_PER_TURN)
    question = draw.choices(TOKEN_IDS, k=QUESTION_TOKENS)
    return (*itertools.chain.from_iterable(passages[rank] for rank in chosen), *question)


def zipf_sample(draw: random.Random, count: int, wanted: int) -> list[int]:
    """`wanted` different ranks below `count`; rank r is r + 1 times rarer than rank 0, with the exponent of 1."""
    weights = [(rank + 1) ** -ZIPF_EXPONENT for rank in range(count)]
    chosen: list[int] = []
    while len(chosen) < wanted:
        (rank,) = draw.choices(range(count), weights)
        if rank not in chosen:
            chosen.append(rank)
    return chosen
