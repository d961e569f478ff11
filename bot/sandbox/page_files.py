"""The page's files, read once at the start and served from memory.

Owns their types and the headers that fence the page in.
"""

import asyncio
from pathlib import Path

from aiohttp import web

_FOLDER = Path(__file__).parent / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class PageFiles:
    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    @classmethod
    async def load(cls) -> "PageFiles":
        return cls(await asyncio.to_thread(_read_all))

    async def index(self, request: web.Request) -> web.Response:
        return self._file("index.html")

    async def icon(self, request: web.Request) -> web.Response:
        return self._file("favicon.svg")

    async def file(self, request: web.Request) -> web.Response:
        return self._file(request.match_info["name"])

    def _file(self, name: str) -> web.Response:
        if name not in self._files:
            raise web.HTTPNotFound
        kind = _TYPES[Path(name).suffix]
        return web.Response(body=self._files[name], content_type=kind, charset="utf-8", headers=_HEADERS)


def _read_all() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in _FOLDER.iterdir() if path.suffix in _TYPES}
