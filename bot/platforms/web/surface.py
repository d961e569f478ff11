"""One reply in the browser: one bubble, which shows whatever was published last."""

from datetime import datetime

from bot.platforms.base import Content, Posted
from bot.platforms.web.hub import Hub
from storage.records import Reply


class WebSurface:
    """Implements `ReplySurface`.

    The page makes one bubble for each reply id, so posting is publishing, and repeating it changes nothing: after a
    restart the bubble can be said to stand already.
    """

    takes_growth = True

    def __init__(self, hub: Hub, reply: Reply) -> None:
        self._hub = hub
        self._reply = reply

    async def post(self, part: int, content: Content) -> str:
        assert part == 0, "no reply is too long for its bubble"
        self._show(content)
        return self._reply.reply_id

    async def edit(self, ref: str, content: Content) -> None:
        self._show(content)

    async def find_posted(self, since: datetime) -> list[Posted]:
        return [Posted(0, self._reply.reply_id)]

    async def delete(self, ref: str) -> None:
        self._hub.forget(self._reply.reply_id)

    def _show(self, content: Content) -> None:
        # A web channel is its user: see `platform.thread_key`.
        self._hub.publish(self._reply.channel, self._reply.thread, self._reply.reply_id, content)
