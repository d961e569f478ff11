"""Calls to Slack's Web API: limits obeyed, outcomes named. The border at which Slack's errors become ours.

A call either happened, did not happen, or is ambiguous; callers must be able to tell. Nothing is repeated here.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from bot import metrics
from bot.clock import Clock
from bot.platforms.errors import (
    Ambiguous,
    MessageGone,
    PlaceGone,
    PlatformError,
    PlatformUnauthorized,
    PlatformUnavailable,
    RateLimited,
    Rejected,
)

log = structlog.get_logger(__name__)

# chat.postMessage: one a second and channel. Counted from the end of the last call, so that it holds at Slack's side.
POST_INTERVAL_SECONDS = 1.02
MOST_REMEMBERED_CHANNELS = 1_000
DEFAULT_RETRY_AFTER_SECONDS = 30.0

_UNAUTHORIZED = frozenset(
    "invalid_auth not_authed account_inactive token_revoked token_expired no_permission missing_scope "
    "not_allowed_token_type org_login_required ekm_access_denied team_access_not_granted access_denied".split()
)
_MESSAGE_GONE = frozenset("message_not_found cant_update_message edit_window_closed cant_delete_message".split())
_PLACE_GONE = frozenset(
    "channel_not_found not_in_channel is_archived restricted_action restricted_action_read_only_channel "
    "restricted_action_thread_only_channel restricted_action_non_threadable_channel thread_not_found "
    "cannot_reply_to_message messages_tab_disabled user_not_found user_disabled".split()
)
# Slack says of these that part of the operation may have succeeded.
_AMBIGUOUS = frozenset("internal_error fatal_error request_timeout service_unavailable".split())


class SlackApi:
    """The Web API with one token. `client` must have no retry handlers of its own: theirs post twice."""

    def __init__(self, client: AsyncWebClient, clock: Clock) -> None:
        assert not client.retry_handlers
        self.client = client
        self._clock = clock
        self._held_until: dict[str, float] = {}
        self._in_flight: dict[str, asyncio.Lock] = {}
        self._channels: dict[str, _ChannelPace] = {}

    async def call(self, method: Callable[..., Awaitable[Any]], **arguments: Any) -> dict[str, Any]:
        """One call of a method of the SDK's client; Slack's answer. Waits out a Retry-After that is still running.

        One at a time per method: a second one would be under way already when the first learns that it must wait.
        Raises: PlatformError.
        """
        async with self._in_flight.setdefault(method.__name__, asyncio.Lock()):
            return await self._call(method, **arguments)

    async def try_call(self, method: Callable[..., Awaitable[Any]], **arguments: Any) -> dict[str, Any] | None:
        """One call for looks alone: left out while a Retry-After runs, never repeated, None when it failed."""
        name = method.__name__
        async with self._in_flight.setdefault(name, asyncio.Lock()):
            if self._held_until.get(name, 0.0) > self._clock.monotonic():
                return None
            try:
                return await self._call(method, **arguments)
            except PlatformError as error:
                log.info("call_for_looks_failed", method=name, code=error.code)
                return None

    async def _call(self, method: Callable[..., Awaitable[Any]], **arguments: Any) -> dict[str, Any]:
        name = method.__name__
        while (wait := self._held_until.get(name, 0.0) - self._clock.monotonic()) > 0:
            await self._clock.sleep(wait)
        try:
            response = await method(**arguments)
        except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError) as error:
            translated = _translate(error)
            if isinstance(translated, RateLimited):
                metrics.record_rate_limited("slack", name.replace("_", "."))
                self._held_until[name] = self._clock.monotonic() + translated.retry_after_seconds
            raise translated from error
        data = response.data
        if not isinstance(data, dict):
            raise Ambiguous("unreadable_response")
        return data

    async def post_message(self, channel: str, **arguments: Any) -> dict[str, Any]:
        """chat.postMessage, no faster than Slack takes them in one channel. Raises: PlatformError."""
        async with self._turn(channel):
            return await self._call(self.client.chat_postMessage, channel=channel, **arguments)

    @asynccontextmanager
    async def _turn(self, channel: str) -> AsyncGenerator[None, None]:
        if len(self._channels) > MOST_REMEMBERED_CHANNELS:
            now = self._clock.monotonic()
            idle = [name for name, pace in self._channels.items() if pace.next_at < now and not pace.lock.locked()]
            for name in idle:
                del self._channels[name]
        pace = self._channels.setdefault(channel, _ChannelPace())
        async with pace.lock:
            wait = pace.next_at - self._clock.monotonic()
            if wait > 0:
                await self._clock.sleep(wait)
            try:
                yield
            finally:
                pace.next_at = self._clock.monotonic() + POST_INTERVAL_SECONDS


class _ChannelPace:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.next_at = 0.0


def _translate(error: Exception) -> PlatformError:
    """What became of the call, from what the SDK or the connection raised."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return PlatformUnavailable("no_connection")  # never sent
    if isinstance(error, aiohttp.ClientError | OSError | TimeoutError | SlackRequestError):
        return Ambiguous(type(error).__name__)
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None) or getattr(response, "status", None) or 0
    data = getattr(response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return RateLimited(code or "ratelimited", retry_after(getattr(response, "headers", None) or {}))
    if code in _UNAUTHORIZED:
        return PlatformUnauthorized(code)
    if code in _MESSAGE_GONE:
        return MessageGone(code)
    if code in _PLACE_GONE:
        return PlaceGone(code)
    if not code or status >= 500 or code in _AMBIGUOUS:
        return Ambiguous(code or f"http_{status}")
    return Rejected(code)


def retry_after(headers: Any) -> float:
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                # A hair more: their clock decides, not ours.
                return max(float(value), 0.0) + 0.1
            except ValueError:
                break
    return DEFAULT_RETRY_AFTER_SECONDS
