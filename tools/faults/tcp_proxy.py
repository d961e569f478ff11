"""A TCP proxy on loopback that breaks connections as networks do, below HTTP and websockets.

Faults are drawn by a seeded generator whenever a client has sent something, so that each strikes a request: what became
of it at the other side is known here and unknown to the client.
"""

import asyncio
import contextlib
import random
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from urllib.parse import urlsplit

from bot.sandbox.socket_mode import reset

CHUNK_BYTES = 65_536


class Harm(StrEnum):
    """What happens to a connection when its client sends."""

    RESET_BEFORE = "reset before the request is passed on"
    RESET_AFTER = "reset when the response begins to come"
    CUT = "closed in the middle of the response"
    CLOSE_AFTER_BYTES = "closed after some bytes of the response"
    STALL = "nothing moves for a while"
    DELAY = "the request waits a little"
    BLACK_HOLE = "nothing moves any more, and nobody says so"


@dataclass(frozen=True, slots=True)
class Weather:
    """`chances` of each harm per request. Stalls and delays last up to their seconds, evenly drawn."""

    chances: Mapping[Harm, float] = field(default_factory=dict)
    stall_seconds: float = 1.0
    delay_seconds: float = 0.1
    close_after_bytes: int = 20


class TcpProxy:
    """`async with TcpProxy(seed) as proxy`, then `proxy.lead_to(url)`."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"proxy {seed}")
        self._server: asyncio.Server | None = None
        self._links: dict[asyncio.Task[None], _Link] = {}
        self.target = ("127.0.0.1", 0)  # nobody
        self.weather = Weather()
        self.next_harms: deque[Harm] = deque()
        """These strike first, one each, in order."""
        self.done: Counter[Harm] = Counter()

    async def __aenter__(self) -> "TcpProxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None, "open it first"
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}/"

    def lead_to(self, url: str) -> None:
        """`url`: http://HOST:PORT/"""
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self.target = (parts.hostname, parts.port)

    def draw(self) -> Harm | None:
        """What strikes this request, if anything."""
        harm = self.next_harms.popleft() if self.next_harms else self._by_chance()
        if harm is not None:
            self.done[harm] += 1
        return harm

    def _by_chance(self) -> Harm | None:
        left = self._rng.random()
        for harm, chance in self.weather.chances.items():
            left -= chance
            if left < 0:
                return harm
        return None

    def up_to(self, seconds: float) -> float:
        return self._rng.uniform(0.0, seconds)

    def reset_all(self) -> None:
        """Every connection at once, whatever it carries."""
        for link in self._links.values():
            link.reset()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, reader, writer)
        task = asyncio.get_running_loop().create_task(link.run())
        self._links[task] = link
        task.add_done_callback(self._links.pop)


class _Link:
    """One connection: two pumps, and the harm that is to befall the response that comes next."""

    def __init__(self, proxy: TcpProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._client, self._to_client = reader, writer
        self._to_server: asyncio.StreamWriter | None = None
        self._pending: Harm | None = None
        self._flows = asyncio.Event()
        self._flows.set()

    async def run(self) -> None:
        try:
            server, self._to_server = await asyncio.open_connection(*self._proxy.target)
            pumps = {
                asyncio.ensure_future(self._pump_requests(self._to_server)),
                asyncio.ensure_future(self._pump_responses(server)),
            }
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        except OSError:
            self.reset()  # nobody there
        finally:
            for writer in (self._to_client, self._to_server):
                if writer is not None:
                    writer.close()

    async def _pump_requests(self, to_server: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await self._client.read(CHUNK_BYTES):
                if not await self._passes(self._proxy.draw()):
                    return
                to_server.write(data)
                await to_server.drain()

    async def _passes(self, harm: Harm | None) -> bool:
        """Whether the request goes on to the server."""
        match harm:
            case Harm.RESET_BEFORE:
                self.reset()
                return False
            case Harm.BLACK_HOLE:
                self._flows.clear()  # for the responses too
                while await self._client.read(CHUNK_BYTES):
                    pass
                return False  # the client has given up
            case Harm.STALL:
                self._flows.clear()
                await asyncio.sleep(self._proxy.up_to(self._proxy.weather.stall_seconds))
                self._flows.set()
            case Harm.DELAY:
                await asyncio.sleep(self._proxy.up_to(self._proxy.weather.delay_seconds))
            case _:
                self._pending = harm
        return True

    async def _pump_responses(self, server: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await server.read(CHUNK_BYTES):
                await self._flows.wait()
                match self._pending:
                    case Harm.RESET_AFTER:
                        self.reset()
                        return
                    case Harm.CUT:
                        data = data[: len(data) // 2]
                    case Harm.CLOSE_AFTER_BYTES:
                        data = data[: self._proxy.weather.close_after_bytes]
                self._to_client.write(data)
                await self._to_client.drain()
                if self._pending is not None:
                    return

    def reset(self) -> None:
        """Both sides learn nothing but that it is over."""
        for writer in (self._to_client, self._to_server):
            if writer is not None:
                reset(writer.transport)
