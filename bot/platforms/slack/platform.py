"""Slack as a platform: the parts of one connection, put together and taken apart in order."""

from collections.abc import Awaitable, Callable, Collection
from typing import Any

import aiohttp
import structlog
from aiohttp import web

from bot.clock import Clock
from bot.platforms.base import Capabilities, History, ReplySurface
from bot.platforms.errors import Ambiguous, PlatformUnavailable, RateLimited
from bot.platforms.slack.api import SlackApi
from bot.platforms.slack.background import Background
from bot.platforms.slack.clients import bolt_app, socket_handler, web_client
from bot.platforms.slack.command_surface import CommandSurface
from bot.platforms.slack.dialect import measured_length
from bot.platforms.slack.events import PLATFORM, Identity
from bot.platforms.slack.files import Files
from bot.platforms.slack.history import SlackHistory
from bot.platforms.slack.home import Home
from bot.platforms.slack.http_mode import HttpMode
from bot.platforms.slack.languages import Languages
from bot.platforms.slack.listeners import Listeners
from bot.platforms.slack.private_surface import PrivateSurface
from bot.platforms.slack.response_urls import ResponseUrls
from bot.platforms.slack.settings import SlackSettings
from bot.platforms.slack.sockets import SocketPool
from bot.platforms.slack.status import Sessions
from bot.platforms.slack.surface import SlackSurface
from bot.platforms.slack.surroundings import Delivery, Surroundings
from bot.platforms.slack.user_groups import UserGroups
from storage.looking_back import LookBackStore
from storage.records import Reply

log = structlog.get_logger(__name__)

CAPABILITIES = Capabilities(
    # Tier 3 is 50 a minute for chat.update in the whole workspace; two less, for the clocks' difference.
    edits_per_minute=48,
    min_edit_interval_seconds=1.0,
    # chat.update takes 4,000 characters of text. Cutting there keeps text and blocks equal.
    max_length=3_900,
    length_of=measured_length,
)
LONGEST_BACKOFF_SECONDS = 60.0


class SlackPlatform:
    """Implements `Platform`. `language`: [answers] language; `on_reconnect` hears when events may have been missed."""

    name = PLATFORM
    capabilities = CAPABILITIES

    def __init__(
        self,
        settings: SlackSettings,
        delivery: Delivery,
        record: LookBackStore,
        language: str,
        clock: Clock,
        on_reconnect: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._delivery = delivery
        self._record = record
        self._on_reconnect = on_reconnect
        self._language = language
        self._clock = clock
        self._background = Background()
        self._http = HttpMode(settings.signing_secret.get_secret_value(), clock) if settings.mode == "http" else None
        self._connection: _Connection | None = None
        self._sockets: SocketPool | None = None
        self._history: SlackHistory | None = None

    @property
    def history(self) -> History | None:
        """From the start on: before, nobody knows who we are."""
        return self._history

    def routes(self) -> list[web.RouteDef]:
        """For the service's own HTTP server; none in Socket Mode."""
        return self._http.routes() if self._http is not None else []

    async def start(self) -> None:
        """Check the tokens, then take events. Waits as long as Slack cannot be reached.

        Raises: PlatformUnauthorized, at once, when Slack refuses a token: trying again would not help.
        """
        api = self._connect().api
        answer = await self._patiently(lambda: api.call(api.client.auth_test))
        us = Identity(
            user_id=str(answer.get("user_id", "")),
            bot_id=str(answer.get("bot_id", "")),
            team_id=str(answer.get("team_id", "")),
            enterprise_id=str(answer.get("enterprise_id") or ""),
            url=str(answer.get("url") or ""),
        )
        app = bolt_app(self._settings, us)
        self._listeners(us).register(app)
        if self._http is not None:
            self._http.open(app)
        else:
            app_token = self._settings.app_token.get_secret_value()
            ticket = await self._patiently(lambda: api.call(api.client.apps_connections_open, app_token=app_token))
            session = self._connect().session
            self._sockets = SocketPool(
                lambda: socket_handler(app, self._settings, session),
                self._settings.sockets,
                self._clock,
                self._on_reconnect,
            )
            await self._sockets.start(str(ticket["url"]))
        self._history = SlackHistory(api, us, self._settings, self._record, self._clock)
        log.info("slack_connected", team=answer.get("team"), user=answer.get("user"), mode=self._settings.mode)

    @property
    def is_ready(self) -> bool:
        if self._http is not None:
            return self._http.is_open
        return self._sockets is not None and self._sockets.open_sockets > 0

    def surface(self, reply: Reply) -> ReplySurface:
        connection = self._connect()
        if "command" in reply.address:
            return CommandSurface(connection.api, connection.urls, reply, self._clock)
        if reply.is_private:
            return PrivateSurface(connection.api, reply)
        return SlackSurface(connection.api, reply, sessions=connection.sessions)

    async def groups_of(self, user: str, among: Collection[str]) -> frozenset[str]:
        return await self._connect().user_groups.with_member(user, among)

    async def stop_intake(self) -> None:
        if self._http is not None:
            self._http.close()
        if self._sockets is not None:
            await self._sockets.close()
            self._sockets = None

    async def stop(self) -> None:
        await self.stop_intake()
        await self._background.close()
        if self._connection is not None:
            await self._connection.session.close()

    def _connect(self) -> "_Connection":
        """Made when it is first needed: replies of last time are taken up before Slack is reached."""
        if self._connection is None:
            self._connection = _Connection(self._settings, self._background, self._clock)
        return self._connection

    def _listeners(self, us: Identity) -> Listeners:
        connection = self._connect()
        languages = Languages(connection.api, self._language)
        around = Surroundings(
            api=connection.api,
            urls=connection.urls,
            home=Home(
                connection.api,
                us,
                self._delivery.last_questions,
                self._delivery.privacy.notice,
                languages,
                self._clock,
            ),
            sessions=connection.sessions,
            languages=languages,
            user_groups=connection.user_groups,
            files=connection.files,
            background=self._background,
        )
        return Listeners(self._settings, us, self._delivery, around, self._clock)

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


class _Connection:
    """What speaks to Slack, all over one HTTP session."""

    def __init__(self, settings: SlackSettings, background: Background, clock: Clock) -> None:
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=settings.timeout_seconds))
        client = web_client(settings, self.session, settings.bot_token.get_secret_value())
        self.api = SlackApi(client, clock)
        self.urls = ResponseUrls(self.session, settings.proxy)
        self.files = Files(self.api, self.session, settings.proxy)
        self.sessions = Sessions(self.api, background, clock)
        self.user_groups = UserGroups(self.api, clock)
