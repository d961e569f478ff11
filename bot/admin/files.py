"""The style and the few lines of script, read once and served from memory."""

import hashlib
from pathlib import Path

from aiohttp import web

from bot.admin.errors import not_found
from bot.admin.visits import Route, Visit

_FOLDER = Path(__file__).parent / "files"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def load_files() -> dict[str, bytes]:
    """Blocks."""
    return {path.name: path.read_bytes() for path in _FOLDER.iterdir() if path.suffix in _TYPES}


class Files:
    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def routes(self) -> list[Route]:
        return [Route("GET", "/admin/files/{name}", self.file, is_open=True)]

    async def file(self, visit: Visit) -> web.StreamResponse:
        body = self._files.get(visit.request.match_info["name"])
        if body is None:
            raise not_found()
        etag = hashlib.sha256(body).hexdigest()[:32]
        if etag in {one.value for one in visit.request.if_none_match or ()}:
            response = web.Response(status=304)
        else:
            suffix = Path(visit.request.match_info["name"]).suffix
            response = web.Response(body=body, content_type=_TYPES[suffix], charset="utf-8")
        response.etag = etag
        response.headers["Cache-Control"] = "no-cache"  # asked about each time: an update shows at once
        return response
