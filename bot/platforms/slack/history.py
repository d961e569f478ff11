"""Looking back in Slack: what people asked while no event of it reached us."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.conversation.messages import ThreadKey
from bot.delivery.intake import reply_id_of
from bot.platforms.base import PastPost, Place
from bot.platforms.errors import PlatformUnauthorized, Rejected
from bot.platforms.slack.api import SlackApi
from bot.platforms.slack.events import PLATFORM, Identity, moment_of, tenant_of, to_message
from bot.platforms.slack.paced_calls import PAGE, PacedCalls
from bot.platforms.slack.past_messages import NOT_ALLOWED, PastMessage, PastMessages, time_of
from bot.platforms.slack.relevance import IsOurs, is_for_us
from bot.platforms.slack.settings import SlackSettings
from storage.looking_back import LookBackStore

log = structlog.get_logger(__name__)

# Those whose events the manifest subscribes to.
CHANNEL_TYPES = "public_channel,private_channel,im"
# Threads of ours that began long ago: those that moved of late, in one sweep of all channels.
OLD_THREADS_LOOK_BACK = timedelta(days=7)
MOST_OLD_THREADS = 30


class SlackHistory:
    """Implements `History`. One look at a time."""

    def __init__(
        self, api: SlackApi, us: Identity, settings: SlackSettings, record: LookBackStore, clock: Clock
    ) -> None:
        self._api = api
        self._calls = PacedCalls(api, clock)
        self._messages = PastMessages(api, self._calls, us)
        self._us = us
        self._tenant = tenant_of({}, us)
        self._settings = settings
        self._record = record
        self._clock = clock
        self._old_threads: dict[str, list[str]] = {}

    async def places(self) -> list[Place]:
        """Those first in which we were asked of late. Where Slack does not list them: those that are on record."""
        known = await self._record.channels(PLATFORM, self._tenant)
        try:
            listed = dict.fromkeys(await self._listed())
        except (Rejected, PlatformUnauthorized) as error:
            if isinstance(error, PlatformUnauthorized) and error.code not in NOT_ALLOWED:
                raise
            log.warning("channels_not_listed", code=error.code, known=len(known))
            channels = known
        else:
            channels = [*(channel for channel in known if channel in listed), *listed]
        await self._find_old_threads()
        return [Place(self._tenant, channel) for channel in dict.fromkeys(channels)]

    async def posts(self, place: Place, since: datetime) -> AsyncGenerator[PastPost, None]:
        """Each is judged when it is its turn: a question that was taken makes the thread ours for what follows it."""
        past = await self._messages.read(place.channel, since, self._old_threads.get(place.channel, ()))
        for seen in sorted(past.messages.values(), key=lambda seen: seen.time):
            ours = (self._was_before(seen.time, self._record.first_asked_at), self._was_before(seen.time, self._put_at))
            if await is_for_us(seen.post, self._us, self._settings, *ours):
                edited_at = moment_of(seen.edited_ts) if seen.edited_ts else None
                message = to_message(seen.post, self._us, self._settings.dm_mode, edited_at)
                yield PastPost(
                    message=message,
                    was_answered=_was_answered(seen, past.messages.values()),
                    has_our_reply=reply_id_of(message.message_key) in past.reply_ids,
                )

    def _was_before(self, time: float, became_ours: Callable[..., Awaitable[datetime | None]]) -> IsOurs:
        """What people said in a thread before it was ours was not meant for us."""

        async def was_ours(key: ThreadKey) -> bool:
            at = await became_ours(key.platform, key.tenant, key.channel, key.thread)
            return at is not None and at.timestamp() < time

        return was_ours

    async def _put_at(self, _platform: str, _tenant: str, channel: str, thread: str) -> datetime | None:
        return await self._record.put_at(channel, thread)

    # ── which channels and threads ───────────────────────────────────────────

    async def _listed(self) -> list[str]:
        pages = self._calls.pages(
            self._api.client.users_conversations, "channels", types=CHANNEL_TYPES, exclude_archived=True, limit=PAGE
        )
        async with aclosing(pages):
            return [str(entry["id"]) async for page in pages for entry in page if not entry.get("is_user_deleted")]

    async def _find_old_threads(self) -> None:
        since = self._clock.now() - OLD_THREADS_LOOK_BACK
        self._old_threads = {}
        for channel, thread in await self._record.recent_threads(PLATFORM, self._tenant, since, MOST_OLD_THREADS):
            if time_of(thread):  # not a conversation without threads, nor a command
                self._old_threads.setdefault(channel, []).append(thread)


def _was_answered(seen: PastMessage, found: Collection[PastMessage]) -> bool:
    """Whether another person wrote below it in the thread, and not to us."""
    return any(
        other.thread_ts == seen.thread_ts
        and other.time > seen.time
        and other.post.user != seen.post.user
        and not other.post.mentions_us
        for other in found
    )
