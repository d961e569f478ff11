"""Puts the text of one reply where the person sees it: posted once, edited as it grows, cut where it is too long.

Owns which messages of the reply stand and what they show. Every post is announced in the database before it happens
(INTENT) and looked for when its outcome is unknown; nothing is ever posted again on a guess.
"""

import functools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from bot import metrics
from bot.clock import Clock
from bot.delivery.failpoints import Reach, no_failpoint
from bot.delivery.final_content import plain_text
from bot.delivery.pacing import EditBudget, Urgency
from bot.delivery.safe_markdown import safe_markdown
from bot.delivery.splitting import split_text
from bot.platforms.base import Capabilities, Content, Phase, ReplySurface
from bot.platforms.errors import Ambiguous, PlatformUnauthorized, PlatformUnavailable, RateLimited
from storage.records import Reply, ReplyState
from storage.replies import ReplyStore

log = structlog.get_logger(__name__)

# When to look for a post whose outcome is unknown, in seconds after the last look. Source: delivery.md rule 3.
PROBE_DELAYS = (0.0, 2.0, 5.0, 15.0)
CLOCK_TOLERANCE = timedelta(seconds=5)
RECHECK_AFTER = timedelta(seconds=60)
T = TypeVar("T")
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 30.0


@dataclass
class _Message:
    """One message of the reply. `intent_at` without `ref`: a post may or may not have happened."""

    intent_at: datetime | None = None
    ref: str | None = None
    shown: Content | None = None


class ReplyWriter:
    """For one claim of one reply. One call at a time: whoever holds it awaits each before the next."""

    def __init__(
        self,
        reply: Reply,
        surface: ReplySurface,
        store: ReplyStore,
        capabilities: Capabilities,
        budget: EditBudget,
        clock: Clock,
        link_hosts: Sequence[str] = (),
        reach: Reach = no_failpoint,
    ) -> None:
        self._reply = reply
        self._surface = surface
        self._store = store
        self._capabilities = capabilities
        self._budget = budget
        self._clock = clock
        self._link_hosts = link_hosts
        self._reach = reach
        self._messages = [_Message(reply.intent_at, reply.posted_ref)]
        self._text_is_visible = False
        self._paid_edits = 0
        self.edits = 0

    @property
    def is_posted(self) -> bool:
        """Whether the reply has a message on the platform, as far as is known."""
        return self._messages[0].ref is not None

    @property
    def takes_growth(self) -> bool:
        """Whether anything but the final text is worth showing."""
        return self._surface.takes_growth

    @property
    def has_shown_text(self) -> bool:
        """Whether words of the answer have been visible, now or before a restart."""
        return self._text_is_visible or self._reply.interruptions > 0 or self._reply.state is ReplyState.FINALIZING

    async def load_continuations(self) -> None:
        """After a restart: the further messages that were posted, or may have been."""
        for continuation in await self._store.continuations(self._reply.reply_id):
            self._messages.append(_Message(continuation.intent_at, continuation.posted_ref))

    async def show(self, content: Content, *, paid_edits: int = 0) -> None:
        """Make the reply show this. Growing text may be left out when the platform is slow; final text never is.

        `paid_edits`: how many the caller has acquired from the budget already, so as to bring its newest text.
        Raises: PlatformError (MessageGone, PlaceGone, Rejected), LeaseLost.
        """
        self._paid_edits = paid_edits
        parts = self._parts(content)
        while len(self._messages) < len(parts):
            self._messages.append(_Message())
        for number, (message, part) in enumerate(zip(self._messages, parts, strict=False)):
            if message.ref is None:
                await self._post(number, message, part)
            elif message.shown != part:
                await self._edit(message, part)
        if content.phase is Phase.FINAL:
            for number, message in enumerate(self._messages[len(parts) :], len(parts)):
                await self._remove(number, message)
        if content.phase is Phase.GROWING and not self._text_is_visible:
            if not self.has_shown_text:
                metrics.record_first_text(self._reply.platform, self._seconds_since_question())
            self._text_is_visible = True
            await self._store.record_streaming(self._reply, self._clock.now())
        if content.phase is Phase.GROWING:
            self._reach("mid_stream")

    async def withdraw(self) -> None:
        """Take away every message of the reply. Raises: PlatformError (PlaceGone, Rejected), LeaseLost."""
        for number, message in enumerate(self._messages):
            await self._remove(number, message)

    def _seconds_since_question(self) -> float:
        return (self._clock.now() - self._reply.received_at).total_seconds()

    def _parts(self, content: Content) -> list[Content]:
        """The content cut into messages. Only the last one is still growing, and carries the note and the button."""
        if not self._capabilities.has_buttons:
            content = replace(content, text=plain_text(content), sources=(), buttons=())
        text = content.text if content.is_stored else safe_markdown(content.text, self._link_hosts)
        texts = split_text(text, self._capabilities.max_length, self._capabilities.length_of)
        settled = [Content(text, Phase.FINAL) for text in texts[:-1]]
        return [*settled, replace(content, text=texts[-1])]

    async def _post(self, number: int, message: _Message, content: Content) -> None:
        """Post once. Source: delivery.md rules 2 and 3."""
        if message.intent_at is None:
            message.intent_at = self._clock.now()
            await self._store.record_intent(self._reply, number, message.intent_at)
            self._reach("after_intent")
            ref = None
        else:
            ref = await self._look_for(number, message.intent_at)
        while ref is None:
            try:
                ref = await self._patiently(lambda: self._post_once(number, content))
                message.shown = content
                self._reach("after_post_before_commit")
            except Ambiguous as error:
                log.warning("post_ambiguous", reply_id=self._reply.reply_id, part=number, code=error.code)
                ref = await self._look_for(number, message.intent_at)
        message.ref = ref
        await self._store.record_posted(self._reply, number, ref, self._clock.now())
        if number == 0:
            metrics.record_first_message(self._reply.platform, self._seconds_since_question())
        if message.shown is None:  # found, not posted just now: it may show something older
            await self._edit(message, content)

    async def _post_once(self, number: int, content: Content) -> str:
        await self._store.require_claim(self._reply)
        return await self._surface.post(number, content)

    async def _look_for(self, number: int, since: datetime) -> str | None:
        """The message of this part, if it was posted after all. More than one: the first stays, the others go.

        None is an answer of the moment: the message may yet appear, so another look is put down for later.
        """
        for delay in PROBE_DELAYS:
            if delay:
                await self._clock.sleep(delay)
            posted = await self._patiently(lambda: self._surface.find_posted(since - CLOCK_TOLERANCE), repeat=True)
            refs = [found.ref for found in posted if found.part == number]
            if refs:
                for duplicate in refs[1:]:
                    log.warning("duplicate_removed", reply_id=self._reply.reply_id, part=number)
                    metrics.record_duplicate_removed(self._reply.platform)
                    await self._delete(duplicate)
                return refs[0]
        now = self._clock.now()
        await self._store.record_recheck(self._reply, now + RECHECK_AFTER, now)
        return None

    async def _edit(self, message: _Message, content: Content) -> None:
        assert message.ref is not None
        edit = functools.partial(self._edit_within_budget, message.ref, content)
        if content.phase is Phase.FINAL:
            await self._patiently(edit, repeat=True)
        else:
            try:
                await edit()
            except (RateLimited, Ambiguous, PlatformUnavailable, PlatformUnauthorized) as error:
                log.info("edit_skipped", reply_id=self._reply.reply_id, code=error.code)
                return
        message.shown = content
        self.edits += 1
        metrics.record_edit(self._reply.platform)

    async def _edit_within_budget(self, ref: str, content: Content) -> None:
        if self._paid_edits:
            self._paid_edits -= 1
        else:
            await self._budget.acquire(self.urgency(content))
        await self._store.require_claim(self._reply)
        try:
            await self._surface.edit(ref, content)
        except RateLimited as error:
            self._budget.pause(error.retry_after_seconds)  # for every reply: the platform counts them together
            raise

    def urgency(self, content: Content) -> Urgency:
        if content.phase is Phase.FINAL:
            return Urgency.FINAL
        is_first = content.phase is Phase.GROWING and not self._text_is_visible
        return Urgency.FIRST_TEXT if is_first else Urgency.GROWTH

    async def _remove(self, number: int, message: _Message) -> None:
        ref = message.ref
        if ref is None and message.intent_at is not None:  # announced before a restart: it may stand all the same
            ref = await self._look_for(number, message.intent_at)
        if ref is not None:
            await self._delete(ref)
        message.ref, message.shown, message.intent_at = None, None, None

    async def _delete(self, ref: str) -> None:
        await self._patiently(lambda: self._delete_once(ref), repeat=True)

    async def _delete_once(self, ref: str) -> None:
        await self._store.require_claim(self._reply)
        await self._surface.delete(ref)

    async def _patiently(self, call: Callable[[], Awaitable[T]], *, repeat: bool = False) -> T:
        """Call until the platform takes it: wait when told to, back off when it is away.

        An outcome that is unknown is raised, unless the call may be repeated without harm (`repeat`).
        """
        backoff = FIRST_BACKOFF_SECONDS
        while True:
            try:
                return await call()
            except RateLimited as error:
                log.info("rate_limited", reply_id=self._reply.reply_id, retry_after=error.retry_after_seconds)
                await self._clock.sleep(error.retry_after_seconds)
            except (PlatformUnavailable, PlatformUnauthorized, Ambiguous) as error:
                if isinstance(error, Ambiguous) and not repeat:
                    raise
                log.warning("platform_away", reply_id=self._reply.reply_id, code=error.code, retry_in=backoff)
                await self._clock.sleep(backoff)
                backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)
