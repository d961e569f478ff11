"""One reply from its claim to its end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot import metrics
from bot.clock import Clock
from bot.conversation.messages import Outcome
from bot.conversation.phrases import Language, language_of, phrase
from bot.conversation.settings import AnswerSettings
from bot.delivery.composing import Composer
from bot.delivery.display import Display
from bot.delivery.failpoints import Reach, no_failpoint
from bot.delivery.final_content import Furnishing, final_content
from bot.delivery.line import Line
from bot.delivery.pacing import EditBudget
from bot.delivery.run import Ending, Run
from bot.delivery.settings import DeliverySettings
from bot.delivery.shown import Shown, were_people_asked
from bot.delivery.writer import ReplyWriter
from bot.platforms.base import Content, Phase, Platform
from bot.platforms.errors import MessageGone, PlaceGone, Rejected
from storage.basis import BasisKind
from storage.errors import LeaseLost
from storage.records import Reply, ReplyState
from storage.replies import ReplyStore

log = structlog.get_logger(__name__)

# Begun so often without an end, whatever the state: the question itself may be what brings the process down.
MOST_ATTEMPTS = 5
# From the post to its arrival here. More, and the person is told that we were away; platforms repeat for six minutes.
LATE_AFTER = timedelta(minutes=10)


class Worker:
    """Knows the steps; who runs when is the dispatcher's business."""

    def __init__(
        self,
        *,
        store: ReplyStore,
        composer: Composer,
        line: Line,
        settings: DeliverySettings,
        answers: AnswerSettings,
        furnishing: Furnishing,
        clock: Clock,
        new_incident_id: Callable[[], str],
        on_undeliverable: Callable[[Reply], Awaitable[None]],
        reach: Reach = no_failpoint,
    ) -> None:
        """`on_undeliverable` hears of each reply that its platform does not take."""
        self._store = store
        self._composer = composer
        self._line = line
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._answers = answers
        self._furnishing = furnishing
        self._on_undeliverable = on_undeliverable
        self._clock = clock
        self._new_incident_id = new_incident_id
        self._reach = reach

    async def deliver(self, run: Run, platform: Platform, budget: EditBudget) -> None:
        """Bring the reply to its end. Cancelled, it leaves it open for whoever claims it next."""
        reply = await self._store.claim(run.reply.reply_id, self._clock.now(), self._lease)
        if reply is None:
            return
        run.reply = reply
        run.writer = ReplyWriter(
            reply,
            platform.surface(reply),
            self._store,
            platform.capabilities,
            budget,
            self._clock,
            self._answers.link_hosts,
            self._reach,
        )
        try:
            await run.writer.load_continuations()
            if reply.state is ReplyState.WITHDRAWING:
                await run.writer.withdraw()
                await self._close(reply, run.writer, ReplyState.WITHDRAWN)
                return
            ending = await self._ending(run, run.writer, platform, budget)
            await self._end(reply, run.writer, ending)
        except LeaseLost:
            log.info("lease_lost", reply_id=reply.reply_id)
        except MessageGone as error:
            await self._close(reply, run.writer, ReplyState.WITHDRAWN, error.code)
        except (PlaceGone, Rejected) as error:
            await self._close(reply, run.writer, ReplyState.UNDELIVERABLE, error.code)
            await self._on_undeliverable(reply)

    async def end_stuck(self, run: Run, platform: Platform, budget: EditBudget) -> None:
        """End a reply that shows no progress: the person is told instead of left waiting."""
        incident = self._new_incident_id()
        log.error("reply_stuck", reply_id=run.reply.reply_id, state=run.reply.state, incident=incident)
        reply = await self._store.claim(run.reply.reply_id, self._clock.now(), self._lease)
        if reply is not None and reply.final_text is None and reply.state is not ReplyState.WITHDRAWING:
            text = phrase("failed", self._language(reply), incident=incident)
            ending = Ending(text, Outcome.FAILED, failure=f"stuck ({incident})")
            await self._record_final(reply, ending)
        await self.deliver(run, platform, budget)

    async def say_restarting(self, run: Run) -> None:
        """Leave nothing that looks as if it were being written: the next process goes on with it."""
        if run.writer is None or not run.writer.is_posted or run.content is None or not run.writer.takes_growth:
            return
        language = self._language(run.reply)
        is_text = run.content.phase is Phase.GROWING
        sentence = phrase("restarting", language)
        await run.writer.show(
            Content(run.content.text, Phase.FINAL, note=sentence) if is_text else Content(sentence, Phase.FINAL)
        )

    async def _ending(self, run: Run, writer: ReplyWriter, platform: Platform, budget: EditBudget) -> Ending:
        """What to show at last: known already, that it was interrupted, or an answer."""
        reply = run.reply
        language = self._language(reply)
        if reply.final_text is not None and reply.outcome is not None:
            return Ending(reply.final_text, Outcome(reply.outcome), basis=reply.basis)
        ending = self._interruption(reply, language)
        if ending is not None:
            await self._record_final(reply, ending)
            return ending
        display = Display(writer, budget, platform.capabilities.min_edit_interval_seconds, self._clock)
        return await self._while_displaying(run, display, language)

    async def _while_displaying(self, run: Run, display: Display, language: Language) -> Ending:
        """Generate and show side by side; when the display fails for good, generation ends too."""
        answering = asyncio.ensure_future(self._answer(run, display, language))
        displaying = asyncio.ensure_future(display.run())
        try:
            await asyncio.wait({answering, displaying}, return_when=asyncio.FIRST_COMPLETED)
            if displaying.done() and not answering.done():
                displaying.result()  # raises why it cannot be shown
            ending = await answering
            display.close()
            await displaying
            return ending
        finally:
            for task in (answering, displaying):
                task.cancel()
            await asyncio.wait({answering, displaying})

    async def _answer(self, run: Run, display: Display, language: Language) -> Ending:
        """Find or write the answer, and commit it. What goes wrong in between is an ending too."""
        try:
            ending = await self._composer.compose(run, display, language)
            # While we still have the turn: the next question of the thread builds on this answer.
            await self._record_final(run.reply, ending)
            return ending
        finally:
            if run.ticket is not None:
                seconds = None if run.started_at is None else self._clock.monotonic() - run.started_at
                self._line.leave(run.ticket, seconds)

    async def _end(self, reply: Reply, writer: ReplyWriter, ending: Ending) -> None:
        """The text is committed; show it, and close the books."""
        language = self._language(reply)
        is_late = reply.received_at - reply.sent_at > LATE_AFTER
        shown = Shown(
            text=ending.text,
            outcome=ending.outcome,
            question=reply.question,
            basis=ending.basis,
            people_were_asked=were_people_asked(reply),
            is_sensitive=reply.topic is not None,
        )
        content = final_content(shown, language, self._furnishing, is_late=is_late)
        again = phrase("ask_again", language) if ending.outcome.may_be_asked_again else ""
        await writer.show(replace(content, ask_again_label=again))
        self._reach("after_final_edit_before_done")
        if ending.outcome.is_answer and not writer.has_shown_text:
            metrics.record_first_text(reply.platform, self._seconds_since(reply.received_at))
        state = ReplyState.DONE if ending.outcome.is_as_intended else ReplyState.FAILED_SHOWN
        basis = None if ending.basis is None else ending.basis.kind
        await self._close(reply, writer, state, outcome=ending.outcome, basis=basis)

    async def _close(
        self,
        reply: Reply,
        writer: ReplyWriter,
        state: ReplyState,
        failure: str | None = None,
        *,
        outcome: Outcome | None = None,
        basis: BasisKind | None = None,
    ) -> None:
        await self._store.record_closed(reply, state, self._clock.now(), edits=writer.edits, failure=failure)
        ended = str(outcome or state).lower()
        metrics.record_reply(reply.platform, ended, self._seconds_since(reply.received_at), basis)
        how = {"state": state, "failure": failure, "edits": writer.edits, "outcome": outcome, "basis": basis}
        said = {name: value for name, value in how.items() if value is not None}
        log.info("reply_closed", reply_id=reply.reply_id, **said)

    async def _record_final(self, reply: Reply, ending: Ending) -> None:
        await self._store.record_final(
            reply, ending.text, ending.outcome, self._clock.now(), ending.figures, ending.failure, ending.basis
        )
        self._reach("after_final_commit")

    def _interruption(self, reply: Reply, language: Language) -> Ending | None:
        """Text that was growing when the process ended is written anew once, not for ever (delivery.md rule 5)."""
        if reply.interruptions > 1 or reply.attempt >= MOST_ATTEMPTS:
            return Ending(phrase("interrupted", language), Outcome.INTERRUPTED)
        return None

    def _seconds_since(self, then: datetime) -> float:
        return (self._clock.now() - then).total_seconds()

    def _language(self, reply: Reply) -> Language:
        return language_of(reply.question, self._answers.language)
