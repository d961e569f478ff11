"""What is done with everything that Slack sends, by whichever way it came. Nothing here waits for Slack.

An exception in a listener means that the event is not acknowledged, and that Slack delivers it again.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp

from bot.clock import Clock
from bot.conversation.messages import ThreadKey
from bot.platforms.slack.commands import COMMAND, help_text, parse_command, receipt, to_question
from bot.platforms.slack.editing import EntryEditing
from bot.platforms.slack.editors import Editors
from bot.platforms.slack.events import (
    PLATFORM,
    Change,
    Identity,
    acting_tenant,
    parse_change,
    parse_deletion,
    parse_post,
    tenant_of,
    to_message,
)
from bot.platforms.slack.home import REFRESH_ACTION
from bot.platforms.slack.owner_buttons import OwnerButtons
from bot.platforms.slack.privacy import Privacy
from bot.platforms.slack.relevance import is_for_us
from bot.platforms.slack.reply_buttons import ReplyButtons
from bot.platforms.slack.settings import SlackSettings
from bot.platforms.slack.status import ACTIVE, suggest_prompts
from bot.platforms.slack.surroundings import Delivery, Surroundings, user_of
from storage.knowledge.records import Author

log = structlog.get_logger(__name__)

# Events of a post and of its edits may come in any order within this time.
OVERTAKEN_WITHIN = timedelta(minutes=10)

Ack = Callable[..., Awaitable[Any]]
Body = dict[str, Any]


class Listeners:
    def __init__(
        self, settings: SlackSettings, us: Identity, delivery: Delivery, around: Surroundings, clock: Clock
    ) -> None:
        self._settings = settings
        self._us = us
        self._delivery = delivery
        self._around = around
        self._clock = clock
        self._privacy = Privacy(delivery.privacy, us, around)
        self._editors = Editors(settings.editors, around.user_groups)
        self._editing = EntryEditing(delivery.editor, self._editors, us, around, self._entry_written)
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
        ReplyButtons(self._delivery, self._around).register(app)
        self._editing.register(app)
        self._privacy.register(app)
        OwnerButtons(self._delivery.gap_desk, self._editing, self._editors, self._us, self._around).register(app)
        app.action(REFRESH_ACTION)(self._on_refresh)
        # What has no listener is never acknowledged, and Slack would repeat it.
        app.event(re.compile(".*"))(_acknowledge)
        app.action(re.compile(".*"))(_acknowledge)
        app.view(re.compile(".*"))(_acknowledge)

    async def _on_post(self, body: Body) -> None:
        """Commit, nothing else: Slack is told that it arrived when this returns."""
        if deleted_key := parse_deletion(body, self._us):
            await self._delivery.withdraw(deleted_key)
            return
        if change := parse_change(body, self._us):
            await self._on_change(change)
            return
        post = parse_post(body, self._us)
        ours = (self._delivery.knows_thread, self._delivery.awaits_answer)
        if post is None or self._privacy.takes_post(post):
            return
        if await is_for_us(post, self._us, self._settings, *ours):
            message = to_message(post, self._us, self._settings.dm_mode)
            if await self._delivery.accept(message) and self._delivery.topic_of(message.text) is None:
                self._privacy.greet(post)  # never beside what is nobody else's business: the channel hears nothing

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
        replies: str = self._settings.command_replies
        if command is None:
            log.warning("command_unreadable")
            await ack()
            return
        language = self._around.languages.remembered(command.user, command.text)
        if command.wants_help:
            is_editor = await self._editors.has(command.user)
            await ack(**help_text(replies, language, is_editor=is_editor))
            return
        if await self._privacy.takes_command(command, ack) or await self._editing.takes(command, ack):
            return
        if self._delivery.topic_of(command.text) is not None:
            replies = "ephemeral"  # with the channel for an audience, Slack would show there what was typed
        is_new = await self._delivery.accept(to_question(command, replies, self._clock.now()))
        await (ack(**receipt(command, replies, language)) if is_new else ack())

    async def _entry_written(self, gap: str, author: Author, by: str) -> None:
        reply_id, _, number = gap.partition(":")
        if number.isdecimal():
            await self._delivery.gap_desk.entry_written(reply_id, int(number), author, by)

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
        if user := user_of(body):
            self._publish_home(body, user)

    def _publish_home(self, body: Body, user: str) -> None:
        publishing = self._around.home.publish(acting_tenant(body, self._us), user, str(body.get("api_app_id") or ""))
        self._around.background.spawn(publishing, "home published")

    async def _suggest(self, user: str, channel: str) -> None:
        language = await self._around.languages.of(user)
        await suggest_prompts(self._around.api, channel, self._settings.suggested_prompts, language)


async def _acknowledge(ack: Ack) -> None:
    await ack()
