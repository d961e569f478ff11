"""The browser chat as a platform: opens its parts, says which routes there are, hands out surfaces.

A channel is a person, a thread is one of their conversations: what one asks, nobody else can look up.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

import structlog
from aiohttp import web

from bot.browsers import is_loopback
from bot.clock import Clock
from bot.conversation.settings import AnswerSettings
from bot.delivery.final_content import Furnishing
from bot.platforms.base import Capabilities, History
from bot.platforms.web.api import Delivery, Stores, WebApi
from bot.platforms.web.errors import not_found, not_now
from bot.platforms.web.fence import Fence, Handler
from bot.platforms.web.hub import Hub
from bot.platforms.web.own_data import OwnDataApi
from bot.platforms.web.page_files import PageFiles, load_files
from bot.platforms.web.sessions import PLATFORM, Sessions, load_key
from bot.platforms.web.settings import WebSettings
from bot.platforms.web.stream import stream
from bot.platforms.web.surface import WebSurface
from bot.platforms.web.views import Views
from storage.records import Reply

log = structlog.get_logger(__name__)

CAPABILITIES = Capabilities(
    # No platform counts with us; a page skips what it cannot read in time.
    edits_per_minute=100_000,
    min_edit_interval_seconds=0.15,
    max_length=sys.maxsize,
    length_of=len,
)
STARTING = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">'
    "<title>Starting…</title><p>Starting… · 正在启动…"
)


class WebPlatform:
    """Implements `Platform`. `host`: the address that its routes are served on."""

    name = PLATFORM
    capabilities = CAPABILITIES

    def __init__(
        self,
        settings: WebSettings,
        answers: AnswerSettings,
        furnishing: Furnishing,
        *,
        host: str,
        key_path: Path,
        stores: Stores,
        delivery: Delivery,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._host = host
        self._key_path = key_path
        self._stores = stores
        self._delivery = delivery
        self._clock = clock
        self._hub = Hub(clock)
        self._views = Views(self._hub, answers, furnishing)
        self._fence = Fence(settings, host)
        self._page: PageFiles | None = None
        self._sessions: Sessions | None = None
        self._api: WebApi | None = None
        self._own_data: OwnDataApi | None = None
        self._is_open = False

    async def start(self) -> None:
        """Raises: StartFailed, when the signing key cannot be had."""
        key = await asyncio.to_thread(load_key, self._key_path)
        self._page = PageFiles(await asyncio.to_thread(load_files), self._settings)
        sessions = self._sessions = Sessions(key, self._settings)
        self._own_data = OwnDataApi(self._delivery.privacy, sessions, self._clock)
        self._api = WebApi(
            settings=self._settings,
            sessions=sessions,
            stores=self._stores,
            views=self._views,
            hub=self._hub,
            delivery=self._delivery,
            own_data=self._own_data,
            clock=self._clock,
        )
        self._is_open = True
        if not is_loopback(self._host):
            log.warning(
                "web_chat_open_to_the_network",
                host=self._host,
                hint="everybody who reaches this address can sign in with any name; put TLS and a sign-in in front, "
                'or set [service] host = "127.0.0.1"',
            )

    @property
    def is_ready(self) -> bool:
        return self._is_open

    def surface(self, reply: Reply) -> WebSurface:
        return WebSurface(self._hub, reply)

    def forget(self, user: str) -> None:
        """They were erased: nothing of theirs stays in memory, and their pages hear of it."""
        self._views.forget()
        self._hub.erase(user)

    async def groups_of(self, user: str, among: Collection[str]) -> frozenset[str]:
        return frozenset()  # whoever signs in is whoever they say

    async def stop_intake(self) -> None:
        self._is_open = False

    async def stop(self) -> None:
        """After the last text was shown: end what still listens."""
        self._is_open = False
        self._hub.close()

    @property
    def history(self) -> History | None:
        return None

    def routes(self) -> list[web.RouteDef]:
        page, api, own = self._fence.page, self._fence.api, self._call_own
        return [
            web.get("/", page(self._index)),
            web.get("/web/page/{name}", page(self._file)),
            web.get("/web/me", api(self._call(WebApi.me))),
            web.get("/web/threads", api(self._call(WebApi.threads))),
            web.get("/web/threads/{thread}", api(self._call(WebApi.thread))),
            web.get("/web/stream", api(self._stream), allow_head=False),
            web.get("/web/own-data", api(own(OwnDataApi.shown))),
            web.get("/web/own-data/file", api(own(OwnDataApi.take)), allow_head=False),
            web.post("/web/own-data/erase", api(own(OwnDataApi.erase))),
            web.post("/web/notice", api(own(OwnDataApi.told))),
            web.post("/web/sign-in", api(self._call(WebApi.sign_in))),
            web.post("/web/sign-out", api(self._call(WebApi.sign_out))),
            web.post("/web/questions", api(self._call(WebApi.ask))),
            web.post("/web/replies/{reply}/stop", api(self._call(WebApi.stop))),
            web.post("/web/replies/{reply}/again", api(self._call(WebApi.again))),
            web.post("/web/replies/{reply}/choose", api(self._call(WebApi.choose))),
            web.post("/web/replies/{reply}/ask-people", api(self._call(WebApi.ask_people))),
            web.post("/web/replies/{reply}/feedback", api(self._call(WebApi.judge))),
            web.route("*", "/web/{rest:.*}", api(_nothing)),
        ]

    async def _index(self, request: web.Request) -> web.StreamResponse:
        if self._page is None:
            return web.Response(text=STARTING, content_type="text/html", status=503)
        return await self._page.index(request)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if self._page is None:
            raise not_now()
        return await self._page.file(request)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if self._sessions is None:
            raise not_now()
        user = self._sessions.require(request)
        if not self._is_open:
            raise not_now()
        return await stream(request, self._hub, user.user_id)

    def _call(self, act: Callable[[WebApi, web.Request], Awaitable[web.StreamResponse]]) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            return await act(self._opened(), request)

        return handler

    def _call_own(self, act: Callable[[OwnDataApi, web.Request], Awaitable[web.StreamResponse]]) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            if self._own_data is None:
                raise not_now()
            return await act(self._own_data, request)

        return handler

    def _opened(self) -> WebApi:
        if self._api is None:
            raise not_now()
        return self._api


async def _nothing(_request: web.Request) -> web.StreamResponse:
    raise not_found()
