"""Files on their way into a channel, as Slack takes them since `files.upload` went: announced, uploaded, finished.

Owns which step a file is at, and its bytes, in memory alone. What files.slack.com answers to a wrong length is not
documented; here it is 400, and the file is not there for whoever goes on.
Source: Slack's documentation "Working with files", slack_sdk `files_upload_v2`.
"""

import mimetypes
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.cast import BOT_USER_ID
from bot.sandbox.clock import Clock, Ids
from bot.sandbox.errors import SlackError
from bot.sandbox.faults import FaultPlan

UPLOAD = "upload"  # as a fault plan names the step that is no method


@dataclass(slots=True)
class File:
    """`content` is None until it was uploaded. `key` opens the one upload."""

    id: str
    name: str
    length: int
    key: str
    created: int
    title: str = ""
    content: bytes | None = None
    is_finished: bool = False

    def as_api(self, base_url: str) -> dict[str, Any]:
        kind = self.name.rpartition(".")[2].lower()
        address = f"{base_url}files/{self.id}/{quote(self.name)}"
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": mimetypes.guess_type(self.name)[0] or "application/octet-stream",
            "filetype": kind,
            "pretty_type": kind.upper(),
            "user": BOT_USER_ID,
            "editable": False,
            "size": self.length,
            "mode": "hosted",
            "is_external": False,
            "is_public": False,
            "url_private": address,
            "url_private_download": address,
        }


class Files:
    def __init__(self, ids: Ids, clock: Clock, faults: FaultPlan) -> None:
        self._ids = ids
        self._clock = clock
        self._faults = faults
        self._files: dict[str, File] = {}

    def announce(self, name: str, length: int) -> File:
        file = File(self._ids.of("F"), name, length, self._ids.of("", 40), int(self._clock()))
        self._files[file.id] = file
        return file

    def uploaded(self, file_id: str) -> File:
        """One that can be finished. Raises: SlackError file_not_found."""
        file = self._files.get(file_id)
        if file is None or file.content is None or file.is_finished:
            raise SlackError("file_not_found")
        return file

    async def take(self, request: web.Request) -> web.Response:
        """The bytes of one that was announced: all of them, once."""
        key = request.match_info["key"]
        file = next((one for one in self._files.values() if one.key == key and one.content is None), None)
        if file is None:
            return web.Response(status=HTTPStatus.NOT_FOUND, text="no such upload\n")
        if fault := self._faults.draw(UPLOAD):
            return web.Response(status=fault.status, text="upstream unavailable\n")
        content = bytearray()
        async for chunk in request.content.iter_any():
            content += chunk
            if len(content) > file.length:
                break
        if len(content) != file.length:
            return web.Response(status=HTTPStatus.BAD_REQUEST, text="not the length that was announced\n")
        file.content = bytes(content)
        return web.Response(text=f"OK - {file.length}")

    async def give(self, request: web.Request) -> web.Response:
        """For the page: never shown in it, always saved. (Slack asks for a token here; the page has none.)"""
        file = self._files.get(request.match_info["file"])
        if file is None or file.content is None or not file.is_finished:
            raise web.HTTPNotFound
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=file.content, content_type="application/octet-stream", headers=headers)
