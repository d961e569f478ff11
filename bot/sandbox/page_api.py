"""What the page asks of the server: a live view of the workspace, and acts in a person's name.

Owns the page's websocket and its POSTs. It decides nothing: every act is an employee's, with the employee's rules.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.cast import BOT_USER_ID
from bot.sandbox.errors import SlackError
from bot.sandbox.feed import Change
from bot.sandbox.page_view import Frame, PageView, call_entry, envelope_entry

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

QUEUE_LIMIT = 2_000
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})

Act = Callable[[str, Mapping[str, Any]], Awaitable[Any]]


class PageApi:
    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._open: set[web.WebSocketResponse] = set()
        self._acts: dict[str, Act] = {
            "post": self._post,
            "edit": self._edit,
            "delete": self._delete,
            "react": self._react,
            "invite": self._invite,
            "click": self._click,
            "click_in_view": self._click_in_view,
            "command": self._command,
            "submit_view": self._submit_view,
            "close_view": self._close_view,
            "open_home": self._open_home,
            "stop": self._stop,
        }

    # ── live ─────────────────────────────────────────────────────────────────

    async def live(self, request: web.Request) -> web.StreamResponse:
        """Frames for one person until the page goes.

        A page that reads too slowly is cut off; it comes back for a fresh view.
        """
        self._require_same_origin(request)
        try:
            user = self._sandbox.workspace.person(request.query.get("user", "")).id
        except SlackError as error:
            raise web.HTTPNotFound(text=error.code) from error
        ws = web.WebSocketResponse(heartbeat=20.0)
        await ws.prepare(request)
        view, queue = PageView(self._sandbox, user), asyncio.Queue[Frame](QUEUE_LIMIT)
        queue.put_nowait(view.welcome())
        unsubscribe = self._sandbox.feed.subscribe(lambda change: _enqueue(request, queue, view, change))
        self._open.add(ws)
        writer = asyncio.get_running_loop().create_task(_write_frames(ws, queue))
        try:
            async for _ in ws:
                pass  # the page acts by POST; it says nothing here
        finally:
            unsubscribe()
            self._open.discard(ws)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return ws

    async def close(self, _: web.Application) -> None:
        await asyncio.gather(*(ws.close() for ws in list(self._open)))

    # ── acts ─────────────────────────────────────────────────────────────────

    async def act(self, request: web.Request) -> web.Response:
        """`{"act": "post", "user": "U…", …}` → `{"ok": true, "result": …}` or `{"ok": false, "error": code}`."""
        body = await self._read(request)
        act = self._acts.get(str(body.get("act")))
        if act is None:
            raise web.HTTPBadRequest(text=f"unknown act; known: {', '.join(self._acts)}")
        try:
            user = self._sandbox.workspace.person(str(body.get("user"))).id
            return web.json_response({"ok": True, "result": await act(user, body)})
        except KeyError as error:
            return web.json_response({"ok": False, "error": f"missing {error}"}, status=400)
        except SlackError as error:
            return web.json_response({"ok": False, "error": error.code})

    async def _post(self, user: str, body: Mapping[str, Any]) -> str:
        message = self._sandbox.employees.post(user, body["channel"], body["text"], body.get("thread_ts"))
        return message.ts

    async def _edit(self, user: str, body: Mapping[str, Any]) -> None:
        self._sandbox.employees.edit(user, body["channel"], body["ts"], body["text"])

    async def _delete(self, user: str, body: Mapping[str, Any]) -> None:
        self._sandbox.employees.delete(user, body["channel"], body["ts"])

    async def _react(self, user: str, body: Mapping[str, Any]) -> None:
        self._sandbox.employees.react(user, body["channel"], body["ts"], body["name"])

    async def _invite(self, user: str, body: Mapping[str, Any]) -> None:
        self._sandbox.employees.join(BOT_USER_ID, body["channel"])

    async def _click(self, user: str, body: Mapping[str, Any]) -> bool:
        where = (body["channel"], body["ts"], body["action_id"])
        return await self._sandbox.employees.click(user, *where, body.get("chosen"))

    async def _click_in_view(self, user: str, body: Mapping[str, Any]) -> bool:
        employees = self._sandbox.employees
        return await employees.click_in_view(user, body["view_id"], body["action_id"], body.get("chosen"))

    async def _command(self, user: str, body: Mapping[str, Any]) -> bool:
        return await self._sandbox.employees.command(user, body["channel"], body["command"], body.get("text", ""))

    async def _submit_view(self, user: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        return await self._sandbox.employees.submit_view(user, body["view_id"], body["values"])

    async def _close_view(self, user: str, body: Mapping[str, Any]) -> None:
        await self._sandbox.employees.close_view(user, body["view_id"])

    async def _open_home(self, user: str, body: Mapping[str, Any]) -> None:
        self._sandbox.employees.open_home(user, body.get("tab", "home"))

    async def _stop(self, user: str, body: Mapping[str, Any]) -> None:
        self._sandbox.employees.stop_session(user, body["channel"], body.get("thread_ts", ""))

    # ── for tests from outside the process ───────────────────────────────────

    async def faults(self, request: web.Request) -> web.Response:
        """Sets the fault plan; `{"kill_sockets": true}` and `{"disconnect": reason}` act at once."""
        body = await self._read(request)
        kill, reason = body.pop("kill_sockets", False), body.pop("disconnect", None)
        try:
            self._sandbox.faults.apply(body)
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        if kill:
            await self._sandbox.kill_sockets()
        if reason:
            await self._sandbox.disconnect_sockets(str(reason))
        return web.json_response({"ok": True})

    async def log(self, request: web.Request) -> web.Response:
        """Calls, envelopes and violations so far."""
        self._require_same_origin(request)
        sandbox = self._sandbox
        violations = [{"at": v.at, "method": v.method, "retry_at": v.retry_at} for v in sandbox.violations]
        return web.json_response(
            {
                "calls": [call_entry(call) for call in sandbox.calls],
                "envelopes": [envelope_entry(ack) for ack in sandbox.acks],
                "violations": violations,
                "sockets": sandbox.sockets,
            }
        )

    async def messages(self, request: web.Request) -> web.Response:
        """Every channel's messages by id, as the API shows them."""
        self._require_same_origin(request)
        return web.json_response({channel: self._sandbox.messages(channel) for channel in self._sandbox.channels})

    # ── the fence ────────────────────────────────────────────────────────────

    async def _read(self, request: web.Request) -> dict[str, Any]:
        self._require_same_origin(request)
        if request.content_type != "application/json":  # a foreign page cannot send this without asking first
            raise web.HTTPUnsupportedMediaType
        try:
            body = await request.json()
        except ValueError as error:
            raise web.HTTPBadRequest(text="not JSON") from error
        if not isinstance(body, dict):
            raise web.HTTPBadRequest(text="not an object")
        return body

    def _require_same_origin(self, request: web.Request) -> None:
        """Other sites must not act here through the visitor's browser, by a foreign origin or by a name they made
        up.
        """
        host = urlsplit(f"//{request.host}").hostname
        bound = self._sandbox.settings.host
        if bound not in ("0.0.0.0", "::") and host not in _LOCAL_HOSTS | {bound}:
            raise web.HTTPForbidden(text="unknown host")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="foreign origin")


async def _write_frames(ws: web.WebSocketResponse, queue: asyncio.Queue[Frame]) -> None:
    while True:
        await ws.send_json(await queue.get())


def _enqueue(request: web.Request, queue: asyncio.Queue[Frame], view: PageView, change: Change) -> None:
    try:
        for frame in view.frames_of(change):
            queue.put_nowait(frame)
    except asyncio.QueueFull:
        if request.transport is not None:
            request.transport.close()
