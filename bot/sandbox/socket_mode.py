"""Socket Mode: tickets, sockets, envelopes, acknowledgements, redelivery.

Owns every open socket and every envelope under way. Refuses to know what a payload means.
"""

import asyncio
import contextlib
import json
import random
import socket
import struct
from collections import deque
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.cast import APP_ID
from bot.sandbox.clock import Clock, Ids
from bot.sandbox.faults import FaultPlan
from bot.sandbox.feed import Change, Feed
from bot.sandbox.records import Ack
from bot.sandbox.settings import SandboxSettings

TICKET_SECONDS = 30.0


class SocketMode:
    def __init__(
        self, settings: SandboxSettings, faults: FaultPlan, feed: Feed, ids: Ids, rng: random.Random, clock: Clock
    ) -> None:
        self._settings = settings
        self._faults = faults
        self._feed = feed
        self._ids = ids
        self._rng = rng
        self._clock = clock
        self._tickets: dict[str, float] = {}
        self._sockets: list[web.WebSocketResponse] = []
        self._transports: dict[web.WebSocketResponse, asyncio.Transport] = {}
        self._waiting: dict[str, tuple[Ack, asyncio.Future[dict[str, Any]]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self.acks: deque[Ack] = deque(maxlen=settings.log_limit)

    @property
    def open_sockets(self) -> int:
        return len(self._sockets)

    # ── tickets and sockets ──────────────────────────────────────────────────

    def issue_ticket(self) -> str:
        ticket = self._ids.uuid()
        self._tickets[ticket] = self._clock() + TICKET_SECONDS
        return ticket

    async def link(self, request: web.Request) -> web.StreamResponse:
        """The websocket behind a ticket, until either side ends it."""
        expires = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if expires < self._clock():
            raise web.HTTPForbidden(text="invalid ticket")
        if self._faults.happens(self._faults.sockets.refuse):
            raise web.HTTPServiceUnavailable(text="refused by the fault plan")
        ws = web.WebSocketResponse(heartbeat=30.0)
        try:
            await ws.prepare(request)
        except ConnectionError:  # gone before its answer
            return web.Response()
        if len(self._sockets) >= self._settings.max_sockets:
            await self._say_goodbye(ws, "too_many_websockets")
            return ws
        await self._serve(ws, request)
        return ws

    async def _serve(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        transport = request.transport
        assert transport is not None, "a prepared websocket has a transport"
        self._sockets.append(ws)
        self._transports[ws] = transport
        dropper = self._drop_later(transport)
        self._publish("socket_opened")
        try:
            await self._say(ws, self._hello())
            async for frame in ws:
                if frame.type is WSMsgType.TEXT:
                    self._take_ack(frame.data)
        finally:
            if dropper is not None:
                dropper.cancel()
            self._forget(ws)

    def _drop_later(self, transport: asyncio.Transport) -> asyncio.TimerHandle | None:
        seconds = self._faults.sockets.drop_after_seconds
        return None if seconds is None else asyncio.get_running_loop().call_later(seconds, reset, transport)

    def _forget(self, ws: web.WebSocketResponse) -> None:
        if ws in self._transports:
            del self._transports[ws]
            self._sockets.remove(ws)
            self._publish("socket_closed")

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._sockets),
            "debug_info": {
                "host": "applink-sandbox",
                "build_number": 1,
                "approximate_connection_time": self._settings.approximate_connection_seconds,
            },
            "connection_info": {"app_id": APP_ID},
        }

    async def _say(self, ws: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionError):  # the peer went in between: the ack window will tell
            await ws.send_str(json.dumps(frame))

    async def _say_goodbye(self, ws: web.WebSocketResponse, reason: str) -> None:
        debug = {"host": "applink-sandbox"}
        await self._say(ws, {"type": "disconnect", "reason": reason, "debug_info": debug})
        if reason != "warning":  # a warning comes about ten seconds ahead; the socket still works
            await ws.close()

    async def disconnect(self, reason: str) -> None:
        """Sends `disconnect` to every socket; all reasons but `warning` close it.

        No envelope goes to a closing socket.
        """
        leaving = list(self._sockets)
        if reason != "warning":
            for ws in leaving:
                self._forget(ws)
        await asyncio.gather(*(self._say_goodbye(ws, reason) for ws in leaving))

    def kill(self) -> None:
        """Resets every connection without a word."""
        for ws, transport in list(self._transports.items()):
            reset(transport)
            self._forget(ws)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(ws.close() for ws in list(self._sockets)))

    # ── envelopes ────────────────────────────────────────────────────────────

    def deliver_event(self, body: dict[str, Any]) -> None:
        """Sends an Events API body in the background, again and again on Slack's schedule until it is acknowledged."""
        task = asyncio.get_running_loop().create_task(self._deliver_until_acked(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver_until_acked(self, body: dict[str, Any]) -> None:
        for attempt, wait in enumerate((0.0, *self._settings.redelivery_seconds)):
            await self._pause(wait + self._faults.rng.uniform(0.0, self._faults.deliveries.delay_seconds))
            if await self._attempt("events_api", body, attempt) is not None:
                break
        else:
            return
        for _ in range(self._repeats()):
            await self._pause(self._faults.rng.uniform(0.0, self._faults.deliveries.delay_seconds))
            await self._attempt("events_api", body, 1)

    def _repeats(self) -> int:
        """How often an envelope comes again although it was acknowledged."""
        deliveries = self._faults.deliveries
        drawn = self._faults.rng.randint(0, deliveries.repeats) if deliveries.repeats else 0
        return drawn + self._faults.happens(deliveries.duplicate)

    async def delivered(self) -> None:
        """Returns when every event was acknowledged or given up, and none is to come again."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            await asyncio.sleep(seconds)

    async def ask(self, kind: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """The payload of the ack of an `interactive` or `slash_commands` envelope; None if none came.

        Slack sends these once.
        """
        return await self._attempt(kind, payload, 0)

    async def _attempt(self, kind: str, payload: dict[str, Any], attempt: int) -> dict[str, Any] | None:
        """One delivery to one socket; the ack's payload ({} if it had none), or None.

        Without a socket the attempt has failed at once. If the socket dies the window runs on, as at Slack.
        """
        if not self._sockets:
            return None
        ws = self._rng.choice(self._sockets)
        ack = Ack(self._ids.uuid(), self._clock(), kind_of(kind, payload), attempt, payload.get("event_id"))
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[ack.envelope_id] = (ack, answer)
        self.acks.append(ack)
        self._publish("envelope", envelope=ack)
        if not self._faults.happens(self._faults.deliveries.drop):
            await self._say(ws, self._envelope(kind, payload, ack))
        try:
            return await asyncio.wait_for(answer, self._settings.ack_seconds)
        except TimeoutError:
            return None

    def _envelope(self, kind: str, payload: dict[str, Any], ack: Ack) -> dict[str, Any]:
        frame = {
            "envelope_id": ack.envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            frame |= {"retry_attempt": ack.attempt, "retry_reason": "timeout" if ack.attempt else ""}
        return frame

    def _take_ack(self, text: str) -> None:
        try:
            frame = json.loads(text)
            ack, answer = self._waiting.pop(frame["envelope_id"])
        except (ValueError, KeyError, TypeError):
            return  # Slack ignores what it does not know
        ack.acked_at = self._clock()
        ack.late = answer.done()
        if not ack.late:
            answer.set_result(frame.get("payload") or {})
        self._publish("ack", envelope=ack)

    def _publish(self, event: str, **data: Any) -> None:
        self._feed.publish(Change("log", data={"event": event, "sockets": len(self._sockets), **data}))


def kind_of(kind: str, payload: dict[str, Any]) -> str:
    """A short name of what an envelope carries, for logs and tests."""
    if kind == "events_api":
        event = payload["event"]
        return f"{event['type']}/{event['subtype']}" if event.get("subtype") else str(event["type"])
    return str(payload.get("type") or kind)


def reset(transport: asyncio.BaseTransport) -> None:
    """Ends a TCP connection with RST instead of FIN: the peer cannot know what became of its request."""
    raw = transport.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):  # closed in between
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if isinstance(transport, asyncio.Transport):
        transport.abort()
