"""What people think of a reply: kept, and counted."""

import structlog

from bot import metrics
from bot.clock import Clock
from bot.delivery.intake import Redact
from storage.feedback import FeedbackStore, Verdict

log = structlog.get_logger(__name__)


class Judging:
    """What platforms call when a thumb is pressed. `redact` takes out of comments what is not to be kept."""

    def __init__(self, store: FeedbackStore, redact: Redact, clock: Clock) -> None:
        self._store = store
        self._redact = redact
        self._clock = clock

    async def judge(self, reply_id: str, user: str, verdict: Verdict, comment: str | None) -> bool:
        """Keep what somebody thinks of a reply. False: there is nothing to have an opinion of."""
        said = None if comment is None else self._redact(comment).text
        reply = await self._store.record(reply_id, user, verdict, self._clock.now(), said)
        if reply is None:
            return False
        metrics.record_feedback(reply.platform, verdict)
        log.info("reply_judged", reply_id=reply_id, verdict=verdict, has_comment=bool(comment))
        return True
