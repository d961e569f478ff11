"""The reply to a slash command: where the bot may write, a message that grows; elsewhere one message by response_url.

What the URL does not take any more goes to the person as a direct message, where it is looked for before it is posted:
an ephemeral message cannot be found again, and is gone with the next reload.
"""

from datetime import datetime, timedelta
from typing import Any

from bot.clock import Clock
from bot.conversation.phrases import language_of, phrase
from bot.platforms.base import Content, Phase, Posted
from bot.platforms.errors import PlaceGone
from bot.platforms.slack.api import SlackApi
from bot.platforms.slack.blocks import render
from bot.platforms.slack.response_urls import ResponseUrls, UrlSpent
from bot.platforms.slack.surface import SlackSurface
from storage.records import Reply

BY_URL = "response_url"  # and the part: the reference of what cannot be referred to
URL_LIFE = timedelta(minutes=29)  # Slack says 30
LOOK_BACK = timedelta(seconds=5)
MOST_HEADING_CHARACTERS = 300


class CommandSurface:
    """Implements `ReplySurface`."""

    def __init__(self, api: SlackApi, urls: ResponseUrls, reply: Reply, clock: Clock) -> None:
        self._api = api
        self._urls = urls
        self._reply = reply
        self._clock = clock
        self._heading = _heading(reply.question)
        self._url_is_spent = False
        self._goes_by_url = reply.address.get("command") != "channel" or (reply.posted_ref or "").startswith(BY_URL)
        self._in_channel = SlackSurface(api, reply, heading=self._heading)

    @property
    def takes_growth(self) -> bool:
        return not self._goes_by_url

    async def post(self, part: int, content: Content) -> str:
        if not self._goes_by_url:
            try:
                return await self._in_channel.post(part, content)
            except PlaceGone:
                self._goes_by_url = True
        if content.phase is Phase.FINAL:
            await self._send(part, content)
        return f"{BY_URL}:{part}"  # nothing stands until the text is whole: the acknowledgement says that it comes

    async def edit(self, ref: str, content: Content) -> None:
        if not ref.startswith(BY_URL):
            await self._in_channel.edit(ref, content)
        elif content.phase is Phase.FINAL:
            await self._send(int(ref.removeprefix(f"{BY_URL}:")), content)

    async def find_posted(self, since: datetime) -> list[Posted]:
        if self._goes_by_url:
            return [Posted(0, f"{BY_URL}:0")]
        try:
            return await self._in_channel.find_posted(since)
        except PlaceGone:
            self._goes_by_url = True
            return [Posted(0, f"{BY_URL}:0")]

    async def delete(self, ref: str) -> None:
        if not ref.startswith(BY_URL):
            await self._in_channel.delete(ref)

    async def _send(self, part: int, content: Content) -> None:
        if not self._url_is_spent and self._clock.now() < self._reply.sent_at + URL_LIFE:
            try:
                await self._urls.send(self._reply.address["response_url"], self._payload(content))
                return
            except UrlSpent:
                self._url_is_spent = True
        await self._send_directly(part, content)

    def _payload(self, content: Content) -> dict[str, Any]:
        response_type = "in_channel" if self._reply.address.get("command") == "channel" else "ephemeral"
        body = render(content, self._reply.reply_id, self._heading)
        return {"response_type": response_type, "replace_original": False, **body}

    async def _send_directly(self, part: int, content: Content) -> None:
        """Once, however often it is tried: whoever repeats this after a broken call finds what stands already."""
        opened = await self._api.call(self._api.client.conversations_open, users=self._reply.user)
        direct = SlackSurface(self._api, self._reply, channel=str(opened["channel"]["id"]), heading=self._heading)
        for posted in await direct.find_posted(self._reply.sent_at - LOOK_BACK):
            if posted.part == part:
                await direct.edit(posted.ref, content)
                return
        await direct.post(part, content)


def _heading(question: str) -> str:
    line = " ".join(question.split())
    short = line if len(line) <= MOST_HEADING_CHARACTERS else line[: MOST_HEADING_CHARACTERS - 1] + "…"
    return phrase("you_asked", language_of(question), question=short)
