"""What must hold whatever the scheduler does: a reply depends on its own prompt, and on nothing else.

On a tiny random model in float32. Every law compares with the plainest run there is: one sequence alone, no prefix, no
draft, more cache than it needs.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from inference.decoding import Choice, TokenChooser
from inference.models import ModelFiles
from inference.torch_engine.kernels import Kernels, load_kernels
from inference.torch_engine.kv_cache import BLOCK_TOKENS, KVCache, bytes_per_token
from inference.torch_engine.load import load_decoder
from inference.torch_engine.lookup import PromptLookup
from inference.torch_engine.scheduler import Scheduler
from inference.torch_engine.sequence import Sequence
from inference.torch_engine.shapes import Decoder
from inference.torch_engine.stepping import Stepper

NEW_TOKENS = 24
KERNELS = ("compiled", "torch")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny products gain nothing from a second one, and wait for it when others use the processor."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def decoder(tiny_folder: Path) -> Decoder:
    return load_decoder(ModelFiles("tiny", tiny_folder), "float32").decoder


@pytest.fixture(scope="module")
def compiled() -> Kernels | None:
    return load_kernels()


@dataclass
class Bench:
    """A scheduler with a cache of so many tokens, run until everybody has ended."""

    decoder: Decoder
    tokens: int = 4096
    kernel: Kernels | None = None
    most_running: int = 16
    prompt_tokens: int | None = None  # read in a step at most
    cache_type: str = "float32"
    replies: dict[Sequence, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        config = self.decoder.config
        budget = bytes_per_token(config, self.cache_type) * self.tokens  # type: ignore[arg-type]
        self.cache = KVCache(config, budget, self.cache_type)  # type: ignore[arg-type]
        self.scheduler = Scheduler(self.cache, most_running=self.most_running)
        self.stepper = Stepper(self.decoder, self.cache, self.scheduler, self.kernel)
        if self.prompt_tokens is not None:
            self.stepper._pace.tokens = lambda others_decode: self.prompt_tokens  # type: ignore[method-assign,assignment,return-value]

    def ask(self, prompt: list[int], new_tokens: int = NEW_TOKENS, **options: object) -> Sequence:
        sequence = Sequence(prompt, new_tokens, **options)  # type: ignore[arg-type]
        self.replies[sequence] = []
        self.scheduler.add(sequence)
        return sequence

    def step(self) -> None:
        self.stepper.step(self._take, _raise)

    def run(self) -> "Bench":
        while self.scheduler.has_work:
            self.step()
        return self

    def reply_to(self, prompt: list[int], **options: object) -> list[int]:
        sequence = self.ask(prompt, **options)
        self.run()
        return self.replies[sequence]

    def _take(self, sequence: Sequence, token_id: int) -> bool:
        self.replies[sequence].append(token_id)
        return len(self.replies[sequence]) < sequence.allowed_tokens


def _raise(_sequence: Sequence, error: Exception) -> None:
    raise error


@pytest.fixture(params=KERNELS)
def bench(request: pytest.FixtureRequest, decoder: Decoder, compiled: Kernels | None) -> Callable[..., Bench]:
    """Makes benches, with the compiled kernel and without."""
    if request.param == "compiled" and compiled is None:
        pytest.skip("no C++ compiler here")
    return lambda **options: Bench(decoder, kernel=compiled if request.param == "compiled" else None, **options)


def prompts(count: int, seed: int = 3) -> list[list[int]]:
    rng = random.Random(seed)
    return [[rng.randrange(3, 300) for _ in range(rng.randrange(1, 90))] for _ in range(count)]


# ── batched equals alone ─────────────────────────────────────────────────────


def test_batched_equals_alone(bench: Callable[..., Bench]) -> None:
    alone = [bench().reply_to(prompt) for prompt in prompts(9)]
    together = bench()
    sequences = [together.ask(prompt) for prompt in prompts(9)]

    together.run()

    assert [together.replies[sequence] for sequence in sequences] == alone


def test_requests_join_and_leave_at_any_step(bench: Callable[..., Bench]) -> None:
    rng = random.Random(5)
    alone = [bench().reply_to(prompt) for prompt in prompts(8)]
    joined, sequences = bench(most_running=4), []
    for prompt in prompts(8):
        sequences.append(joined.ask(prompt))
        for _ in range(rng.randrange(5)):
            joined.step()

    joined.run()

    assert [joined.replies[sequence] for sequence in sequences] == alone


@pytest.mark.parametrize("prompt_tokens", [1, 7, 33])
def test_a_prompt_read_in_parts_is_the_same_prompt(bench: Callable[..., Bench], prompt_tokens: int) -> None:
    [prompt] = prompts(1, seed=11)

    assert bench(prompt_tokens=prompt_tokens).reply_to(prompt) == bench().reply_to(prompt)


def test_while_a_long_prompt_is_read_the_others_go_on(bench: Callable[..., Bench]) -> None:
    busy = bench(prompt_tokens=16)
    quick = busy.ask([5, 6, 7])
    busy.step()
    busy.ask(prompts(1, seed=11)[0] * 3)

    for _ in range(3):
        busy.step()

    assert len(busy.replies[quick]) == 4


# ── cached equals uncached ───────────────────────────────────────────────────


def test_the_next_turn_goes_on_in_the_run_of_the_one_before(bench: Callable[..., Bench]) -> None:
    [prompt] = prompts(1, seed=11)
    conversation = bench()
    first = conversation.reply_to(prompt, scope="thread")
    follow_up = [*prompt, *first, 9, 8, 7]

    sequence = conversation.ask(follow_up, scope="thread")
    conversation.run()

    assert conversation.replies[sequence] == bench().reply_to(follow_up)
    assert sequence.cached_tokens >= len(prompt) + len(first) - 1
    assert conversation.scheduler._cache.allocator.used_blocks <= -(-len(sequence.token_ids) // BLOCK_TOKENS) + 3


def test_what_is_public_serves_everybody(bench: Callable[..., Bench]) -> None:
    system = prompts(1, seed=11)[0]
    shared = bench()
    shared.reply_to([*system, 4, 4, 4], scope="a", public_tokens=len(system))

    sequence = shared.ask([*system, 6, 6, 6], scope="b", public_tokens=len(system))
    shared.run()

    assert sequence.cached_tokens == len(system)
    assert shared.replies[sequence] == bench().reply_to([*system, 6, 6, 6])


@pytest.mark.parametrize("scope", ["another", ""])
def test_no_text_of_one_scope_serves_another(bench: Callable[..., Bench], scope: str) -> None:
    secret = prompts(1, seed=11)[0]
    shared = bench()
    shared.reply_to([*secret, 4], scope="a", public_tokens=20)

    sequence = shared.ask([*secret, 5], scope=scope, public_tokens=20)
    shared.run()

    assert sequence.cached_tokens == 20


def test_a_running_sequence_shares_its_public_part(bench: Callable[..., Bench]) -> None:
    system = prompts(1, seed=11)[0]
    shared = bench()
    shared.ask([*system, 4], scope="a", public_tokens=len(system))
    shared.step()

    sequence = shared.ask([*system, 5], scope="b", public_tokens=len(system))
    shared.run()

    assert sequence.cached_tokens == len(system)
    assert shared.replies[sequence] == bench().reply_to([*system, 5])


# ── preempted equals undisturbed ─────────────────────────────────────────────


def test_preempted_equals_undisturbed(bench: Callable[..., Bench]) -> None:
    asked = [[5 + number] * 10 for number in range(4)]
    tight = bench(tokens=8 * BLOCK_TOKENS)  # two fit at first, and only one of them can grow to its end
    sequences = [tight.ask(prompt, new_tokens=140) for prompt in asked]

    tight.run()

    assert tight.scheduler.preemptions
    assert [tight.replies[sequence] for sequence in sequences] == [
        bench().reply_to(prompt, new_tokens=140) for prompt in asked
    ]


def test_what_was_kept_makes_room_for_what_runs(bench: Callable[..., Bench]) -> None:
    tight = bench(tokens=4 * BLOCK_TOKENS)
    for number in range(6):
        prompt = [5 + number] * 50
        assert tight.reply_to(prompt, scope=str(number)) == bench().reply_to(prompt)


# ── speculated equals plain ──────────────────────────────────────────────────


def test_speculated_equals_plain(bench: Callable[..., Bench]) -> None:
    """With a choice among six tokens, so that words come again as they do in answers that copy."""
    lookups = []
    for prompt in prompts(6):
        lookups.append(PromptLookup())
        speculated = bench().reply_to(prompt, new_tokens=60, choose=_of_six, lookup=lookups[-1])

        assert speculated == bench().reply_to(prompt, new_tokens=60, choose=_of_six)

    assert sum(lookup.drafted for lookup in lookups) > sum(lookup.accepted for lookup in lookups) > 0


def _of_six(logits: torch.Tensor) -> int:
    return 3 + int(logits[3:9].argmax())


@pytest.mark.parametrize("penalty", [1.0, 1.3])
def test_speculation_leaves_chance_alone(bench: Callable[..., Bench], penalty: float) -> None:
    prompt = prompts(1, seed=11)[0] * 2
    choice = Choice(temperature=0.3, top_p=0.9, repetition_penalty=penalty, seed=4)

    speculated = bench().reply_to(prompt, lookup=PromptLookup(), choose=TokenChooser(choice, prompt).choose)
    plain = bench().reply_to(prompt, choose=TokenChooser(choice, prompt).choose)

    assert speculated == plain


def test_drafts_that_fail_rest() -> None:
    lookup = PromptLookup()
    ids = [1, 2, 3, 4, 1, 2]
    while lookup.draft(ids, 4):
        lookup.record(4, 0)

    assert lookup.drafted == 24
    assert lookup.draft(ids, 4) == []


# ── memory ───────────────────────────────────────────────────────────────────


def test_cancel_frees_every_block(bench: Callable[..., Bench]) -> None:
    busy = bench()
    sequences = [busy.ask(prompt, scope="s") for prompt in prompts(6)]
    for _ in range(3):
        busy.step()

    for sequence in sequences:
        busy.scheduler.leave(sequence)
    busy.scheduler.forget_prefixes()

    assert busy.cache.allocator.used_blocks == 0
    assert not busy.scheduler.has_work


def test_any_history_of_the_cache_ends_empty_and_right(bench: Callable[..., Bench]) -> None:
    """Random questions, follow-ups and cancellations in a cache that is far too small for all of them."""
    rng = random.Random(1)
    tight, plain = bench(tokens=10 * BLOCK_TOKENS, prompt_tokens=40), bench()
    asked: list[Sequence] = []
    for number in range(40):
        follows = rng.choice(asked) if asked and rng.random() < 0.4 else None
        prompt = [rng.randrange(3, 300) for _ in range(rng.randrange(1, 70))]
        if follows is not None and len(follows.token_ids) < 120:
            prompt = [*follows.token_ids, *prompt[:20]]
        scope = follows.scope if follows is not None else str(number)
        asked.append(tight.ask(prompt, new_tokens=rng.randrange(1, 30), scope=scope, lookup=PromptLookup()))
        for _ in range(rng.randrange(12)):
            tight.step()
        if rng.random() < 0.15 and (running := list(tight.scheduler.running)):
            tight.scheduler.leave(rng.choice(running))
    tight.run()
    tight.scheduler.forget_prefixes()

    assert tight.cache.allocator.used_blocks == 0
    for sequence in asked:
        reply = tight.replies[sequence]
        assert reply == plain.reply_to(list(sequence.prompt_ids), new_tokens=sequence.allowed_tokens)[: len(reply)]


@pytest.mark.parametrize("cache_type", ["bfloat16", "int8"])
def test_a_smaller_cache_type_says_nearly_the_same(bench: Callable[..., Bench], cache_type: str) -> None:
    """Logits, not tokens: near-ties of a random model go either way."""
    prompt = prompts(1, seed=11)[0]
    exact, rounded = bench(), bench(cache_type=cache_type)
    logits = []
    for side in (exact, rounded):
        seen: list[torch.Tensor] = []
        side.reply_to(prompt, new_tokens=1, choose=lambda row, seen=seen: (seen.append(row), int(row.argmax()))[1])
        logits.append(seen[0])

    assert torch.nn.functional.cosine_similarity(*logits, dim=0) > 0.999


def test_loading_the_kernel_leaves_small_numbers_alone(compiled: Kernels | None) -> None:
    """A library linked with -ffast-math turns subnormal numbers off for the whole process."""
    assert compiled is None or 5e-324 * 1.0 > 0.0
    assert float(torch.tensor(1e-310, dtype=torch.float64) * 2) > 0.0
