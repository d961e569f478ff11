"""What an app posts to a response_url: five times in thirty minutes, to the place where the person acted."""

from typing import Any

from aiohttp import web

from bot.sandbox.blocks import validate_blocks
from bot.sandbox.cast import BOT_USER_ID
from bot.sandbox.clock import Ids
from bot.sandbox.errors import SlackError
from bot.sandbox.interactions import Interactions, ResponseUrl
from bot.sandbox.messages import Message
from bot.sandbox.text import normalize_posted
from bot.sandbox.workspace import Workspace


class ResponseUrls:
    def __init__(self, workspace: Workspace, interactions: Interactions, ids: Ids) -> None:
        self._workspace = workspace
        self._interactions = interactions
        self._ids = ids

    async def handle(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
            if not isinstance(body, dict):
                raise SlackError("invalid_payload")
            self._apply(self._interactions.use_response_url(request.match_info["key"]), body)
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        except SlackError as error:
            status = 404 if error.code in ("used_url", "expired_url") else 400
            return web.json_response({"ok": False, "error": error.code, **error.extra}, status=status)
        return web.Response(text="ok")

    def _apply(self, url: ResponseUrl, body: dict[str, Any]) -> None:
        channel = self._workspace.channel(url.channel)
        original = channel.ephemerals.get(url.message_ts) or channel.messages.get(url.message_ts)
        if original is not None and body.get("delete_original"):
            self._remove(original)
            return
        text = normalize_posted(str(body.get("text", "")))
        blocks = validate_blocks(body.get("blocks") or [], self._ids)
        if not text and not blocks:
            raise SlackError("no_text")
        if original is not None and body.get("replace_original"):
            self._replace(original, text, blocks)
            return
        only_for = None if body.get("response_type") == "in_channel" else url.user
        thread_ts = body.get("thread_ts") or url.thread_ts
        self._workspace.post(Message(channel.id, "", BOT_USER_ID, text, blocks, thread_ts, only_for=only_for))

    def _remove(self, original: Message) -> None:
        if original.only_for:
            self._workspace.drop_ephemeral(original)
        else:
            self._workspace.delete(original)

    def _replace(self, original: Message, text: str, blocks: list[dict[str, Any]]) -> None:
        def change(target: Message) -> None:
            target.text, target.blocks = text, blocks

        self._workspace.update(original, change, silent=original.only_for is not None)
