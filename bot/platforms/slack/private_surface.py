"""The reply to what is nobody else's business: a direct message, whatever channel the question was asked in.

A direct message and not an ephemeral one: it can be looked for before it is posted again, changed, and read tomorrow
(docs/decisions/0015).
"""

from datetime import datetime

from bot.conversation.phrases import language_of, phrase
from bot.platforms.base import Content, Posted
from bot.platforms.slack.api import SlackApi
from bot.platforms.slack.blocks import shortened
from bot.platforms.slack.surface import SlackSurface
from storage.records import Reply

MOST_HEADING_CHARACTERS = 300


class PrivateSurface:
    """Implements `ReplySurface`. Nothing is called in the channel of the question."""

    takes_growth = True

    def __init__(self, api: SlackApi, reply: Reply) -> None:
        self._api = api
        self._reply = reply
        self._direct: SlackSurface | None = None

    async def post(self, part: int, content: Content) -> str:
        return await (await self._opened()).post(part, content)

    async def edit(self, ref: str, content: Content) -> None:
        await (await self._opened()).edit(ref, content)

    async def find_posted(self, since: datetime) -> list[Posted]:
        return await (await self._opened()).find_posted(since)

    async def delete(self, ref: str) -> None:
        await (await self._opened()).delete(ref)

    async def _opened(self) -> SlackSurface:
        """Opening it again changes nothing. Raises: PlatformError."""
        if self._direct is None:
            opened = await self._api.call(self._api.client.conversations_open, users=self._reply.user)
            channel, question = str(opened["channel"]["id"]), shortened(self._reply.question, MOST_HEADING_CHARACTERS)
            heading = phrase("answered_privately", language_of(self._reply.question), question=question)
            self._direct = SlackSurface(self._api, self._reply, channel=channel, heading=heading, is_in_thread=False)
        return self._direct
