"""How a question becomes an answer: the story on one screen."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from bot.conversation.grounded import GroundedText, Written, grounded_prompt, quoted
from bot.conversation.knowledge import citing
from bot.conversation.librarian import NOT_CONSULTED, Consulted
from bot.conversation.messages import Outcome, Question, ReplyUpdate
from bot.conversation.phrases import Language, language_of, phrase
from bot.conversation.prompt import QuestionTooLong, build_prompt, prompt_budget
from bot.conversation.settings import AnswerSettings
from inference.engine import Engine, ModelIdentity, Origin, Piece, Sampling, StopReason, StopSignal
from inference.errors import ContextOverflow
from storage.basis import Basis, BasisKind
from storage.knowledge.records import Passage
from storage.threads import ThreadStore

_OUTCOMES = {
    StopReason.STOPPED: Outcome.STOPPED,
    StopReason.LENGTH: Outcome.CUT_SHORT,
    StopReason.REPETITION: Outcome.WENT_IN_CIRCLES,
}


# Copying needs no chance, and a penalty on repetition would forbid the very words of the passage.
COPYING: dict[str, Any] = {"temperature": 0.0, "repetition_penalty": 1.0}


class Answerer:
    """Answers questions. Has no idea where they come from or how the answer gets there."""

    def __init__(
        self,
        engine: Engine,
        threads: ThreadStore,
        settings: AnswerSettings,
        sampling: Sampling,
        prompt_tokens: int,
    ) -> None:
        self._engine = engine
        self._threads = threads
        self._settings = settings
        self._sampling = sampling
        self._budget_tokens = prompt_budget(prompt_tokens, sampling.max_new_tokens, engine.limits)

    @property
    def model(self) -> ModelIdentity:
        """Who answers, for the record."""
        return self._engine.model

    async def answer(
        self, question: Question, stop: StopSignal, consulted: Consulted = NOT_CONSULTED
    ) -> AsyncGenerator[ReplyUpdate, None]:
        """The reply as it grows: each update has the full text so far, the last one the outcome.

        `consulted`: what the knowledge has brought, where it does not settle the question itself.
        Refusals (nothing asked, too much asked) are updates too, in words for the person.
        Raises: InferenceError.
        """
        language = language_of(question.text, self._settings.language)
        if not question.text:
            yield ReplyUpdate(phrase("empty", language), Outcome.EMPTY)
            return
        try:
            writing = self._write_from if consulted.passages else self._write_freely
            async with aclosing(writing(question, consulted, stop, language)) as updates:
                async for update in updates:
                    yield update
        except (QuestionTooLong, ContextOverflow) as error:
            tokens = error.tokens if isinstance(error, QuestionTooLong) else error.prompt_tokens
            yield ReplyUpdate(phrase("too_long", language, tokens=tokens, limit=error.limit), Outcome.TOO_LONG)

    async def _write_freely(
        self, question: Question, consulted: Consulted, stop: StopSignal, language: Language
    ) -> AsyncGenerator[ReplyUpdate, None]:
        """As the model writes it, with the thread so far in mind."""
        earlier = await self._threads.exchanges_before(question.thread_id, question.exchange)
        system, tokens = self._settings.system_prompt, (self._engine.count_tokens, self._budget_tokens)
        messages = await asyncio.to_thread(build_prompt, system, earlier, question.text, *tokens)
        text = ""
        async with aclosing(self._engine.stream(messages, self._sampling, stop, _origin(question))) as pieces:
            async for piece in pieces:
                text = (text + piece.text).lstrip()
                if piece.stop_reason is not None:
                    last = _last_update(text, piece, language)
                    yield replace(last, basis=Basis(kind=consulted.kind), instructions=system)
                    return
                if text:
                    yield ReplyUpdate(text)

    async def _write_from(
        self, question: Question, consulted: Consulted, stop: StopSignal, language: Language
    ) -> AsyncGenerator[ReplyUpdate, None]:
        """From passages alone: each sentence once it is checked, the passage itself where one does not pass."""
        read = language_of(question.text)
        asking = (consulted.passages, question.text, read, self._engine.count_tokens, self._budget_tokens)
        messages, passages = await asyncio.to_thread(grounded_prompt, *asking)
        text, checked = "", await asyncio.to_thread(GroundedText, passages, read)
        sampling = replace(self._sampling, **COPYING)
        async with aclosing(self._engine.stream(messages, sampling, stop, _origin(question))) as pieces:
            async for piece in pieces:
                text, shown = (text + piece.text).lstrip(), checked.shown
                goes_on = checked.take(text)
                if piece.stop_reason is not None or not goes_on:
                    break
                if checked.shown != shown:
                    yield ReplyUpdate(checked.shown.strip())
        is_whole = piece.stop_reason in (StopReason.END, StopReason.STOP_STRING)
        ending = _ending_from(checked.end(text, is_whole=is_whole), passages, piece, language)
        yield replace(ending, instructions=messages[0].content)


def _origin(question: Question) -> Origin:
    """What the model has read of a conversation serves this conversation alone."""
    return Origin(user=question.user, scope=f"thread {question.thread_id}")


def _ending_from(written: Written, passages: Sequence[Passage], piece: Piece, language: Language) -> ReplyUpdate:
    """The last update of a text that was written from passages. `piece`: the last that was read of it."""
    if written.has_no_answer:
        text = phrase("no_verified_answer", language)
        return ReplyUpdate(text, Outcome.NO_ANSWER, piece.stop_reason, piece.figures, Basis(kind=BasisKind.NONE))
    if piece.stop_reason is StopReason.STOPPED or (written.text and written.fault is None):
        outcome = _OUTCOMES.get(piece.stop_reason or StopReason.END, Outcome.ANSWERED)
        text = written.text or phrase("stopped_early", language)
        return ReplyUpdate(text, outcome, piece.stop_reason, piece.figures, citing.written_from(written.passages))
    passage = written.passages[-1] if written.passages else passages[0]
    if not written.text:
        return ReplyUpdate(quoted(passage), Outcome.ANSWERED, basis=citing.quoting(passage))
    text = f"{written.text}\n\n{quoted(passage)}"
    return ReplyUpdate(text, Outcome.ANSWERED, basis=citing.written_from(written.passages))


def _last_update(text: str, piece: Piece, language: Language) -> ReplyUpdate:
    text = text.rstrip()
    outcome = _OUTCOMES.get(piece.stop_reason or StopReason.END, Outcome.ANSWERED)
    if not text:
        key = "stopped_early" if outcome is Outcome.STOPPED else "no_words"
        text = phrase(key, language)
    return ReplyUpdate(text, outcome, piece.stop_reason, piece.figures)
