"""Socket Mode connections that stay open: several at once, watched.

The SDK's client reconnects by itself in most cases. The rest is ours: after a failed handshake it would use its spent
ticket for ever, and an abrupt close goes unnoticed for a while. Source: shared reference `slack.md`, point 6.
"""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot import metrics
from bot.clock import Clock
from bot.platforms.slack.api import retry_after

log = structlog.get_logger(__name__)

WATCH_SECONDS = 1.0
PING_SECONDS = 5.0


class _Tickets:
    """apps.connections.open for all connections: when Slack tells one to wait, all wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()
        self._held_until = 0.0

    async def issue(self, client: SocketModeClient) -> str:
        """A URL that is good once. Raises: SlackClientError, aiohttp.ClientError."""
        async with self._lock:
            while True:
                await self._clock.sleep(max(0.0, self._held_until - self._clock.monotonic()))
                try:
                    response = await client.web_client.apps_connections_open(app_token=client.app_token)
                except SlackApiError as error:
                    if error.response.get("error") != "ratelimited":
                        raise
                    self._held_until = self._clock.monotonic() + retry_after(error.response.headers)
                else:
                    return str(response["url"])


class SocketPool:
    """Owns the handlers. `make_handler` builds one that is not connected yet; `on_reconnect` hears when one is back."""

    def __init__(
        self,
        make_handler: Callable[[], AsyncSocketModeHandler],
        size: int,
        clock: Clock,
        on_reconnect: Callable[[], None] = lambda: None,
    ) -> None:
        self._make_handler = make_handler
        self._size = size
        self._clock = clock
        self._on_reconnect = on_reconnect
        self._handlers: list[AsyncSocketModeHandler] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._tickets = _Tickets(clock)

    @property
    def open_sockets(self) -> int:
        return sum(_is_open(handler.client) for handler in self._handlers)

    async def start(self, first_url: str) -> None:
        """Open the first connection with a ticket that is at hand; the others follow on their own."""
        self._handlers = [self._make_handler() for _ in range(self._size)]
        for handler in self._handlers:
            # The SDK's own obeys Retry-After for each client apart, which Slack counts together.
            issue = functools.partial(self._tickets.issue, handler.client)
            handler.client.issue_new_wss_url = issue  # type: ignore[method-assign]
        first, *others = (handler.client for handler in self._handlers)
        first.wss_uri = first_url
        async with first.connect_operation_lock:
            await first.connect()
        for client in others:
            self._spawn(_connect(client))
        for client in (first, *others):
            self._spawn(self._watch(client))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for handler in self._handlers:
            await handler.close_async()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self, client: SocketModeClient) -> None:
        """Bring the connection back whenever it is away and nobody is at it."""
        known = client.current_session
        while True:
            await self._clock.sleep(WATCH_SECONDS)
            if client.closed:
                continue
            if await client.is_connected():
                # The SDK reconnects by itself as well, faster than we look: it is another session then.
                if known is not None and client.current_session is not known:
                    self._on_reconnect()
                known = client.current_session
                continue
            client.wss_uri = None  # tickets are good once; a loop that is trying takes a new one
            if not client.connect_operation_lock.locked():
                metrics.record_reconnect("slack")
                log.info("socket_reconnecting")
                self._spawn(_connect(client))  # not awaited: it tries for ever, with a ticket that we must take from it


async def _connect(client: SocketModeClient) -> None:
    try:
        await client.connect_to_new_endpoint()
    except (SlackClientError, aiohttp.ClientError, OSError) as error:
        # The watch comes round again.
        log.warning("socket_connect_failed", error=str(error)[:200])


def _is_open(client: SocketModeClient) -> bool:
    session = client.current_session
    return session is not None and not session.closed and not client.closed
