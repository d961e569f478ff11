"""Every harm of the proxy: what the client sees, and what reached the server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from tools.faults.tcp_proxy import Harm, TcpProxy, Weather

REQUEST, RESPONSE = b"a request\n", b"0123456789" * 4
SECONDS = 5.0


@dataclass
class Server:
    """Answers every line with RESPONSE."""

    heard: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                self.heard.append(line)
                writer.write(RESPONSE)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@pytest.fixture
def server() -> Server:
    return Server()


def url_of(listening: asyncio.Server) -> str:
    host, port = listening.sockets[0].getsockname()[:2]
    return f"http://{host}:{port}/"


@pytest.fixture
async def proxy(server: Server) -> AsyncIterator[TcpProxy]:
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening, TcpProxy(seed=1) as running:
        running.lead_to(url_of(listening))
        yield running


class Client:
    """One connection through the proxy."""

    def __init__(self, proxy: TcpProxy) -> None:
        self._proxy = proxy

    async def __aenter__(self) -> "Client":
        host, _, port = self._proxy.url.removeprefix("http://").strip("/").partition(":")
        self._reader, self._writer = await asyncio.open_connection(host, int(port))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, *, seconds: float = SECONDS) -> bytes:
        """What comes until the response is whole or the connection ends. Raises: ConnectionError, TimeoutError."""
        self._writer.write(REQUEST)
        received = b""
        async with asyncio.timeout(seconds):
            while len(received) < len(RESPONSE) and (data := await self._reader.read(1000)):
                received += data
        return received


async def test_in_fine_weather_everything_passes_and_the_connection_stays(proxy: TcpProxy, server: Server) -> None:
    async with Client(proxy) as client:
        assert [await client.ask(), await client.ask()] == [RESPONSE, RESPONSE]
    assert server.heard == [REQUEST, REQUEST]


@pytest.mark.parametrize(("harm", "heard"), [(Harm.RESET_BEFORE, []), (Harm.RESET_AFTER, [REQUEST])])
async def test_a_reset_tells_the_client_nothing(
    proxy: TcpProxy, server: Server, harm: Harm, heard: list[bytes]
) -> None:
    proxy.next_harms.append(harm)
    async with Client(proxy) as client:
        with pytest.raises(ConnectionResetError):
            await client.ask()
    assert server.heard == heard


@pytest.mark.parametrize(("harm", "left"), [(Harm.CUT, len(RESPONSE) // 2), (Harm.CLOSE_AFTER_BYTES, 7)])
async def test_a_response_ends_before_its_end(proxy: TcpProxy, server: Server, harm: Harm, left: int) -> None:
    proxy.weather = Weather(close_after_bytes=7)
    proxy.next_harms.append(harm)
    async with Client(proxy) as client:
        assert await client.ask() == RESPONSE[:left]
    assert server.heard == [REQUEST]


@pytest.mark.parametrize("harm", [Harm.STALL, Harm.DELAY])
async def test_what_waits_arrives_whole_in_the_end(proxy: TcpProxy, server: Server, harm: Harm) -> None:
    proxy.weather = Weather(stall_seconds=0.05, delay_seconds=0.05)
    proxy.next_harms.append(harm)
    async with Client(proxy) as client:
        assert await client.ask() == RESPONSE
    assert proxy.done[harm] == 1


async def test_in_a_black_hole_nothing_moves_and_nothing_ends(proxy: TcpProxy, server: Server) -> None:
    proxy.next_harms.append(Harm.BLACK_HOLE)
    async with Client(proxy) as client, Client(proxy) as other:
        with pytest.raises(TimeoutError):
            await client.ask(seconds=0.2)
        assert await other.ask() == RESPONSE, "other connections are not concerned"
    assert server.heard == [REQUEST]


async def test_a_harm_strikes_one_request(proxy: TcpProxy) -> None:
    proxy.next_harms.append(Harm.RESET_BEFORE)
    async with Client(proxy) as client:
        with pytest.raises(ConnectionResetError):
            await client.ask()
    async with Client(proxy) as client:
        assert await client.ask() == RESPONSE


async def test_all_connections_end_at_once(proxy: TcpProxy) -> None:
    async with Client(proxy) as one, Client(proxy) as other:
        assert [await one.ask(), await other.ask()] == [RESPONSE, RESPONSE]
        proxy.reset_all()
        for client in (one, other):
            with pytest.raises(ConnectionResetError):
                await client.ask()


async def test_a_server_that_is_away_looks_like_a_reset(proxy: TcpProxy) -> None:
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as gone:
        proxy.lead_to(url_of(gone))
    async with Client(proxy) as client:
        with pytest.raises(ConnectionError):
            await client.ask()


def test_the_same_seed_draws_the_same_weather() -> None:
    weather = Weather({Harm.CUT: 0.3, Harm.STALL: 0.2})
    drawn = []
    for _ in range(2):
        proxy = TcpProxy(seed=7)
        proxy.weather = weather
        drawn.append([proxy.draw() for _ in range(200)])

    assert drawn[0] == drawn[1]
    assert 40 <= drawn[0].count(Harm.CUT) <= 80
    assert 25 <= drawn[0].count(Harm.STALL) <= 55
    assert set(drawn[0]) == {Harm.CUT, Harm.STALL, None}
