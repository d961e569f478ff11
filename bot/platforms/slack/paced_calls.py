"""Calls that can wait: paced, so that those that cannot wait find room in the same limits; patient; page by page."""

from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import structlog

from bot.clock import Clock
from bot.platforms.errors import Ambiguous, PlatformUnavailable, RateLimited
from bot.platforms.slack.api import SlackApi

log = structlog.get_logger(__name__)

# Of Tier 3, which is 50: the rest is for looking whether a post of ours arrived, which somebody waits for.
CALLS_PER_MINUTE = 30
TIER_2_CALLS_PER_MINUTE = {"users_conversations": 15}  # of 20
WINDOW_SECONDS = 60.0
PAGE = 200  # as many as Slack recommends
TRIES = 4
FIRST_BACKOFF_SECONDS = 2.0
Method = Callable[..., Awaitable[Any]]


class PacedCalls:
    """For calls that only read. One at a time: whoever holds it awaits each before the next."""

    def __init__(self, api: SlackApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._called_at: dict[str, deque[float]] = defaultdict(deque)

    async def pages(self, method: Method, key: str, **arguments: Any) -> AsyncGenerator[list[dict[str, Any]], None]:
        """What the method lists under `key`, page by page, to the end. Raises: as `call`."""
        cursor = ""
        while True:
            response = await self.call(method, **arguments, **({"cursor": cursor} if cursor else {}))
            yield [entry for entry in response.get(key) or [] if isinstance(entry, dict)]
            cursor = (response.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def call(self, method: Method, **arguments: Any) -> dict[str, Any]:
        """Slack's answer, however often it takes to be asked later. Raises: PlatformError, except RateLimited."""
        tries = 0
        while True:
            await self._turn(method.__name__)
            try:
                return await self._api.call(method, **arguments)
            except RateLimited as error:  # the next call waits it out
                log.info("rate_limited", method=method.__name__, retry_after=error.retry_after_seconds)
            except (Ambiguous, PlatformUnavailable) as error:
                tries += 1
                if tries == TRIES:
                    raise
                log.info("call_failed", method=method.__name__, code=error.code)
                await self._clock.sleep(FIRST_BACKOFF_SECONDS * 2 ** (tries - 1))

    async def _turn(self, name: str) -> None:
        """Wait until fewer than so many calls were made in the last minute."""
        called_at = self._called_at[name]
        if len(called_at) == TIER_2_CALLS_PER_MINUTE.get(name, CALLS_PER_MINUTE):
            await self._clock.sleep(called_at.popleft() + WINDOW_SECONDS - self._clock.monotonic())
        called_at.append(self._clock.monotonic())
