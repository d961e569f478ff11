"""The second look: messages that appeared after they had been looked for in vain and posted again.

Source: delivery.md rule 3, "sweep again at +60 s".
"""

from collections.abc import Mapping

import structlog

from bot import metrics
from bot.clock import Clock
from bot.delivery.writer import CLOCK_TOLERANCE, RECHECK_AFTER
from bot.platforms.base import Platform, Posted, ReplySurface
from bot.platforms.errors import PlaceGone, PlatformError, Rejected
from storage.records import Reply
from storage.replies import ReplyStore

log = structlog.get_logger(__name__)


class DuplicateCheck:
    """Run `remove_duplicates` every now and then."""

    def __init__(self, store: ReplyStore, platforms: Mapping[str, Platform], clock: Clock) -> None:
        self._store = store
        self._platforms = platforms
        self._clock = clock

    async def remove_duplicates(self) -> int:
        """Look at every reply that is due; how many messages were taken away."""
        removed = 0
        for reply in await self._store.due_rechecks(self._clock.now()):
            if (platform := self._platforms.get(reply.platform)) is not None:
                removed += await self._remove_of(reply, platform.surface(reply))
        return removed

    async def _remove_of(self, reply: Reply, surface: ReplySurface) -> int:
        """A platform that is away is asked again later; one that has no such place is not."""
        later = self._clock.now() + RECHECK_AFTER
        try:
            strays = await self._strays(reply, surface)
            for stray in strays:
                log.warning("duplicate_removed", reply_id=reply.reply_id, part=stray.part)
                await surface.delete(stray.ref)
                metrics.record_duplicate_removed(reply.platform)
        except (PlaceGone, Rejected) as error:
            log.info("recheck_refused", reply_id=reply.reply_id, code=error.code)
            await self._store.postpone_recheck(reply.reply_id, None)
            return 0
        except PlatformError as error:
            log.info("recheck_postponed", reply_id=reply.reply_id, code=error.code)
            await self._store.postpone_recheck(reply.reply_id, later)
            return 0
        await self._store.postpone_recheck(reply.reply_id, later if reply.state.is_open else None)
        return len(strays)

    async def _strays(self, reply: Reply, surface: ReplySurface) -> list[Posted]:
        """Messages of the reply beside those that it is known to have."""
        posted = await surface.find_posted((reply.intent_at or reply.received_at) - CLOCK_TOLERANCE)
        now = await self._store.find(reply.reply_id)  # after the look: what was posted meanwhile is known by now
        assert now is not None
        refs = {0: now.posted_ref} | {
            part.part: part.posted_ref for part in await self._store.continuations(now.reply_id)
        }
        return [found for found in posted if refs.get(found.part) != found.ref and self._is_settled(now, refs, found)]

    @staticmethod
    def _is_settled(reply: Reply, refs: Mapping[int, str | None], found: Posted) -> bool:
        """Whether nobody is about to adopt this message: its part stands elsewhere, or the reply has ended."""
        return refs.get(found.part) is not None or not reply.state.is_open
