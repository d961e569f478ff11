"""Everything to Slack goes through the proxy that is set, and through no other."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from bot.platforms.slack.privacy import EXPORT_ACTION
from tests.scenarios.house import ALICE, GENERAL, House, scripted

ELSEWHERE = "http://slack.invalid/"  # a name that only the proxy knows


class Proxy:
    """A forward proxy on loopback: notes every request line, and leads all of them to one place."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream = await asyncio.open_connection(self._target.hostname, self._target.port)
        for source, sink, is_request in ((reader, upstream, True), (upstream_reader, writer, False)):
            pipe = asyncio.create_task(self._pipe(source, sink, is_request))
            self._pipes.add(pipe)

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_request: bool) -> None:
        try:
            while data := await source.read(65_536):
                line = data.split(b"\r\n", 1)[0].decode("latin-1")
                if is_request and line.endswith("HTTP/1.1"):
                    self.requests.append(line)
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.close()


@pytest.fixture
async def proxy(house: House) -> AsyncIterator[Proxy]:
    proxy = Proxy(house.sandbox.url)
    await proxy.start()
    yield proxy
    await house.stop()
    await proxy.close()


async def test_the_web_api_the_websocket_response_urls_and_files_go_through_the_proxy(
    house: House, proxy: Proxy
) -> None:
    house.sandbox._interactions.base_url = ELSEWHERE  # of tickets and response URLs
    await house.start(slack={"proxy": proxy.url, "api_url": f"{ELSEWHERE}api/"})
    ts = await house.ask(ALICE, GENERAL, "through the proxy")
    assert await house.answered(GENERAL, ts) == [scripted("through the proxy")]
    assert await house.sandbox.employees.command(ALICE, GENERAL, "/faq", "this too")
    await house.until(lambda: len(house.sandbox.ephemerals(GENERAL, ALICE)) == 2)
    channel = house.sandbox.dm_with(ALICE)
    await house.sandbox.post_as(ALICE, channel, "privacy")
    await house.until(lambda: house.ours(channel))
    await house.sandbox.employees.click(ALICE, channel, house.ours(channel)[0]["ts"], EXPORT_ACTION)
    await house.until(lambda: len(house.ours(channel)) == 2)

    asked = [urlsplit(line.split()[1]).path for line in proxy.requests]
    for path in ("/api/auth.test", "/api/chat.postMessage", "/link/", "/response/", "/upload/"):
        assert [line for line in asked if line.startswith(path)], path


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"])
async def test_proxies_of_the_environment_are_not_taken(
    house: House, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, proxy.url)
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "straight")

    assert await house.answered(GENERAL, ts) == [scripted("straight")]
    assert proxy.requests == []
