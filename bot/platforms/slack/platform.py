"""Slack as a platform: credentials, listeners, sockets, surfaces."""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from bot.conversation.messages import IncomingMessage, ThreadKey
from bot.platforms.base import Capabilities
from bot.platforms.errors import Ambiguous, PlatformUnavailable, RateLimited
from bot.platforms.slack.api import SlackApi
from bot.platforms.slack.blocks import STOP_ACTION
from bot.platforms.slack.dialect import measured_length
from bot.platforms.slack.events import PLATFORM, Identity, Post, parse_post, thread_key, to_message
from bot.platforms.slack.settings import SlackSettings
from bot.platforms.slack.sockets import PING_SECONDS, SocketPool
from bot.platforms.slack.surface import SlackSurface
from storage.records import Reply

log = structlog.get_logger(__name__)
# Errors only: its INFO tells of every socket, its warnings of settings that are meant, its DEBUG prints messages.
_SDK_LOG = logging.getLogger("slack_bolt.quiet")
_SDK_LOG.setLevel(logging.ERROR)

CAPABILITIES = Capabilities(
    # Tier 3 is 50 a minute for chat.update in the whole workspace; two less, for the clocks' difference.
    edits_per_minute=48,
    min_edit_interval_seconds=1.0,
    # chat.update takes 4,000 characters of text. Cutting there keeps text and blocks equal.
    max_length=3_900,
    length_of=measured_length,
)
LONGEST_BACKOFF_SECONDS = 60.0

Accept = Callable[[IncomingMessage], Awaitable[bool]]
KnowsThread = Callable[[ThreadKey], Awaitable[bool]]
StopReply = Callable[[str], bool]


class SlackPlatform:
    """Implements `Platform`. `accept` commits a post; `knows_thread` says whether we were asked in a thread."""

    name = PLATFORM
    capabilities = CAPABILITIES

    def __init__(
        self, settings: SlackSettings, accept: Accept, knows_thread: KnowsThread, stop_reply: StopReply, clock: Clock
    ) -> None:
        self._settings = settings
        self._accept = accept
        self._knows_thread = knows_thread
        self._stop_reply = stop_reply
        self._clock = clock
        self._us: Identity | None = None
        self._session: aiohttp.ClientSession | None = None
        self._api: SlackApi | None = None
        self._sockets: SocketPool | None = None

    async def start(self) -> None:
        """Check both tokens, then take events. Waits as long as Slack cannot be reached.

        Raises: PlatformUnauthorized, at once, when Slack refuses a token: trying again would not help.
        """
        api = self._open_api()
        answer = await self._patiently(lambda: api.call(api.client.auth_test))
        self._us = Identity(
            user_id=str(answer.get("user_id", "")),
            bot_id=str(answer.get("bot_id", "")),
            team_id=str(answer.get("team_id", "")),
            enterprise_id=str(answer.get("enterprise_id") or ""),
        )
        app_token = self._settings.app_token.get_secret_value()
        ticket = await self._patiently(lambda: api.call(api.client.apps_connections_open, app_token=app_token))
        app = self._listening_app(self._us)
        self._sockets = SocketPool(lambda: self._handler(app, app_token), self._settings.sockets, self._clock)
        await self._sockets.start(str(ticket["url"]))
        log.info("slack_connected", team=answer.get("team"), user=answer.get("user"))

    @property
    def is_ready(self) -> bool:
        return self._sockets is not None and self._sockets.open_sockets > 0

    def surface(self, reply: Reply) -> SlackSurface:
        return SlackSurface(self._open_api(), reply)

    async def stop_intake(self) -> None:
        if self._sockets is not None:
            await self._sockets.close()
            self._sockets = None

    async def stop(self) -> None:
        await self.stop_intake()
        if self._session is not None:
            await self._session.close()

    def _open_api(self) -> SlackApi:
        if self._api is None:
            timeout = aiohttp.ClientTimeout(total=self._settings.timeout_seconds)
            self._session = aiohttp.ClientSession(timeout=timeout)
            self._api = SlackApi(self._web_client(self._settings.bot_token.get_secret_value()), self._clock)
        return self._api

    def _web_client(self, token: str | None) -> AsyncWebClient:
        return AsyncWebClient(
            token=token,
            base_url=self._settings.api_url,
            timeout=int(self._settings.timeout_seconds) or 1,
            session=self._session,
            proxy=self._settings.proxy or None,
            retry_handlers=[],  # the SDK's own repeat a POST whose connection broke: two visible replies
        )

    def _handler(self, app: AsyncApp, app_token: str) -> AsyncSocketModeHandler:
        return AsyncSocketModeHandler(
            app,
            app_token,
            logger=_SDK_LOG,
            web_client=self._web_client(app_token),
            proxy=self._settings.proxy or None,
            ping_interval=PING_SECONDS,
        )

    def _listening_app(self, us: Identity) -> AsyncApp:
        async def authorize() -> AuthorizeResult:
            # Known since the start. Bolt's own look-up answers 200 when it fails: acknowledged, and lost.
            return AuthorizeResult(
                enterprise_id=us.enterprise_id or None,
                team_id=us.team_id,
                bot_id=us.bot_id or None,
                bot_user_id=us.user_id,
                bot_token=self._settings.bot_token.get_secret_value(),
            )

        app = AsyncApp(
            logger=_SDK_LOG,
            client=self._web_client(None),
            authorize=authorize,
            signing_secret=self._settings.signing_secret.get_secret_value() or "unused-in-socket-mode",
            # A listener that raises is not acknowledged, and Slack delivers again.
            process_before_response=True,
        )
        app.event("app_mention")(self._on_post)
        app.event("message")(self._on_post)
        app.action(STOP_ACTION)(self._on_stop)
        # What has no listener is never acknowledged, and Slack would repeat it.
        app.event(re.compile(".*"))(_acknowledge)
        app.action(re.compile(".*"))(_acknowledge)
        return app

    async def _on_post(self, body: dict[str, Any]) -> None:
        """Commit, nothing else: Slack is told that it arrived when this returns."""
        assert self._us is not None
        post = parse_post(body, self._us)
        if post is not None and (post.asks_us or await self._follows_up(post, self._us)):
            await self._accept(to_message(post, self._us, self._settings.dm_mode))

    async def _follows_up(self, post: Post, us: Identity) -> bool:
        """Whether a message without a mention goes on with a thread of ours, and not with somebody else in it."""
        if not self._settings.follow_ups or post.thread_ts is None:
            return False
        if post.speaks_to is not None and post.speaks_to != us.user_id:
            return False
        return await self._knows_thread(thread_key(post, self._settings.dm_mode))

    async def _on_stop(self, ack: Callable[[], Awaitable[None]], action: dict[str, Any]) -> None:
        await ack()
        self._stop_reply(str(action.get("value", "")))

    async def _patiently(self, call: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        backoff = 1.0
        while True:
            try:
                return await call()
            except RateLimited as error:
                await self._clock.sleep(error.retry_after_seconds)
            except (PlatformUnavailable, Ambiguous) as error:
                log.warning("slack_unreachable", code=error.code, retry_in=backoff, api_url=self._settings.api_url)
                await self._clock.sleep(backoff)
                backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)


async def _acknowledge(ack: Callable[[], Awaitable[None]]) -> None:
    await ack()
