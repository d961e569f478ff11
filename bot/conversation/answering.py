"""How a question becomes an answer: the story on one screen."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from bot.conversation.librarian import NOT_CONSULTED, Consulted
from bot.conversation.messages import Outcome, Question, ReplyUpdate
from bot.conversation.phrases import Language, language_of, phrase
from bot.conversation.prompt import QuestionTooLong, build_prompt, prompt_budget
from bot.conversation.settings import AnswerSettings
from inference.engine import Engine, ModelIdentity, Origin, Piece, Sampling, StopReason, StopSignal
from inference.errors import ContextOverflow
from storage.basis import Basis
from storage.threads import ThreadStore

_OUTCOMES = {
    StopReason.STOPPED: Outcome.STOPPED,
    StopReason.LENGTH: Outcome.CUT_SHORT,
    StopReason.REPETITION: Outcome.WENT_IN_CIRCLES,
}


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
        earlier = await self._threads.exchanges_before(question.thread_id, question.exchange)
        try:
            messages = await asyncio.to_thread(
                build_prompt,
                self._settings.system_prompt,
                earlier,
                question.text,
                self._engine.count_tokens,
                self._budget_tokens,
            )
            # What the model has read of a conversation serves this conversation alone.
            origin = Origin(user=question.user, scope=f"thread {question.thread_id}")
            text = ""
            async with aclosing(self._engine.stream(messages, self._sampling, stop, origin)) as pieces:
                async for piece in pieces:
                    text = (text + piece.text).lstrip()
                    if piece.stop_reason is not None:
                        yield replace(_last_update(text, piece, language), basis=Basis(kind=consulted.kind))
                        return
                    if text:
                        yield ReplyUpdate(text)
        except (QuestionTooLong, ContextOverflow) as error:
            tokens = error.tokens if isinstance(error, QuestionTooLong) else error.prompt_tokens
            yield ReplyUpdate(phrase("too_long", language, tokens=tokens, limit=error.limit), Outcome.TOO_LONG)


def _last_update(text: str, piece: Piece, language: Language) -> ReplyUpdate:
    text = text.rstrip()
    outcome = _OUTCOMES.get(piece.stop_reason or StopReason.END, Outcome.ANSWERED)
    if not text:
        key = "stopped_early" if outcome is Outcome.STOPPED else "no_words"
        text = phrase(key, language)
    return ReplyUpdate(text, outcome, piece.stop_reason, piece.figures)
