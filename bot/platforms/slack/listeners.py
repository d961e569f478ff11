"""What is done with everything that Slack sends, by whichever way it came. Nothing here waits for Slack.

An exception in a listener means that the event is not acknowledged, and that Slack delivers it again.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp

from bot.clock import Clock
from bot.conversation.messages import IncomingMessage, ThreadKey
from bot.platforms.errors import PlatformError
from bot.platforms.slack.api import SlackApi
from bot.platforms.slack.background import Background
from bot.platforms.slack.blocks import ASK_AGAIN_ACTION, CHOOSE_ACTION, CONTROLS_BLOCK, DECLINE_ACTION, STOP_ACTION
from bot.platforms.slack.commands import COMMAND, help_text, parse_command, receipt, to_question
from bot.platforms.slack.events import (
    PLATFORM,
    Change,
    Identity,
    parse_change,
    parse_deletion,
    parse_post,
    tenant_of,
    to_message,
)
from bot.platforms.slack.home import REFRESH_ACTION, Home
from bot.platforms.slack.languages import Languages
from bot.platforms.slack.relevance import is_for_us
from bot.platforms.slack.response_urls import ResponseUrls
from bot.platforms.slack.settings import SlackSettings
from bot.platforms.slack.status import ACTIVE, Sessions, suggest_prompts
from storage.records import AskedQuestion

log = structlog.get_logger(__name__)

# Events of a post and of its edits may come in any order within this time.
OVERTAKEN_WITHIN = timedelta(minutes=10)

Ack = Callable[..., Awaitable[Any]]
Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the listeners need of the rest of the service.

    `accept` commits a post, `edit` what its author made of it, `withdraw` that it was deleted (by message key), and
    `ask_again` that another reply is wanted instead of this one (by reply id). `choose` and `decline`: what somebody
    (reply id, user, number) chose of what a reply suggests. `knows_thread` says whether we were
    asked in a thread; `last_questions` of a person (tenant, user, how many), newest first.
    """

    accept: Callable[[IncomingMessage], Awaitable[bool]]
    edit: Callable[[IncomingMessage], Awaitable[bool]]
    withdraw: Callable[[str], Awaitable[bool]]
    ask_again: Callable[[str], Awaitable[bool]]
    choose: Callable[[str, str, int], Awaitable[bool]]
    decline: Callable[[str, str], Awaitable[bool]]
    knows_thread: Callable[[ThreadKey], Awaitable[bool]]
    stop_reply: Callable[[str], bool]
    stop_thread: Callable[[ThreadKey], int]
    last_questions: Callable[[str, str, int], Awaitable[list[AskedQuestion]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the listeners do besides: all of it in the background."""

    api: SlackApi
    urls: ResponseUrls
    home: Home
    sessions: Sessions
    languages: Languages
    background: Background


class Listeners:
    def __init__(
        self, settings: SlackSettings, us: Identity, delivery: Delivery, around: Surroundings, clock: Clock
    ) -> None:
        self._settings = settings
        self._us = us
        self._delivery = delivery
        self._around = around
        self._clock = clock
        # Also what the manifest subscribes to: a test holds them equal.
        self.events: dict[str, Callable[..., Awaitable[None]]] = {
            "app_mention": self._on_post,
            "message": self._on_post,
            "app_home_opened": self._on_home_opened,
            "agent_session_stopped": self._on_session_stopped,
        }

    def register(self, app: AsyncApp) -> None:
        for event, listener in self.events.items():
            app.event(event)(listener)
        app.command(COMMAND)(self._on_command)
        app.action(STOP_ACTION)(self._on_stop)
        app.action(ASK_AGAIN_ACTION)(self._on_ask_again)
        app.action(re.compile(rf"{CHOOSE_ACTION}_\d"))(self._on_choose)
        app.action(DECLINE_ACTION)(self._on_decline)
        app.action(REFRESH_ACTION)(self._on_refresh)
        # What has no listener is never acknowledged, and Slack would repeat it.
        app.event(re.compile(".*"))(_acknowledge)
        app.action(re.compile(".*"))(_acknowledge)

    async def _on_post(self, body: Body) -> None:
        """Commit, nothing else: Slack is told that it arrived when this returns."""
        if deleted_key := parse_deletion(body, self._us):
            await self._delivery.withdraw(deleted_key)
            return
        if change := parse_change(body, self._us):
            await self._on_change(change)
            return
        post = parse_post(body, self._us)
        if post is not None and await is_for_us(post, self._us, self._settings, self._delivery.knows_thread):
            await self._delivery.accept(to_message(post, self._us, self._settings.dm_mode))

    async def _on_change(self, change: Change) -> None:
        """Who adds our name to an old post asks now; a young one may have come before the event of its post."""
        message = to_message(change.post, self._us, self._settings.dm_mode, change.edited_at)
        if await self._delivery.edit(message):
            return
        is_young = change.edited_at - message.sent_at < OVERTAKEN_WITHIN
        if change.asks_anew or (is_young and change.post.asks_us):
            await self._delivery.accept(message)  # if it was asked before, this changes nothing

    async def _on_command(self, ack: Ack, body: Body) -> None:
        command = parse_command(body, self._us)
        replies = self._settings.command_replies
        if command is None:
            log.warning("command_unreadable")
            await ack()
            return
        language = self._around.languages.remembered(command.user, command.text)
        if command.wants_help:
            await ack(**help_text(replies, language))
            return
        is_new = await self._delivery.accept(to_question(command, replies, self._clock.now()))
        await (ack(**receipt(command, replies, language)) if is_new else ack())

    async def _on_stop(self, ack: Ack, body: Body, action: Body) -> None:
        await ack()
        self._delivery.stop_reply(str(action.get("value", "")))
        if (body.get("container") or {}).get("is_ephemeral") and body.get("response_url"):
            self._around.background.spawn(self._remove_receipt(str(body["response_url"])), "receipt removed")

    async def _on_ask_again(self, ack: Ack, body: Body, action: Body) -> None:
        """Commit, then take the button away: it has done its work, also when somebody else pressed it."""
        await self._delivery.ask_again(str(action.get("value", "")))
        await ack()
        self._around.background.spawn(self._remove_controls(body), "button removed")

    async def _on_choose(self, ack: Ack, body: Body, action: Body) -> None:
        """Commit; the message changes by itself then."""
        reply_id, _, number = str(action.get("value", "")).partition(":")
        if number.isdecimal():
            await self._delivery.choose(reply_id, _user_of(body), int(number))
        await ack()

    async def _on_decline(self, ack: Ack, body: Body, action: Body) -> None:
        await self._delivery.decline(str(action.get("value", "")), _user_of(body))
        await ack()

    async def _remove_controls(self, body: Body) -> None:
        channel, message = body.get("channel") or {}, body.get("message") or {}
        blocks = [block for block in message.get("blocks") or [] if block.get("block_id") != CONTROLS_BLOCK]
        if blocks and channel.get("id") and message.get("ts"):
            api = self._around.api
            text = str(message.get("text") or " ")
            place = {"channel": channel["id"], "ts": message["ts"]}
            await api.try_call(api.client.chat_update, **place, text=text, blocks=blocks, parse="none")

    async def _remove_receipt(self, url: str) -> None:
        try:
            await self._around.urls.send(url, {"delete_original": True})
        except PlatformError as error:
            log.info("receipt_not_removed", code=error.code)

    async def _on_session_stopped(self, body: Body, event: Body) -> None:
        """Slack's own stop button, under a direct message. The state is ours to change back."""
        channel, thread_ts = str(event.get("channel") or ""), str(event.get("thread_ts") or "")
        key = ThreadKey(PLATFORM, tenant_of(body, self._us), channel, thread_ts or "conversation")
        stopped = self._delivery.stop_thread(key)
        if not stopped and thread_ts:  # else the end of the reply tells
            self._around.sessions.show(channel, thread_ts, ACTIVE)

    async def _on_home_opened(self, body: Body, event: Body) -> None:
        user, channel, tab = str(event.get("user") or ""), str(event.get("channel") or ""), event.get("tab")
        if tab == "home" and user:
            self._publish_home(body, user)
        elif tab == "messages" and user and channel:
            self._around.background.spawn(self._suggest(user, channel), "prompts suggested")

    async def _on_refresh(self, ack: Ack, body: Body) -> None:
        await ack()
        if user := _user_of(body):
            self._publish_home(body, user)

    def _publish_home(self, body: Body, user: str) -> None:
        # An action names its team in another place than an event.
        team, enterprise = body.get("team") or {}, body.get("enterprise") or {}
        named = {"team_id": team.get("id"), "enterprise_id": enterprise.get("id")} if team else body
        publishing = self._around.home.publish(tenant_of(named, self._us), user, str(body.get("api_app_id") or ""))
        self._around.background.spawn(publishing, "home published")

    async def _suggest(self, user: str, channel: str) -> None:
        language = await self._around.languages.of(user)
        await suggest_prompts(self._around.api, channel, self._settings.suggested_prompts, language)


def _user_of(body: Body) -> str:
    """Who acted."""
    return str((body.get("user") or {}).get("id") or "")


async def _acknowledge(ack: Ack) -> None:
    await ack()
