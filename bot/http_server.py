"""The service's own HTTP: health, readiness, metrics, and the routes that a platform brings along."""

import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from bot import metrics
from bot.errors import StartFailed

MOST_BODY_BYTES = 256 * 1024

Readiness = Callable[[], dict[str, bool]]
Status = Callable[[], Awaitable[dict[str, Any]]]


class HttpSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="Address to listen on. The default takes this machine only.")
    port: int = Field(default=8420, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")


class HttpServer:
    """Open between `start` and `close`."""

    def __init__(
        self,
        host: str,
        port: int,
        readiness: Readiness,
        status: Status,
        routes: Iterable[web.RouteDef] = (),
        unix_socket: Path | None = None,
    ) -> None:
        """`unix_socket`: listened on besides, for a proxy on this machine."""
        self._host = host
        self._port = port
        self._readiness = readiness
        self._status = status
        self._routes = routes
        self._unix_socket = unix_socket
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Raises: StartFailed, when the address is taken or not ours."""
        app = web.Application(client_max_size=MOST_BODY_BYTES)
        app.router.add_get("/healthz", _healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/statusz", self._statusz)
        app.router.add_get("/metrics", _metrics)
        app.router.add_routes(self._routes)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
            await self._listen_on_socket()
        except OSError as error:
            await self.close()
            raise StartFailed(
                f"cannot listen on {self._host}:{self._port} ({error.strerror or error}): "
                "is another service running? Change [service] port, or stop the other one"
            ) from error

    async def _listen_on_socket(self) -> None:
        """Raises: StartFailed. For this account and its group alone: whoever opens it is believed."""
        if (path := self._unix_socket) is None:
            return
        assert self._runner is not None
        try:
            if path.is_socket():
                path.unlink()  # of a process that has ended: one service runs here at a time
            await web.UnixSite(self._runner, str(path)).start()
            path.chmod(0o660)
        except OSError as error:
            await self.close()
            raise StartFailed(
                f"cannot listen on the socket {path} ({error.strerror or error}): change [admin] proxy_socket, "
                "or the permissions of its folder"
            ) from error

    @property
    def url(self) -> str:
        assert self._runner is not None
        host, port = next(address for address in self._runner.addresses if isinstance(address, tuple))[:2]
        return f"http://{host}:{port}/"

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _readyz(self, _request: web.Request) -> web.Response:
        """200 while questions are taken; which part is missing otherwise."""
        parts = self._readiness()
        ready = all(parts.values())
        return web.json_response({"ready": ready, **parts}, status=200 if ready else 503)

    async def _statusz(self, request: web.Request) -> web.Response:
        """For this machine alone, whatever address is listened on."""
        if not _is_from_here(request):
            raise web.HTTPNotFound
        return web.json_response(await self._status(), headers={"Cache-Control": "no-store"})


def _is_from_here(request: web.Request) -> bool:
    """From this machine, and not handed on by a proxy or by a page of another site under a name of its own."""
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "Origin")):
        return False
    try:
        return ipaddress.ip_address((request.remote or "").partition("%")[0]).is_loopback and (
            request.url.host == "localhost" or ipaddress.ip_address(request.url.host or "").is_loopback
        )
    except ValueError:
        return False


async def _healthz(_request: web.Request) -> web.Response:
    """200 as long as the event loop turns."""
    return web.json_response({"alive": True})


async def _metrics(_request: web.Request) -> web.Response:
    return web.Response(body=metrics.exposition(), headers={"Content-Type": metrics.CONTENT_TYPE})
