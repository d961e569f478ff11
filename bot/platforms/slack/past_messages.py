"""What stands in a Slack channel and its threads, read as if each message had come as an event.

Source: docs.slack.dev/reference/methods/conversations.history, conversations.replies.
"""

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.platforms.errors import MessageGone, PlaceGone, PlatformError, PlatformUnauthorized
from bot.platforms.slack.api import SlackApi
from bot.platforms.slack.events import Identity, Post, parse_post
from bot.platforms.slack.paced_calls import PAGE, PacedCalls
from bot.platforms.slack.surface import METADATA_EVENT

# Replies are not in a channel's history; that they came is told by the message they stand under, which is older.
THREADS_LOOK_BACK = timedelta(hours=24)
MOST_PAGES_FOR_THREADS = 5
NOT_ALLOWED = frozenset("missing_scope no_permission not_allowed_token_type access_denied".split())


@dataclass(frozen=True, slots=True)
class PastMessage:
    """`edited_ts`: empty, or when its author changed it last."""

    post: Post
    edited_ts: str

    @property
    def time(self) -> float:
        return float(self.post.ts)

    @property
    def thread_ts(self) -> str:
        return self.post.thread_ts or self.post.ts


@dataclass(frozen=True, slots=True)
class Past:
    """What was written in a channel: what people did, by ts, and the ids of the replies of ours that stand there."""

    messages: dict[str, PastMessage] = field(default_factory=dict)
    reply_ids: set[str] = field(default_factory=set)


class PastMessages:
    """Reads one channel at a time."""

    def __init__(self, api: SlackApi, calls: PacedCalls, us: Identity) -> None:
        self._api = api
        self._calls = calls
        self._us = us

    async def read(self, channel: str, since: datetime, old_threads: Collection[str]) -> Past:
        """What was written since then. A reply that was sent to the channel as well is met twice.

        `old_threads`: where to look besides, however long ago they began. Raises: PlatformError.
        """
        past = Past()
        top_level, with_replies = set(), []
        async with aclosing(self._top_level(channel, since)) as messages:
            async for message in messages:
                top_level.add(message.get("ts"))
                if time_of(message.get("latest_reply")) > since.timestamp():
                    with_replies.append(str(message["ts"]))
                self._keep(past, channel, message, since)
        older = [thread for thread in old_threads if thread not in top_level]
        for thread_ts in [*with_replies, *older]:
            async with aclosing(self._replies(channel, thread_ts, since)) as messages:
                async for message in messages:
                    self._keep(past, channel, message, since)
        return past

    async def _top_level(self, channel: str, since: datetime) -> AsyncGenerator[dict[str, Any], None]:
        """Newest first: everything since then, and some way back from there for the sake of the threads."""
        oldest = _ts_of(since - THREADS_LOOK_BACK)
        pages = self._calls.pages(
            self._api.client.conversations_history,
            "messages",
            channel=channel,
            oldest=oldest,
            limit=PAGE,
            include_all_metadata=True,
        )
        pages_beyond = 0
        try:
            async with aclosing(pages):
                async for page in pages:
                    for message in page:
                        yield message
                    pages_beyond += bool(page) and time_of(page[-1].get("ts")) <= since.timestamp()
                    if pages_beyond == MOST_PAGES_FOR_THREADS:
                        return
        except PlatformUnauthorized as error:
            raise _only_here(error) from error

    async def _replies(self, channel: str, thread_ts: str, since: datetime) -> AsyncGenerator[dict[str, Any], None]:
        """The message they stand under comes with them, however old it is."""
        pages = self._calls.pages(
            self._api.client.conversations_replies,
            "messages",
            channel=channel,
            ts=thread_ts,
            oldest=_ts_of(since),
            limit=PAGE,
            include_all_metadata=True,
        )
        try:
            async with aclosing(pages):
                async for page in pages:
                    for message in page:
                        yield message
        except (MessageGone, PlaceGone) as error:
            if error.code not in ("thread_not_found", "message_not_found"):
                raise

    def _keep(self, past: Past, channel: str, message: Mapping[str, Any], since: datetime) -> None:
        if time_of(message.get("ts")) <= since.timestamp():
            return
        if message.get("user") == self._us.user_id:
            past.reply_ids.add(_reply_id(message))
            return
        # As its event had it: a message does not stand under itself, and was not changed yet.
        event = {name: value for name, value in message.items() if name != "edited"}
        if event.get("thread_ts") == event.get("ts"):
            del event["thread_ts"]
        names = {"team_id": self._us.team_id, "enterprise_id": self._us.enterprise_id}
        post = parse_post({**names, "event": {**event, "channel": channel, "type": "message"}}, self._us)
        if post is not None:
            edited_ts = str((message.get("edited") or {}).get("ts") or "")
            past.messages[post.ts] = PastMessage(post, edited_ts if time_of(edited_ts) else "")


def _only_here(error: PlatformUnauthorized) -> PlatformError:
    """A scope that is missing is missing for this kind of channel; a token that is refused is refused everywhere."""
    return PlaceGone(error.code) if error.code in NOT_ALLOWED else error


def _reply_id(message: Mapping[str, Any]) -> str:
    """Of a message of ours; empty when it is no reply."""
    metadata = message.get("metadata") or {}
    is_reply = metadata.get("event_type") == METADATA_EVENT
    return str((metadata.get("event_payload") or {}).get("reply_id") or "") if is_reply else ""


def time_of(ts: object) -> float:
    """Seconds since 1970; 0 for what is not a message's ts."""
    return float(ts) if isinstance(ts, str) and ts.isascii() and ts.replace(".", "", 1).isdigit() else 0.0


def _ts_of(moment: datetime) -> str:
    return f"{moment.timestamp():.6f}"
