"""How one reply comes by its text: from the knowledge at once, or from the model when its turn has come."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import structlog

from bot import metrics
from bot.clock import Clock
from bot.conversation.answering import Answerer
from bot.conversation.librarian import Consulted, Librarian
from bot.conversation.messages import Outcome, Question, ReplyUpdate
from bot.conversation.phrases import Language, phrase
from bot.delivery.audience import Audiences
from bot.delivery.display import Display
from bot.delivery.line import Line, Refusal
from bot.delivery.run import Ending, Run
from bot.platforms.base import Content, Phase
from storage.basis import BasisKind
from storage.errors import DatabaseUnavailable, LeaseLost
from storage.records import Reply, ReplyFigures
from storage.replies import ReplyStore

log = structlog.get_logger(__name__)

# How long a look into the knowledge may take before the person is shown that somebody is at work.
LOOK_UP_PATIENCE_SECONDS = 0.3


class Composer:
    """Shows what grows on the way; commits nothing but that it goes on."""

    def __init__(
        self,
        *,
        store: ReplyStore,
        librarian: Librarian,
        audiences: Audiences,
        answerer: Answerer,
        line: Line,
        lease: timedelta,
        clock: Clock,
        new_incident_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._librarian = librarian
        self._audiences = audiences
        self._answerer = answerer
        self._line = line
        self._lease = lease
        self._clock = clock
        self._new_incident_id = new_incident_id

    async def compose(self, run: Run, display: Display, language: Language) -> Ending:
        """The reply's ending, not committed yet. The turn is kept: it is the caller's to give up.

        Raises: LeaseLost, DatabaseUnavailable; everything else becomes a sentence with an incident id.
        """
        question = _question(run.reply)
        joined_at = self._clock.monotonic()
        try:
            consulted = await self._consult(run, question, display, language)
            if (found := consulted.reply) is not None:
                assert found.outcome is not None
                return Ending(found.text, found.outcome, basis=found.basis)
            ending = self._refusal(run, language) or await self._wait_for_turn(run, display, language)
            if ending is not None:
                return ending
            self._offer(run, display, self._status(language, position=0))
            await self._store.record_attempt(run.reply, self._clock.now(), self._lease)
            run.started_at = self._clock.monotonic()
            metrics.record_queue_wait(run.reply.platform, run.started_at - joined_at)
            return await self._generate(run, question, consulted, display, language)
        except (LeaseLost, DatabaseUnavailable):
            raise  # nothing to tell the person: whoever takes the reply up next goes on with it
        except Exception as error:
            incident = self._new_incident_id()
            log.exception("answer_failed", reply_id=run.reply.reply_id, incident=incident)
            failure = f"{type(error).__name__} ({incident})"
            return Ending(phrase("failed", language, incident=incident), Outcome.FAILED, failure=failure)

    async def _consult(self, run: Run, question: Question, display: Display, language: Language) -> Consulted:
        """What the knowledge says: at once as a rule, so that nothing shows before the answer does."""
        consulting = asyncio.ensure_future(self._ask_librarian(run, question))
        patience = asyncio.ensure_future(self._clock.sleep(LOOK_UP_PATIENCE_SECONDS))
        try:
            await asyncio.wait({consulting, patience}, return_when=asyncio.FIRST_COMPLETED)
            if not consulting.done():
                self._offer(run, display, self._status(language, position=0))
            return await consulting
        finally:
            for task in (consulting, patience):
                task.cancel()
            await asyncio.wait({consulting, patience})

    async def _ask_librarian(self, run: Run, question: Question) -> Consulted:
        audience = await self._audiences.of(run.reply)
        return await self._librarian.consult(replace(question, audience=audience))

    async def _wait_for_turn(self, run: Run, display: Display, language: Language) -> Ending | None:
        """None: it has come. An ending: the person does not want to wait."""
        assert run.ticket is not None
        self._offer(run, display, self._status(language, position=0))
        async with aclosing(self._line.positions(run.ticket)) as positions:
            async for position in positions:
                self._offer(run, display, self._status(language, position))
        return Ending(phrase("stopped_early", language), Outcome.STOPPED) if run.stop.is_set() else None

    async def _generate(
        self, run: Run, question: Question, consulted: Consulted, display: Display, language: Language
    ) -> Ending:
        growing = Content("", Phase.GROWING, note=phrase("writing", language), stop_label=phrase("stop", language))
        async with aclosing(self._answerer.answer(question, run.stop, consulted)) as updates:
            renewed_at = self._clock.now()
            async for update in updates:
                if update.outcome is not None:
                    return Ending(update.text, update.outcome, self._figures(update), basis=update.basis)
                self._offer(run, display, replace(growing, text=update.text))
                if (now := self._clock.now()) - renewed_at > self._lease / 4:
                    await self._store.record_progress(run.reply, now, self._lease)
                    renewed_at = now
        raise RuntimeError("the answer ended without an outcome")

    def _refusal(self, run: Run, language: Language) -> Ending | None:
        if run.refusal is None:
            return None
        waiting = self._line.waiting
        if run.refusal is Refusal.PERSON_FULL:
            return Ending(phrase("busy_person", language), Outcome.BUSY)
        minutes = max(1, round(self._line.estimate_seconds(waiting) / 60))
        return Ending(phrase("busy_line", language, waiting=waiting, minutes=minutes), Outcome.BUSY)

    def _status(self, language: Language, position: int) -> Content:
        if not self._line.is_open:
            text = phrase("loading", language)
        elif not position:
            text = phrase("working", language)
        elif seconds := round(self._line.estimate_seconds(position)):
            text = phrase("waiting_estimate", language, position=position, seconds=seconds)
        else:
            text = phrase("waiting", language, position=position)
        return Content(text, Phase.STATUS, stop_label=phrase("stop", language))

    def _offer(self, run: Run, display: Display, content: Content) -> None:
        run.content = content
        display.offer(content)

    def _figures(self, update: ReplyUpdate) -> ReplyFigures:
        model = self._answerer.model
        told = sha256(update.instructions.encode()).hexdigest() if update.instructions else None
        if update.figures is None:
            return ReplyFigures(model_id=model.id, model_sha256=model.sha256, prompt_sha256=told)
        metrics.record_generation(update.figures)
        return ReplyFigures(
            model_id=model.id,
            model_sha256=model.sha256,
            prompt_sha256=told,
            prompt_tokens=update.figures.prompt_tokens,
            new_tokens=update.figures.new_tokens,
            seconds_to_first_token=update.figures.seconds_to_first_token,
            seconds=update.figures.seconds,
        )


def _question(reply: Reply) -> Question:
    return Question(
        reply.thread_id,
        reply.exchange,
        reply.question,
        reply.user,
        is_sensitive=reply.topic is not None,
        declined=reply.basis.entries if reply.basis is not None and reply.basis.kind is BasisKind.DECLINED else (),
    )
