"""A file into a conversation, in Slack's three steps: ask where to, send it there, say that it is there.

The SDK's `files_upload_v2` does the same, beside our paces and errors: it is not used.
"""

import aiohttp

from bot.platforms.errors import Rejected
from bot.platforms.slack import secret_urls
from bot.platforms.slack.api import SlackApi

SCOPE = "files:write"
UPLOAD_SECONDS = 120.0


class Files:
    def __init__(self, api: SlackApi, session: aiohttp.ClientSession, proxy: str) -> None:
        self._api = api
        self._session = session
        self._proxy = proxy or None
        self._timeout = aiohttp.ClientTimeout(total=UPLOAD_SECONDS)

    async def send(self, channel: str, name: str, content: bytes, comment: str) -> None:
        """Raises: PlatformError. What was begun and not finished, nobody sees, and Slack lets go."""
        client = self._api.client
        place = await self._api.call(client.files_getUploadURLExternal, filename=name, length=len(content))
        await self._upload(str(place["upload_url"]), content)
        files = [{"id": place["file_id"], "title": name}]
        finish = client.files_completeUploadExternal
        await self._api.call(finish, files=files, channel_id=channel, initial_comment=comment)

    async def _upload(self, url: str, content: bytes) -> None:
        invalid = Rejected("invalid_upload_url")
        status, _ = await secret_urls.post(
            self._session, url, invalid=invalid, data=content, proxy=self._proxy, timeout=self._timeout
        )
        if status != 200:
            raise Rejected(f"upload_http_{status}")
