"""Messages by a `response_url`: how a slash command is answered where the bot is no member.

Good five times in 30 minutes.
For commands Slack only adds messages there, whatever `replace_original` says (slackapi/bolt-js#2287).
"""

from collections.abc import Mapping
from typing import Any

import aiohttp

from bot.platforms.errors import Ambiguous, PlatformError, RateLimited
from bot.platforms.slack import secret_urls
from bot.platforms.slack.api import retry_after


class UrlSpent(PlatformError):
    """Did not happen: expired, used up, or not taken there for another reason that will not pass."""


class ResponseUrls:
    def __init__(self, session: aiohttp.ClientSession, proxy: str) -> None:
        self._session = session
        self._proxy = proxy or None

    async def send(self, url: str, payload: Mapping[str, Any]) -> None:
        """Raises: UrlSpent, RateLimited, Ambiguous, PlatformUnavailable."""
        invalid = UrlSpent("invalid_url")
        status, headers = await secret_urls.post(self._session, url, invalid=invalid, json=payload, proxy=self._proxy)
        if status == 429:
            raise RateLimited("ratelimited", retry_after(headers))
        if status >= 500:
            raise Ambiguous(f"http_{status}")
        if status != 200:
            raise UrlSpent(f"http_{status}")
