"""The gate of the Web API: reads a call, checks its token, its rate and the fault plan, runs the method, writes it
down.

Owns HTTP and the log of calls. Refuses to know what methods do.
"""

import asyncio
from collections import deque
from typing import Any

from aiohttp import web

from bot.sandbox.cast import BOT_USER_ID
from bot.sandbox.errors import RateLimited, SlackError
from bot.sandbox.faults import Fault, FaultPlan
from bot.sandbox.feed import Change
from bot.sandbox.rate_limits import RateLimits, limit_key
from bot.sandbox.records import Call
from bot.sandbox.socket_mode import reset
from bot.sandbox.web_api import apps, assistant, chat, conversations, files, people, reactions, streams, views
from bot.sandbox.web_api.arguments import Arguments, read_arguments
from bot.sandbox.web_api.methods import Context, Method, Methods

METHODS = Methods().merge(
    *(family.methods for family in (apps, assistant, chat, conversations, files, people, reactions, streams, views))
)


class WebApi:
    def __init__(self, context: Context, limits: RateLimits, faults: FaultPlan) -> None:
        self._context = context
        self._limits = limits
        self._faults = faults
        self._closing = asyncio.Event()
        self.calls: deque[Call] = deque(maxlen=context.settings.log_limit)

    def close(self) -> None:
        """Ends calls that hang on purpose."""
        self._closing.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            arguments, token = await read_arguments(request)
        except SlackError as error:
            return self._answered(self._noted(name, {}), error)
        call = self._noted(name, arguments.values)
        fault = self._faults.draw(name)
        if fault is not None:
            call.fault = fault.kind
            early = await self._strike_before(fault, call, arguments, request)
            if early is not None:
                return early
        result = self._run(name, arguments, token)
        if fault is None or isinstance(result, RateLimited):  # who is told to wait must hear of it
            return self._answered(call, result)
        return await self._strike_after(fault, call, result, request)

    # ── the way through ──────────────────────────────────────────────────────

    def _run(self, name: str, arguments: Arguments, token: str) -> dict[str, Any] | SlackError:
        method = METHODS.find(name)
        try:
            if method is None:
                raise SlackError("unknown_method", req_method=name)
            self._check_token(method, token)
            self._limits.admit(name, self._channel_of(arguments))
            return method.function(self._context, arguments)
        except SlackError as error:
            return error

    def _check_token(self, method: Method, token: str) -> None:
        settings = self._context.settings
        if method.token == "none":
            return
        if not token:
            raise SlackError("not_authed")
        if token not in (settings.bot_token, settings.app_token):
            raise SlackError("invalid_auth")
        expected = settings.bot_token if method.token == "bot" else settings.app_token
        if token != expected and method.name != "auth.test":
            raise SlackError("not_allowed_token_type")
        if method.scope and method.scope not in settings.scopes:
            provided = ",".join(sorted(settings.scopes))
            raise SlackError("missing_scope", needed=method.scope, provided=provided)

    def _channel_of(self, arguments: Arguments) -> str:
        """One name for a channel, however the call names it: its limit is the channel's, not the name's."""
        name = arguments.text("channel")
        workspace = self._context.workspace
        if name in workspace.people:
            return workspace.dm_with(name).id
        for channel in workspace.channels.values():
            if channel.name and channel.name == name.removeprefix("#"):
                return channel.id
        return name

    # ── faults ───────────────────────────────────────────────────────────────

    async def _strike_before(
        self, fault: Fault, call: Call, arguments: Arguments, request: web.Request
    ) -> web.StreamResponse | None:
        """The answer in place of the method's, if the fault comes before the commit."""
        match fault.kind:
            case "rate_limited":
                key = limit_key(call.method, self._channel_of(arguments))
                return self._answered(call, self._limits.refuse(key, fault.retry_after))
            case "server_error":
                return self._unavailable(call, fault.status)
            case "refused":
                return self._answered(call, SlackError(fault.error))
            case "reset_before_commit":
                return self._reset(call, request)
            case "hang_before_commit":
                await self._hang(fault.seconds)
                return self._unavailable(call, 503)  # never committed, however late the answer
        return None

    async def _strike_after(
        self, fault: Fault, call: Call, result: dict[str, Any] | SlackError, request: web.Request
    ) -> web.StreamResponse:
        """The method has run; what the caller hears of it."""
        match fault.kind:
            case "reset_after_commit":
                return self._reset(call, request)
            case "server_error_after_commit":
                return self._unavailable(call, fault.status)
            case "hang_after_commit":
                await self._hang(fault.seconds)
        return self._answered(call, result)

    async def _hang(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return

    def _unavailable(self, call: Call, status: int) -> web.Response:
        self._close_call(call, status, f"http_{status}")
        return web.Response(status=status, text="upstream unavailable\n")

    def _reset(self, call: Call, request: web.Request) -> web.Response:
        self._close_call(call, 0, "connection_reset")
        if request.transport is not None:
            reset(request.transport)
        return web.Response()  # goes nowhere: the connection is gone

    # ── answers and the log ──────────────────────────────────────────────────

    def _answered(self, call: Call, result: dict[str, Any] | SlackError) -> web.Response:
        if not isinstance(result, SlackError):
            self._close_call(call, 200, None)
            return web.json_response({"ok": True, **result}, headers=self._scopes(call))
        status, headers = 200, self._scopes(call)
        if isinstance(result, RateLimited):
            status, headers = 429, {"Retry-After": str(result.retry_after)}
        self._close_call(call, status, result.code)
        return web.json_response({"ok": False, "error": result.code, **result.extra}, status=status, headers=headers)

    def _scopes(self, call: Call) -> dict[str, str]:
        """The header in which Slack says what a bot token may."""
        method = METHODS.find(call.method)
        is_bots = method is not None and method.token == "bot"
        return {"X-OAuth-Scopes": ",".join(sorted(self._context.settings.scopes))} if is_bots else {}

    def _noted(self, method: str, args: dict[str, Any]) -> Call:
        call = Call(self._context.clock(), method, args)
        self.calls.append(call)
        return call

    def _close_call(self, call: Call, status: int, error: str | None) -> None:
        call.status, call.error, call.answered_at = status, error, self._context.clock()
        self._context.workspace.feed.publish(Change("log", user=BOT_USER_ID, data={"event": "call", "call": call}))
