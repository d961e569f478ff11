"""The way in: a post is committed, then acknowledged, then worked on."""

import uuid
from collections.abc import Callable

import structlog

from bot import metrics
from bot.clock import Clock
from bot.conversation.messages import IncomingMessage
from storage.records import NewQuestion, Reply
from storage.replies import ReplyStore

log = structlog.get_logger(__name__)

# Reply ids follow from the post, so that whoever finds one of our messages can tell which question it answers.
REPLY_NAMESPACE = uuid.UUID("6f1d5c1e-4d0f-5a53-9d0a-1f6e2b7c9a10")


def reply_id_of(message_key: str) -> str:
    return str(uuid.uuid5(REPLY_NAMESPACE, message_key))


class IntakeClosed(Exception):
    """The service is stopping. Not acknowledged: the platform delivers again, to whoever runs then."""


class Intake:
    """What platforms call for every post that wants an answer."""

    def __init__(self, store: ReplyStore, submit: Callable[[Reply], None], clock: Clock) -> None:
        self._store = store
        self._submit = submit
        self._clock = clock
        self._is_closed = False

    async def accept(self, message: IncomingMessage) -> bool:
        """Commit the post; when this returns the platform may be told. False: it was here before.

        Raises: IntakeClosed, or whatever the database raises: do not acknowledge then.
        """
        if self._is_closed:
            raise IntakeClosed
        reply_id = reply_id_of(message.message_key)
        thread = message.thread
        question = NewQuestion(
            message_key=message.message_key,
            reply_id=reply_id,
            platform=thread.platform,
            tenant=thread.tenant,
            channel=thread.channel,
            thread=thread.thread,
            user=message.user,
            text=message.text,
            address=message.address,
            sent_at=message.sent_at,
        )
        reply = await self._store.accept(question, self._clock.now())
        metrics.record_event(thread.platform, is_new=reply is not None)
        if reply is None:
            log.info("duplicate_event", reply_id=reply_id)
            return False
        log.info("accepted", reply_id=reply_id, platform=thread.platform, channel=thread.channel, thread=thread.thread)
        self._submit(reply)
        return True

    def close(self) -> None:
        self._is_closed = True
