"""The seam's promises, kept by our own engine: on a tiny model with random weights, in float32."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inference.engine import NOBODY, ChatMessage, Origin, Piece, Sampling, StopReason, StopSignal
from inference.errors import ContextOverflow, EngineBusy, EngineFailed, ModelUnusable
from inference.models import ModelFiles
from inference.torch_engine import engine as torch_engine
from inference.torch_engine.engine import TorchEngine, TorchOptions
from tests.inference.test_transformers_engine import reference_text, text_of
from tests.inference.tiny_models import END_IDS

SYSTEM = ChatMessage("system", "You help people who work here, and you are brief.")
QUESTION = [SYSTEM, ChatMessage("user", "How many days of leave do I have? 🎉")]
OTHERS = [[SYSTEM, ChatMessage("user", text)] for text in ("Where is the form?", "年假有几天？", "Who?", "x " * 40)]
GREEDY = Sampling(max_new_tokens=24, temperature=0)

# What happens before a step: `number` counts steps from 1. May raise, block, or return a function of the logits (W, V).
BeforeStep = Callable[[int], Any]


class SpyDecoder:
    """Never ends a reply by chance, as random weights may."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self.config = decoder.config
        self.precision = decoder.precision
        self.before_step: BeforeStep = lambda number: None
        self.steps = 0

    def forward(self, *step: Any) -> Any:
        self.steps += 1
        change = self.before_step(self.steps)
        logits = self._decoder.forward(*step)
        logits[..., END_IDS] = -1e9
        return logits if change is None else change(logits)


class Desk:
    """A warm engine and its spy."""

    def __init__(self, engine: TorchEngine, spy: SpyDecoder) -> None:
        self.engine = engine
        self.spy = spy

    def watch(self, before_step: BeforeStep) -> None:
        self.spy.steps = 0
        self.spy.before_step = before_step

    async def ask(
        self,
        sampling: Sampling = GREEDY,
        messages: list[ChatMessage] = QUESTION,
        stop: StopSignal | None = None,
        origin: Origin = NOBODY,
    ) -> list[Piece]:
        async with aclosing(self.engine.stream(messages, sampling, stop or StopSignal(), origin)) as stream:
            return [piece async for piece in stream]


@asynccontextmanager
async def desk(folder: Path, **options: Any) -> AsyncIterator[Desk]:
    spies: list[SpyDecoder] = []

    def load(files: ModelFiles, precision: Any, kernels: Any) -> Any:
        from inference.torch_engine.load import load_decoder

        model = load_decoder(files, precision, kernels)
        spies.append(SpyDecoder(model.decoder))
        return replace(model, decoder=spies[-1])

    kernels = folder.parent / "kernels"  # compiled once for all tests
    chosen = TorchOptions(precision="float32", cache_type="float32", threads=1, kernels_dir=kernels, **options)
    engine = TorchEngine(ModelFiles("tiny", folder), chosen, load=load)
    await engine.warm_up()
    try:
        yield Desk(engine, spies[0])
    finally:
        await engine.close()


def prefer(token_id: int) -> Callable[[Any], Any]:
    """Logits that leave no choice."""

    def change(logits: Any) -> Any:
        logits[..., token_id] = 1e9
        return logits

    return change


# ── what it says ─────────────────────────────────────────────────────────────


async def test_greedy_equals_generate(tiny_folder: Path) -> None:
    async with desk(tiny_folder) as here:
        pieces = await here.ask()

    assert text_of(pieces) == reference_text(tiny_folder, QUESTION, max_new_tokens=24)


async def test_a_penalty_equals_generate(tiny_folder: Path) -> None:
    async with desk(tiny_folder) as here:
        pieces = await here.ask(Sampling(max_new_tokens=16, temperature=0, repetition_penalty=1.3))

    assert text_of(pieces) == reference_text(tiny_folder, QUESTION, max_new_tokens=16, repetition_penalty=1.3)


async def test_several_people_at_once_get_what_each_would_get_alone(tiny_folder: Path) -> None:
    questions = [QUESTION, *OTHERS]
    async with desk(tiny_folder) as here:
        alone = [text_of(await here.ask(messages=messages)) for messages in questions]
        together = await asyncio.gather(*(here.ask(messages=messages) for messages in questions))

    assert [text_of(pieces) for pieces in together] == alone
    assert max(pieces[-1].figures.batch_size for pieces in together if pieces[-1].figures) > 2


async def test_the_seed_decides(tiny_folder: Path) -> None:
    async with desk(tiny_folder) as here:
        texts = [text_of(await here.ask(Sampling(max_new_tokens=16, temperature=1.0, seed=seed))) for seed in (1, 1, 2)]

    assert texts[0] == texts[1] != texts[2]


async def test_a_presence_penalty_brings_other_words(tiny_folder: Path) -> None:
    async with desk(tiny_folder) as here:
        pieces = await here.ask(Sampling(max_new_tokens=24, temperature=0, presence_penalty=2.0))
        plain = await here.ask()

    assert text_of(pieces) != text_of(plain)


async def test_figures_are_honest(tiny_folder: Path) -> None:
    async with desk(tiny_folder) as here:
        pieces = await here.ask()
        counted = await asyncio.to_thread(here.engine.count_tokens, QUESTION)
        identity = here.engine.model

    figures = pieces[-1].figures
    assert figures is not None
    assert (figures.prompt_tokens, figures.new_tokens) == (counted, 24)
    assert 0 < figures.queue_seconds <= figures.seconds_to_first_token < figures.seconds
    assert pieces[-1].stop_reason is StopReason.LENGTH
    assert (identity.id, len(identity.sha256)) == ("tiny", 64)


# ── how it ends ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("eos_id", END_IDS)
async def test_every_end_token_ends_the_reply_and_is_not_shown(tiny_folder: Path, eos_id: int) -> None:
    async with desk(tiny_folder) as here:
        before_end = text_of(await here.ask(Sampling(max_new_tokens=3, temperature=0)))
        here.watch(lambda number: prefer(eos_id) if number == 4 else None)
        pieces = await here.ask()

    assert (text_of(pieces), pieces[-1].stop_reason) == (before_end, StopReason.END)


async def test_a_stop_string_ends_the_reply_before_it(tiny_folder: Path) -> None:
    async with desk(tiny_folder) as here:
        whole = text_of(await here.ask())
        pieces = await here.ask(Sampling(max_new_tokens=24, temperature=0, stop=(whole[3:6],)))

    assert text_of(pieces) == whole[: whole.index(whole[3:6])]
    assert pieces[-1].stop_reason is StopReason.STOP_STRING


async def test_stop_takes_effect_within_one_token(tiny_folder: Path) -> None:
    stop = StopSignal()
    async with desk(tiny_folder, speculates=False) as here:
        here.watch(lambda number: stop.set() if number == 5 else None)
        pieces = await here.ask(stop=stop)

    assert here.spy.steps == 5
    assert pieces[-1].stop_reason is StopReason.STOPPED
    assert pieces[-1].figures is not None
    assert pieces[-1].figures.new_tokens == 5


async def test_a_reply_that_goes_in_circles_is_ended(tiny_folder: Path) -> None:
    async with desk(tiny_folder, speculates=False) as here:
        here.watch(lambda number: prefer(50 + number % 3))
        pieces = await here.ask(Sampling(max_new_tokens=200, temperature=0))

    assert pieces[-1].stop_reason is StopReason.REPETITION
    assert pieces[-1].figures is not None
    assert pieces[-1].figures.new_tokens < 120


async def test_an_abandoned_reply_leaves_the_engine_to_others(tiny_folder: Path) -> None:
    async with desk(tiny_folder) as here:
        expected = text_of(await here.ask())
        async with aclosing(here.engine.stream(QUESTION, GREEDY, StopSignal())) as stream:
            await anext(stream)

        assert text_of(await here.ask()) == expected
    assert here.engine.load.running == 0


# ── whose text is whose ──────────────────────────────────────────────────────


async def test_a_follow_up_goes_on_from_what_was_computed(tiny_folder: Path) -> None:
    async with desk(tiny_folder) as here:
        first = text_of(await here.ask(origin=Origin(scope="thread 1")))
        follow_up = [*QUESTION, ChatMessage("assistant", first), ChatMessage("user", "And next year?")]
        mine = await here.ask(messages=follow_up, origin=Origin(scope="thread 1"))
        figures = mine[-1].figures
        plain = await here.ask(messages=follow_up)

    assert figures is not None
    assert figures.cached_tokens > figures.prompt_tokens / 2
    assert text_of(mine) == text_of(plain)


async def test_another_conversation_shares_the_system_prompt_alone(tiny_folder: Path) -> None:
    async with desk(tiny_folder) as here:
        tokens = await asyncio.to_thread(here.engine.count_tokens, [SYSTEM])
        await here.ask(origin=Origin(scope="thread 1"))
        pieces = await here.ask(origin=Origin(scope="thread 2"))

    assert pieces[-1].figures is not None
    assert 16 <= pieces[-1].figures.cached_tokens <= tokens


async def test_knowledge_that_somebody_was_told_is_not_read_again_for_others(tiny_folder: Path) -> None:
    told = "Passage 1: Who works here has thirty days of leave, and asks for them with the form.\n\n"

    def asking(question: str, public: str = told) -> list[ChatMessage]:
        return [SYSTEM, ChatMessage("user", told + question, public_characters=len(public))]

    async with desk(tiny_folder) as here:
        alone = [SYSTEM, ChatMessage("user", told)]
        system, tokens = await asyncio.gather(
            *(asyncio.to_thread(here.engine.count_tokens, messages) for messages in ([SYSTEM], alone))
        )
        await here.ask(messages=asking("My salary is a secret. Leave?"), origin=Origin(scope="thread 1"))
        others = await here.ask(messages=asking("How many?"), origin=Origin(scope="thread 2"))
        plain = await here.ask(messages=asking("How many?"))
        # What is public of one alone is not: nobody finds out what others said by saying the same.
        guessed = await here.ask(messages=asking("My salary is a secret. Leave?"), origin=Origin(scope="thread 3"))
        typed = await here.ask(messages=asking("How many?", public=""), origin=Origin(scope="thread 4"))

    cached = [pieces[-1].figures.cached_tokens for pieces in (others, guessed, typed) if pieces[-1].figures]
    assert system < cached[0] <= tokens
    assert cached[1] == cached[0]
    assert cached[2] <= system
    assert text_of(others) == text_of(plain)


# ── what goes wrong ──────────────────────────────────────────────────────────


async def test_logits_that_are_no_numbers_fail_one_reply_alone(tiny_folder: Path) -> None:
    def spoil_first_row(logits: Any) -> Any:
        logits[0] = float("nan")
        return logits

    async with desk(tiny_folder, speculates=False) as here:
        expected = [text_of(await here.ask(messages=messages)) for messages in OTHERS[:2]]
        here.watch(lambda number: spoil_first_row if number == 8 else None)
        asked = (here.ask(messages=messages) for messages in OTHERS[:2])
        outcomes = await asyncio.gather(*asked, return_exceptions=True)

    texts = [text_of(outcome) if isinstance(outcome, list) else type(outcome) for outcome in outcomes]
    assert texts in ([EngineFailed, expected[1]], [expected[0], EngineFailed])


async def test_a_step_that_breaks_fails_who_took_part_and_the_engine_goes_on(tiny_folder: Path) -> None:
    def break_once(number: int) -> None:
        if number == 4:
            raise RuntimeError("a product of a wrong shape")

    async with desk(tiny_folder) as here:
        expected = text_of(await here.ask())
        here.watch(break_once)
        with pytest.raises(EngineFailed, match="RuntimeError"):
            await here.ask()

        assert text_of(await here.ask()) == expected


async def test_what_does_not_fit_is_refused_before_anything_is_computed(tiny_folder: Path) -> None:
    async with desk(tiny_folder) as here:
        steps = here.spy.steps
        with pytest.raises(ContextOverflow) as refused:
            await here.ask(messages=[ChatMessage("user", "x " * 2000)])

    assert refused.value.prompt_tokens > refused.value.limit == 319
    assert here.spy.steps == steps


async def test_more_than_may_wait_is_refused(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_engine, "MOST_WAITING", 1)
    async with desk(tiny_folder, max_concurrent=1) as here:
        outcomes = await asyncio.gather(*(here.ask() for _ in range(4)), return_exceptions=True)

    assert sum(isinstance(outcome, EngineBusy) for outcome in outcomes) == 2


async def test_closing_fails_the_streams_that_are_open(tiny_folder: Path) -> None:
    async with desk(tiny_folder) as here:
        asking = asyncio.ensure_future(here.ask(Sampling(max_new_tokens=200, temperature=0)))
        while not here.engine.load.running:  # noqa: ASYNC110 - the thread that computes has no event for it
            await asyncio.sleep(0)
        await here.engine.close()

        with pytest.raises(EngineFailed, match="closed"):
            await asking
        with pytest.raises(EngineFailed, match="closed"):
            await here.ask()


async def test_files_that_are_no_model_are_refused_where_the_start_is_awaited(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama", "max_position_embeddings": 64}')
    engine = TorchEngine(ModelFiles("none", tmp_path), TorchOptions(precision="float32"))

    with pytest.raises(ModelUnusable):
        await engine.warm_up()
    await engine.close()
