"""One reply in Slack: messages in a thread, found again by their metadata."""

import contextlib
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

from bot.platforms.base import Content, Phase, Posted
from bot.platforms.errors import MessageGone, PlaceGone, Rejected
from bot.platforms.slack.api import SlackApi
from bot.platforms.slack.blocks import render
from bot.platforms.slack.status import ACTIVE, PROCESSING, Sessions
from storage.records import Reply

METADATA_EVENT = "inthread_reply"
PAGE = 200
# Slack refuses blocks it does not know or that it finds too long; the text alone still tells the answer.
_BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_blocks_too_many"})


class SlackSurface:
    """Implements `ReplySurface`. `sessions` hears what the reply is doing; `heading` stands above every message."""

    takes_growth = True

    def __init__(
        self,
        api: SlackApi,
        reply: Reply,
        *,
        channel: str | None = None,
        sessions: Sessions | None = None,
        heading: str = "",
        is_in_thread: bool = True,
    ) -> None:
        self._api = api
        self._reply = reply
        self._reply_id = reply.reply_id
        self._channel = channel or reply.address["channel"]
        self._thread_ts = reply.address.get("thread_ts") if is_in_thread else None
        self._sessions = sessions
        self._heading = heading

    async def post(self, part: int, content: Content) -> str:
        arguments: dict[str, Any] = {
            **render(content, self._reply_id, self._heading),
            "metadata": reply_metadata(self._reply_id, part),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if self._thread_ts:
            arguments["thread_ts"] = self._thread_ts
        try:
            response = await self._api.post_message(self._channel, **arguments)
        except Rejected as error:
            if error.code not in _BLOCKS_REFUSED:
                raise
            del arguments["blocks"]
            response = await self._api.post_message(self._channel, **arguments)
        self._tell_session(content.phase)
        return str(response["ts"])

    async def edit(self, ref: str, content: Content) -> None:
        # parse="none": unlike postMessage, chat.update would look for links and names in plain text.
        arguments = {
            "channel": self._channel,
            "ts": ref,
            "parse": "none",
            **render(content, self._reply_id, self._heading),
        }
        update = self._api.client.chat_update
        try:
            await self._api.call(update, **arguments)
        except (MessageGone, PlaceGone):
            self._tell_session(Phase.FINAL)  # nothing will be added to what is not there
            raise
        except Rejected as error:
            if error.code not in _BLOCKS_REFUSED:
                raise
            arguments["blocks"] = []
            await self._api.call(update, **arguments)
        self._tell_session(content.phase)

    async def find_posted(self, since: datetime) -> list[Posted]:
        found = []
        async for message in self._messages_since(f"{since.timestamp():.6f}"):
            metadata = message.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == METADATA_EVENT and payload.get("reply_id") == self._reply_id:
                found.append(Posted(int(payload.get("part", 0)), str(message["ts"])))
        return sorted(found, key=lambda posted: float(posted.ref))

    async def delete(self, ref: str) -> None:
        with contextlib.suppress(MessageGone):  # as wanted
            await self._api.call(self._api.client.chat_delete, channel=self._channel, ts=ref)
        self._tell_session(Phase.FINAL)

    def _tell_session(self, phase: Phase) -> None:
        if self._sessions is not None and self._thread_ts:
            state = ACTIVE if phase is Phase.FINAL else PROCESSING
            self._sessions.show(self._channel, self._thread_ts, state, title=self._reply.question)

    async def _messages_since(self, oldest: str) -> AsyncGenerator[dict[str, Any], None]:
        client = self._api.client
        place = {"channel": self._channel, "oldest": oldest, "limit": PAGE, "include_all_metadata": True}
        cursor = ""
        while True:
            page = {**place, "cursor": cursor} if cursor else place
            if self._thread_ts:
                response = await self._api.call(client.conversations_replies, ts=self._thread_ts, **page)
            else:
                response = await self._api.call(client.conversations_history, **page)
            for message in response.get("messages", []):
                yield message
            cursor = (response.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def reply_metadata(reply_id: str, part: int = 0) -> dict[str, Any]:
    """By which a message is found again. Only the opaque id: other apps in the channel can read it."""
    return {"event_type": METADATA_EVENT, "event_payload": {"reply_id": reply_id, "part": part}}
