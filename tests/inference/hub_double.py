"""ModelScope, as its SDK 1.40.2 sees it over HTTP: the file list and the files, on loopback, with faults to order.

Source: modelscope_hub `_legacy_api.py` (paths, parameters, the envelope around the list) and `_download.py` (ranges).
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_LIST = re.compile(r"/api/v1/models/([^/]+/[^/]+)/repo/files")
_FILE = re.compile(r"/api/v1/models/([^/]+/[^/]+)/repo")


class HubDouble:
    """Repositories by id and revision. `requests` are the downloads so far: file name and Range header."""

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], dict[str, bytes]] = {}
        self.announces_sha256 = True
        self.requests: list[tuple[str, str]] = []
        self.other_bytes: dict[str, bytes] = {}  # what is sent instead of what was announced
        self.drop_after: dict[str, list[int]] = {}  # file name to the bytes after which its next sends break off
        self.endpoint = ""

    def listing(self, files: dict[str, bytes]) -> list[dict[str, Any]]:
        return [{"Path": "sub", "Name": "sub", "Type": "tree", "Size": 0}] + [
            {
                "Path": name,
                "Name": name,
                "Type": "blob",
                "Size": len(body),
                "Sha256": hashlib.sha256(body).hexdigest() if self.announces_sha256 else "",
            }
            for name, body in files.items()
        ]

    def downloads(self) -> list[str]:
        return sorted(name for name, _ in self.requests)


class _Handler(BaseHTTPRequestHandler):
    hub: HubDouble
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._send(200, b"")

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if match := _LIST.fullmatch(url.path):
            self._on_repository(match[1], query, self._send_list)
        elif match := _FILE.fullmatch(url.path):
            self._on_repository(match[1], query, lambda files: self._send_file(files, query["FilePath"]))
        else:
            self._send_json(404, {"Code": 404, "Message": "no such page", "Success": False})

    def _on_repository(self, model: str, query: dict[str, str], answer: Callable[[dict[str, bytes]], None]) -> None:
        files = self.hub.repositories.get((model, query["Revision"]))
        if files is None:
            self._send_json(404, {"Code": 10010205001, "Message": "model not found", "Success": False})
        else:
            answer(files)

    def _send_list(self, files: dict[str, bytes]) -> None:
        data = {"Files": self.hub.listing(files), "IsVisual": 1}
        self._send_json(200, {"Code": 200, "Data": data, "Message": "success", "Success": True})

    def _send_file(self, files: dict[str, bytes], name: str) -> None:
        span = self.headers.get("Range", "")
        self.hub.requests.append((name, span))
        body = self.hub.other_bytes.get(name, files[name])
        start = int(span.removeprefix("bytes=").removesuffix("-")) if span else 0
        headers = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if span else {}
        drops = self.hub.drop_after.get(name)
        self._send(206 if span else 200, body[start:], headers, drop_after=drops.pop(0) if drops else None)

    def _send_json(self, status: int, values: Any) -> None:
        self._send(status, json.dumps(values).encode(), {"Content-Type": "application/json"})

    def _send(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, drop_after: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:drop_after])
        self.close_connection = drop_after is not None

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serve_hub() -> Iterator[HubDouble]:
    hub = HubDouble()
    handler = type("Handler", (_Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
