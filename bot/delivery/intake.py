"""The way in: a post is committed, then acknowledged, then worked on."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import structlog

from bot import metrics
from bot.clock import Clock
from bot.conversation.messages import IncomingMessage
from bot.conversation.redaction import Redacted
from bot.delivery.failpoints import Reach, no_failpoint
from bot.delivery.settings import DeliverySettings
from storage.records import NewQuestion, Reply
from storage.replies import ReplyStore

log = structlog.get_logger(__name__)

# Reply ids follow from the post, so that whoever finds one of our messages can tell which question it answers.
REPLY_NAMESPACE = uuid.UUID("6f1d5c1e-4d0f-5a53-9d0a-1f6e2b7c9a10")


def reply_id_of(message_key: str) -> str:
    return str(uuid.uuid5(REPLY_NAMESPACE, message_key))


class IntakeClosed(Exception):
    """The service is stopping. Not acknowledged: the platform delivers again, to whoever runs then."""


class Submit(Protocol):
    def __call__(self, reply: Reply, *, may_refuse: bool = ...) -> None: ...


Redact = Callable[[str], Redacted]
TakeAnswer = Callable[[IncomingMessage], Awaitable[bool]]


def keep_all(text: str) -> Redacted:
    """Where nothing is taken out of what people write."""
    return Redacted(text, {})


async def no_answer(_message: IncomingMessage) -> bool:
    """Where nobody is asked anything."""
    return False


class Intake:
    """What platforms call for every post that wants an answer, and for what becomes of it. All of it may come twice."""

    def __init__(
        self,
        store: ReplyStore,
        submit: Submit,
        settings: DeliverySettings,
        clock: Clock,
        reach: Reach = no_failpoint,
        take_answer: TakeAnswer = no_answer,
        topic_of: Callable[[str], str | None] = lambda text: None,
        redact: Redact = keep_all,
    ) -> None:
        """`submit` is handed each reply that is open from now on, whatever was done with it before.

        `take_answer` says of a post whether it was no question, but an answer to one that we have put, and keeps it.
        `topic_of`: what makes a question nobody else's business. `redact` takes out what is not to be kept, before
        anything is.
        """
        self._store = store
        self._submit = submit
        self._edit_window = timedelta(seconds=settings.edit_window_seconds)
        self._clock = clock
        self._reach = reach
        self._take_answer = take_answer
        self._topic_of = topic_of
        self._redact = redact
        self._is_closed = False

    async def accept(self, message: IncomingMessage, *, may_refuse: bool = True) -> bool:
        """Commit the post; when this returns the platform may be told. False: it was here before.

        `may_refuse`: whether its reply may be that too many are waiting.
        Raises: IntakeClosed, or whatever the database raises: do not acknowledge then.
        """
        self._require_open()
        redacted = self._redact(message.text)
        message = replace(message, text=redacted.text)
        # Not asked of others: looking first would let later questions overtake them.
        if message.is_follow_up and await self._take_answer(message):
            return True
        reply = await self._store.accept(_question(message, self._topic_of(message.text), redacted), self._clock.now())
        metrics.record_event(message.thread.platform, is_new=reply is not None)
        if reply is None:
            log.info("duplicate_event", reply_id=reply_id_of(message.message_key))
            return False
        self._reach("after_commit_before_ack")
        log.info("accepted", **_names(reply))
        self._submit(reply, may_refuse=may_refuse)
        return True

    async def edit(self, message: IncomingMessage) -> bool:
        """Its author changed a post: the same reply is written anew. False: nothing is to be answered anew.

        Raises: as `accept`.
        """
        self._require_open()
        assert message.edited_at is not None, "an edit has its time"
        text = self._redact(message.text).text
        now, topic = self._clock.now(), self._topic_of(text)
        change = (message.message_key, text, message.edited_at)
        if topic is not None and (moved := await self._store.move_to_private(*change, topic, reply_id_of, now)):
            replies = moved
        else:
            edited = await self._store.edit(*change, now, self._edit_window, topic)
            replies = [] if edited is None else [edited]
        for reply in replies:
            log.info("question_edited", **_names(reply))
            self._submit(reply, may_refuse=False)
        return bool(replies)

    async def withdraw(self, message_key: str) -> bool:
        """Its author deleted a post: generation ends, and what stands of the reply is taken away.

        Raises: as `accept`.
        """
        self._require_open()
        replies = await self._store.withdraw(message_key, self._clock.now())
        for reply in replies:
            log.info("question_deleted", **_names(reply))
            self._submit(reply, may_refuse=False)
        return bool(replies)

    async def ask_again(self, reply_id: str) -> bool:
        """Somebody wants another reply to the same question. False: it was asked for already, or cannot be.

        Raises: as `accept`.
        """
        self._require_open()
        reply = await self._store.ask_again(reply_id, reply_id_of, self._clock.now())
        if reply is None:
            return False
        log.info("asked_again", before=reply_id, **_names(reply))
        self._submit(reply, may_refuse=True)
        return True

    def close(self) -> None:
        self._is_closed = True

    def _require_open(self) -> None:
        if self._is_closed:
            raise IntakeClosed


def _question(message: IncomingMessage, topic: str | None, redacted: Redacted) -> NewQuestion:
    thread = message.thread
    return NewQuestion(
        message_key=message.message_key,
        reply_id=reply_id_of(message.message_key),
        platform=thread.platform,
        tenant=thread.tenant,
        channel=thread.channel,
        thread=thread.thread,
        user=message.user,
        text=message.text,
        address=message.address,
        sent_at=message.sent_at,
        edited_at=message.edited_at,
        topic=topic,
        is_public=message.is_public,
        redacted=redacted.counts,
    )


def _names(reply: Reply) -> dict[str, str]:
    """For the log: places and ids, never text; nor who asked, whose id is the channel where everybody has their own."""
    channel = {} if reply.channel == reply.user else {"channel": reply.channel}
    return {"reply_id": reply.reply_id, "platform": reply.platform, **channel, "thread": reply.thread}
