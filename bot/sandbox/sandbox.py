"""The sandbox as a whole: makes the parts, wires them, and is the surface that tests hold.

Owns the order of opening and closing. Every rule lives in a part.
"""

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from bot.sandbox.cast import BOT_USER_ID, Person
from bot.sandbox.clock import Clock, Ids
from bot.sandbox.employees import Employees
from bot.sandbox.events import Events
from bot.sandbox.faults import FaultPlan
from bot.sandbox.feed import Change, Feed
from bot.sandbox.files import Files
from bot.sandbox.http_server import build_application
from bot.sandbox.interactions import Interactions
from bot.sandbox.messages import Channel
from bot.sandbox.rate_limits import RateLimits
from bot.sandbox.records import Ack, Call, Version, Violation
from bot.sandbox.response_urls import ResponseUrls
from bot.sandbox.settings import SandboxSettings
from bot.sandbox.socket_mode import SocketMode
from bot.sandbox.statuses import Statuses
from bot.sandbox.store import Store
from bot.sandbox.transcript import transcript
from bot.sandbox.views import Views
from bot.sandbox.web_api.methods import Context
from bot.sandbox.web_api.server import WebApi
from bot.sandbox.workspace import Workspace

T = TypeVar("T")


class Sandbox:
    def __init__(self, settings: SandboxSettings | None = None, *, clock: Clock = time.time, seed: int = 0) -> None:
        self.settings = settings or SandboxSettings()
        self._clock = clock
        self._seed = seed
        self._rng = random.Random(seed)
        ids = Ids(self._rng, clock)
        self._feed = Feed()
        self.faults = FaultPlan(random.Random(f"faults {seed}"))
        self.workspace = Workspace(clock, self._feed)
        self.limits = RateLimits(self.settings, clock)
        self._socket_mode = SocketMode(self.settings, self.faults, self._feed, ids, self._rng, clock)
        self.statuses = Statuses(self._feed, clock, self.settings.status_seconds)
        self.views = Views(self._feed, ids)
        self._interactions = Interactions(self.workspace, self.views, ids, clock, self._socket_mode.ask)
        self.employees = Employees(self.workspace, self._interactions, self.views, ids)
        self._response_urls = ResponseUrls(self.workspace, self._interactions, ids)
        self._events = Events(self.workspace, self.settings.subscriptions, ids, self._rng, clock)
        self.files = Files(ids, clock, self.faults)
        self._context = Context(
            self.settings,
            self.workspace,
            self.statuses,
            self.views,
            self._interactions,
            self._socket_mode,
            self.files,
            ids,
            clock,
        )
        self._web_api: WebApi | None = None
        self._store: Store | None = None
        self._runner: web.AppRunner | None = None
        self._changed: asyncio.Event = asyncio.Event()
        self._feed.subscribe(self._on_change)

    # ── opening and closing ──────────────────────────────────────────────────

    async def start(self) -> None:
        """Binds and serves. Raises: OSError if the port is taken, ValueError if state_file is not a workspace."""
        await self._open_store()
        self._web_api = WebApi(self._context, self.limits, self.faults)
        application = await build_application(self, self._web_api, self._socket_mode, self._response_urls)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.settings.host, self.settings.port).start()
        except OSError:
            await self.close()
            raise
        self._interactions.base_url = self.public_url

    async def _open_store(self) -> None:
        if self.settings.state_file is None:
            return
        self._store = Store(Path(self.settings.state_file), self.workspace.as_state, self.settings.save_delay_seconds)
        state = await self._store.load()
        if state is not None:
            try:
                self.workspace.restore(state)
            except (KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"{self.settings.state_file} is not a workspace of this version") from error
            # The same seed must not draw the ids of last time again.
            self._rng.seed(f"{self._seed} {state['last_microseconds']}")
        self._store.start()

    async def close(self) -> None:
        if self._web_api is not None:
            self._web_api.close()
        await self._socket_mode.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._store is not None:
            await self._store.close()

    async def __aenter__(self) -> "Sandbox":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _on_change(self, change: Change) -> None:
        for body in self._events.of(change):
            self._socket_mode.deliver_event(body)
        if self._store is not None and change.kind != "log":
            self._store.touch()
        self._changed.set()

    # ── where and who ────────────────────────────────────────────────────────

    @property
    def url(self) -> str:
        assert self._runner is not None, "start() first"
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}/"

    @property
    def public_url(self) -> str:
        return self.settings.public_url or self.url

    @property
    def api_url(self) -> str:
        return self.public_url + "api/"

    @property
    def bot_token(self) -> str:
        return self.settings.bot_token

    @property
    def app_token(self) -> str:
        return self.settings.app_token

    @property
    def bot_user_id(self) -> str:
        return BOT_USER_ID

    @property
    def people(self) -> dict[str, Person]:
        """By user id, in a fixed order."""
        return self.workspace.people

    @property
    def channels(self) -> dict[str, Channel]:
        """By channel id, DMs with the bot last."""
        return self.workspace.channels

    def dm_with(self, user: str) -> str:
        """The id of the DM between a person and the bot."""
        return self.workspace.dm_with(user).id

    # ── acting as a person ───────────────────────────────────────────────────

    async def post_as(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """The ts of what `user` wrote.

        "@inthread" and "<@U0INTHREAD>" are mentions; all else is escaped as Slack does.
        """
        return self.employees.post(user, channel, text, thread_ts).ts

    async def edit_as(self, user: str, channel: str, ts: str, text: str) -> None:
        self.employees.edit(user, channel, ts, text)

    async def delete_as(self, user: str, channel: str, ts: str) -> None:
        self.employees.delete(user, channel, ts)

    async def click(self, user: str, channel: str, ts: str, action_id: str, chosen: Any = None) -> bool:
        """Whether the app acknowledged in time.

        `chosen`: "positive" or "negative" of feedback buttons, or an option.
        """
        return await self.employees.click(user, channel, ts, action_id, chosen)

    # ── looking ──────────────────────────────────────────────────────────────

    def messages(self, channel: str, thread_ts: str | None = None) -> list[dict[str, Any]]:
        """As the API would show them, with metadata, oldest first: the whole channel with its replies, or one
        thread.
        """
        found = self.workspace.channel(channel)
        chosen = found.thread(thread_ts) if thread_ts else iter(found.messages.values())
        return [self.workspace.shown(message, include_metadata=True) for message in chosen]

    def ephemerals(self, channel: str, user: str) -> list[dict[str, Any]]:
        """What only `user` sees in a channel."""
        found = self.workspace.channel(channel).ephemerals.values()
        return [self.workspace.shown(message) for message in found if message.only_for == user]

    def history_of(self, channel: str, ts: str) -> list[Version]:
        """Every version that a message had, also after its deletion. Raises: SlackError message_not_found."""
        found = self.workspace.channel(channel)
        message = found.tombs.get(ts) or found.ephemerals.get(ts) or self.workspace.message(channel, ts)
        return list(message.versions)

    @property
    def calls(self) -> list[Call]:
        return list(self._web_api.calls) if self._web_api is not None else []

    @property
    def acks(self) -> list[Ack]:
        return list(self._socket_mode.acks)

    @property
    def violations(self) -> list[Violation]:
        return self.limits.violations

    @property
    def sockets(self) -> int:
        return self._socket_mode.open_sockets

    async def until(self, predicate: Callable[[], T], timeout: float = 10.0) -> T:  # noqa: ASYNC109 - the tests' habit
        """The first truthy value of `predicate`, looked at after every change.

        Raises: TimeoutError with a transcript of the workspace.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (value := predicate()):
                    self._changed.clear()
                    await self._changed.wait()
                return value
        except TimeoutError:
            raise TimeoutError(f"still waiting after {timeout} s\n{self.describe()}") from None

    async def delivered(self) -> None:
        """Returns when no event is on its way any more, or to come again."""
        await self._socket_mode.delivered()

    def describe(self) -> str:
        last = "\n".join(f"  {call.method} {call.status} {call.error or ''}" for call in self.calls[-10:])
        return f"{transcript(self.workspace)}\nsockets: {self.sockets}\nlast calls:\n{last or '  none'}"

    # ── doing harm ───────────────────────────────────────────────────────────

    async def disconnect_sockets(self, reason: str = "refresh_requested") -> None:
        await self._socket_mode.disconnect(reason)

    async def kill_sockets(self) -> None:
        self._socket_mode.kill()

    # ── for the page ─────────────────────────────────────────────────────────

    @property
    def feed(self) -> Feed:
        return self._feed

    @property
    def now(self) -> float:
        return self._clock()


async def serve(
    settings: SandboxSettings,
    *,
    clock: Clock = time.time,
    stopping: asyncio.Event | None = None,
    on_start: Callable[[Sandbox], None] | None = None,
) -> None:
    """Serves until `stopping` is set or the task is cancelled.

    `on_start` gets the bound sandbox, to say where it is.
    """
    sandbox = Sandbox(settings, clock=clock, seed=int(clock() * 1000))
    async with sandbox:
        if on_start is not None:
            on_start(sandbox)
        await (stopping or asyncio.Event()).wait()
