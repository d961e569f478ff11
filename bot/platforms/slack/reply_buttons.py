"""The buttons below our replies: what is done when one is pressed.

Each commits before it acknowledges, so that a press is lost to nobody; Slack tells the person when it was not taken.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp

from bot.conversation.phrases import Language, phrase
from bot.platforms.errors import PlatformError
from bot.platforms.slack.blocks import (
    ASK_AGAIN_ACTION,
    ASK_PEOPLE_ACTION,
    CHOOSE_ACTION,
    CONTROLS_BLOCK,
    DECLINE_ACTION,
    STOP_ACTION,
)
from bot.platforms.slack.feedback import FEEDBACK_ACTION, MODAL, comment_modal, parse_comment, parse_verdict
from bot.platforms.slack.surroundings import Delivery, Surroundings, user_of
from storage.feedback import Verdict

log = structlog.get_logger(__name__)

Ack = Callable[..., Awaitable[Any]]
Body = dict[str, Any]


class ReplyButtons:
    def __init__(self, delivery: Delivery, around: Surroundings) -> None:
        self._delivery = delivery
        self._around = around

    def register(self, app: AsyncApp) -> None:
        app.action(STOP_ACTION)(self._on_stop)
        app.action(ASK_AGAIN_ACTION)(self._on_ask_again)
        app.action(re.compile(rf"{CHOOSE_ACTION}_\d"))(self._on_choose)
        app.action(DECLINE_ACTION)(self._on_decline)
        app.action(ASK_PEOPLE_ACTION)(self._on_ask_people)
        app.action(FEEDBACK_ACTION)(self._on_feedback)
        app.view(MODAL)(self._on_comment)

    # ── while it is written, and after it went wrong ─────────────────────────

    async def _on_stop(self, ack: Ack, body: Body, action: Body) -> None:
        await ack()
        self._delivery.stop_reply(str(action.get("value", "")))
        if (body.get("container") or {}).get("is_ephemeral") and body.get("response_url"):
            self._say_to_one(body, {"delete_original": True})

    async def _on_ask_again(self, ack: Ack, body: Body, action: Body) -> None:
        """Commit, then take the button away: it has done its work, also when somebody else pressed it."""
        await self._delivery.ask_again(str(action.get("value", "")))
        await ack()
        self._around.background.spawn(self._remove_controls(body), "button removed")

    async def _remove_controls(self, body: Body) -> None:
        channel, message = body.get("channel") or {}, body.get("message") or {}
        blocks = [block for block in message.get("blocks") or [] if block.get("block_id") != CONTROLS_BLOCK]
        if blocks and channel.get("id") and message.get("ts"):
            api = self._around.api
            text = str(message.get("text") or " ")
            place = {"channel": channel["id"], "ts": message["ts"]}
            await api.try_call(api.client.chat_update, **place, text=text, blocks=blocks, parse="none")

    # ── did you mean ─────────────────────────────────────────────────────────

    async def _on_choose(self, ack: Ack, body: Body, action: Body) -> None:
        """The message changes by itself then."""
        reply_id, _, number = str(action.get("value", "")).partition(":")
        if number.isdecimal():
            await self._delivery.choose(reply_id, user_of(body), int(number))
        await ack()

    async def _on_decline(self, ack: Ack, body: Body, action: Body) -> None:
        await self._delivery.decline(str(action.get("value", "")), user_of(body))
        await ack()

    # ── somebody else's answer ───────────────────────────────────────────────

    async def _on_ask_people(self, ack: Ack, body: Body, action: Body) -> None:
        """The message says so by itself then, where it can be changed."""
        is_new = await self._delivery.ask_people(str(action.get("value", "")), user_of(body))
        await ack()
        if is_new and (body.get("container") or {}).get("is_ephemeral"):
            self._say_to_one(body, {"text": phrase("ask_people_done", self._language(body))})

    # ── thumbs ───────────────────────────────────────────────────────────────

    async def _on_feedback(self, ack: Ack, body: Body, action: Body) -> None:
        """A thumb up is thanked for; a thumb down opens the modal, which Slack takes for three seconds."""
        pressed = parse_verdict(str(action.get("value", "")))
        if pressed is None:
            await ack()
            return
        reply_id, verdict = pressed
        is_kept = await self._delivery.judge(reply_id, user_of(body), verdict, None)
        await ack()
        language = self._language(body)
        if verdict is Verdict.DOWN and is_kept:
            self._around.background.spawn(self._open_modal(body, comment_modal(reply_id, language)), "modal opened")
        elif is_kept:
            self._say_to_one(body, {"text": phrase("feedback_thanks", language)})

    async def _open_modal(self, body: Body, view: Body) -> None:
        api = self._around.api
        await api.try_call(api.client.views_open, trigger_id=str(body.get("trigger_id") or ""), view=view)

    async def _on_comment(self, ack: Ack, body: Body, view: Body) -> None:
        said = parse_comment(view)
        if said is not None:
            await self._delivery.judge(said[0], user_of(body), Verdict.DOWN, said[1])
        await ack()

    def _language(self, body: Body) -> Language:
        """Of who acted, as far as that is known without asking; else of the message."""
        return self._around.languages.remembered(user_of(body), str((body.get("message") or {}).get("text") or ""))

    def _say_to_one(self, body: Body, payload: Body) -> None:
        """In place of, or below, the message whose button was pressed; only who pressed it sees that."""
        if url := str(body.get("response_url") or ""):
            said = {"response_type": "ephemeral", "replace_original": False, **payload}
            self._around.background.spawn(self._send(url, said), "said to one")

    async def _send(self, url: str, payload: Body) -> None:
        try:
            await self._around.urls.send(url, payload)
        except PlatformError as error:
            log.info("not_said_to_one", code=error.code)
