"""The page's files, read once and served from memory; the shell with the settings filled in."""

import hashlib
import html
import json
from dataclasses import dataclass
from pathlib import Path
from string import Template

from aiohttp import web

from bot.browsers import preferred_language
from bot.platforms.web.errors import not_found
from bot.platforms.web.settings import WebSettings

_FOLDER = Path(__file__).parent / "page"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_SHELL = "index.html"
_CACHING = "no-cache"  # kept by the browser, but asked about each time: an update shows at once


@dataclass(frozen=True, slots=True)
class PageFile:
    body: bytes
    content_type: str
    etag: str


def load_files() -> dict[str, bytes]:
    """Blocks."""
    return {path.name: path.read_bytes() for path in _FOLDER.iterdir() if path.name == _SHELL or path.suffix in _TYPES}


class PageFiles:
    def __init__(self, files: dict[str, bytes], settings: WebSettings) -> None:
        self._settings = settings
        self._template = Template(files[_SHELL].decode())
        self._files = {
            name: _page_file(body, _TYPES[Path(name).suffix]) for name, body in files.items() if name != _SHELL
        }
        self._shells = {language: _page_file(self._shell(language), "text/html") for language in ("en", "zh")}

    async def index(self, request: web.Request) -> web.StreamResponse:
        """The same for everybody: who is signed in, the page asks for itself."""
        response = _serve(request, self._shells[self._language(request)])
        response.headers["Vary"] = "Accept-Language"
        return response

    async def file(self, request: web.Request) -> web.StreamResponse:
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise not_found()
        return _serve(request, file)

    def _shell(self, language: str) -> bytes:
        settings = self._settings
        values = {
            "language": "zh-CN" if language == "zh" else "en",
            "title": settings.title,
            "company": settings.company,
            "examples": json.dumps(settings.examples, ensure_ascii=False),
            "most_characters": str(settings.max_question_characters),
        }
        return self._template.substitute({key: html.escape(value) for key, value in values.items()}).encode()

    def _language(self, request: web.Request) -> str:
        if self._settings.language != "auto":
            return self._settings.language
        return preferred_language(request.headers.get("Accept-Language", ""))


def _page_file(body: bytes, content_type: str) -> PageFile:
    return PageFile(body, content_type, hashlib.sha256(body).hexdigest()[:32])


def _serve(request: web.Request, file: PageFile) -> web.StreamResponse:
    known = {etag.value for etag in request.if_none_match or ()}
    response = (
        web.Response(status=304)
        if file.etag in known
        else web.Response(body=file.body, content_type=file.content_type, charset="utf-8")
    )
    response.etag = file.etag
    response.headers["Cache-Control"] = _CACHING
    return response
