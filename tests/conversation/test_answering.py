"""How a question becomes an answer, refusals included."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

from bot.conversation.answering import Answerer
from bot.conversation.messages import Outcome, Question, ReplyUpdate
from bot.conversation.phrases import phrase
from bot.conversation.settings import AnswerSettings
from inference.engine import (
    NOBODY,
    ChatMessage,
    EngineLoad,
    Figures,
    Limits,
    ModelIdentity,
    Origin,
    Piece,
    Sampling,
    StopReason,
    StopSignal,
)
from inference.errors import ContextOverflow, EngineFailed
from storage.records import ReplyFigures
from storage.replies import ReplyStore
from storage.threads import ThreadStore
from tests.clock import START
from tests.conftest import a_question
from tests.storage.test_replies import LEASE

FIGURES = Figures(prompt_tokens=3, new_tokens=2, seconds_to_first_token=0.1, seconds=0.2)


class RecitingEngine:
    """Says what it was given to say, and remembers what it was asked and whether it was closed."""

    def __init__(self, *pieces: str, stop_reason: StopReason = StopReason.END) -> None:
        self.pieces = pieces
        self.stop_reason = stop_reason
        self.error: Exception | None = None
        self.prompts: list[Sequence[ChatMessage]] = []
        self.samplings: list[Sampling] = []
        self.open_streams = 0

    @property
    def limits(self) -> Limits:
        return Limits(context_tokens=1_000, max_concurrent=1)

    @property
    def model(self) -> ModelIdentity:
        return ModelIdentity("reciting")

    @property
    def load(self) -> EngineLoad:
        return EngineLoad(running=self.open_streams)

    async def warm_up(self) -> None: ...

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return sum(len(message.content.split()) for message in messages)

    async def stream(
        self, messages: Sequence[ChatMessage], sampling: Sampling, stop: StopSignal, origin: Origin = NOBODY
    ) -> AsyncGenerator[Piece, None]:
        self.prompts.append(messages)
        self.samplings.append(sampling)
        self.open_streams += 1
        try:
            if self.error:
                raise self.error
            for piece in self.pieces:
                await asyncio.sleep(0)
                yield Piece(piece)
            yield Piece("", self.stop_reason, FIGURES)
        finally:
            self.open_streams -= 1

    async def close(self) -> None: ...


def answerer(engine: RecitingEngine, threads: ThreadStore, **settings: object) -> Answerer:
    answers = AnswerSettings(system_prompt="be kind", **settings)  # type: ignore[arg-type]
    return Answerer(engine, threads, answers, Sampling(max_new_tokens=100), prompt_tokens=50)


async def answer(
    engine: RecitingEngine, threads: ThreadStore, text: str = "how many days", thread_id: int = 1, exchange: int = 1
) -> list[ReplyUpdate]:
    question = Question(thread_id, exchange, text)
    async with aclosing(answerer(engine, threads).answer(question, StopSignal())) as updates:
        return [update async for update in updates]


async def test_every_update_has_the_full_text_so_far_and_only_the_last_an_outcome(threads: ThreadStore) -> None:
    updates = await answer(RecitingEngine("You ", "have ", "25."), threads)

    assert [update.text for update in updates] == ["You ", "You have ", "You have 25.", "You have 25."]
    assert [update.outcome for update in updates] == [None, None, None, Outcome.ANSWERED]
    assert updates[-1].figures == FIGURES


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (StopReason.END, Outcome.ANSWERED),
        (StopReason.STOP_STRING, Outcome.ANSWERED),
        (StopReason.LENGTH, Outcome.CUT_SHORT),
        (StopReason.STOPPED, Outcome.STOPPED),
    ],
)
async def test_why_the_engine_ended_is_how_the_reply_ended(
    threads: ThreadStore, reason: StopReason, outcome: Outcome
) -> None:
    (*_, last) = await answer(RecitingEngine("Some text", stop_reason=reason), threads)

    assert (last.text, last.outcome, last.stop_reason) == ("Some text", outcome, reason)


async def test_blanks_around_the_text_are_not_part_of_it(threads: ThreadStore) -> None:
    updates = await answer(RecitingEngine("\n\n ", "  Text", " \n"), threads)

    assert [update.text for update in updates] == ["Text", "Text \n", "Text"]


@pytest.mark.parametrize(
    ("reason", "key"),
    [(StopReason.END, "no_words"), (StopReason.LENGTH, "no_words"), (StopReason.STOPPED, "stopped_early")],
)
async def test_an_answer_without_words_is_a_sentence_all_the_same(
    threads: ThreadStore, reason: StopReason, key: str
) -> None:
    updates = await answer(RecitingEngine("  \n", stop_reason=reason), threads)

    assert [update.text for update in updates] == [phrase(key, "en")]


async def test_nothing_asked_is_answered_without_the_model(threads: ThreadStore) -> None:
    engine = RecitingEngine("never said")

    (update,) = await answer(engine, threads, text="")

    assert (update.text, update.outcome) == (phrase("empty", "en"), Outcome.EMPTY)
    assert engine.prompts == []


async def test_too_much_asked_is_told_with_the_figures(threads: ThreadStore) -> None:
    engine = RecitingEngine("never said")

    (update,) = await answer(engine, threads, text="word " * 60)

    assert update.outcome is Outcome.TOO_LONG
    assert "62" in update.text
    assert "50" in update.text
    assert engine.prompts == []


async def test_a_prompt_that_the_engine_finds_too_long_is_told_too(threads: ThreadStore) -> None:
    engine = RecitingEngine()
    engine.error = ContextOverflow(prompt_tokens=777, limit=666)

    (update,) = await answer(engine, threads)

    assert update.outcome is Outcome.TOO_LONG
    assert "777" in update.text


async def test_a_broken_engine_is_not_hidden(threads: ThreadStore) -> None:
    engine = RecitingEngine()
    engine.error = EngineFailed("out of memory")

    with pytest.raises(EngineFailed):
        await answer(engine, threads)


async def test_who_stops_listening_ends_generation(threads: ThreadStore) -> None:
    engine = RecitingEngine(*["word "] * 100)
    async with aclosing(answerer(engine, threads).answer(Question(1, 1, "hello"), StopSignal())) as updates:
        await anext(updates)
        assert engine.open_streams == 1

    assert engine.open_streams == 0


async def test_the_model_reads_what_was_said_before_in_this_thread_alone(
    threads: ThreadStore, replies: ReplyStore
) -> None:
    for key, thread in (("k1", "1.0"), ("k2", "2.0")):
        accepted = await replies.accept(a_question(key, thread=thread, text=f"asked in {thread}"), START)
        assert accepted is not None
        claimed = await replies.claim(accepted.reply_id, START, LEASE)
        assert claimed is not None
        await replies.record_final(claimed, f"said in {thread}", "answered", START, ReplyFigures())
    engine = RecitingEngine("Yes.")

    await answer(engine, threads, "and now", thread_id=claimed.thread_id, exchange=2)

    assert [message.content for message in engine.prompts[0]] == ["be kind", "asked in 2.0", "said in 2.0", "and now"]


async def test_refusals_are_in_the_language_of_the_question_or_of_the_settings(threads: ThreadStore) -> None:
    (update,) = await answer(RecitingEngine(), threads, text="很长 " * 60)
    assert update.text == phrase("too_long", "zh", tokens=62, limit=50)

    chinese = answerer(RecitingEngine(), threads, language="zh")
    async with aclosing(chinese.answer(Question(1, 1, ""), StopSignal())) as updates:
        assert (await anext(updates)).text == phrase("empty", "zh")
