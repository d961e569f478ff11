"""`/faq privacy`, "what do you hold about me?" in a direct message, and the notice that people get at first contact."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp

from bot.conversation.phrases import Language
from bot.conversation.privacy_phrases import PRIVACY_PHRASES, asks_about_own_data
from bot.delivery.intake import reply_id_of
from bot.delivery.privacy import OwnFile, PrivacyDesk
from bot.platforms.errors import PlatformError, RateLimited
from bot.platforms.slack.commands import Command
from bot.platforms.slack.dialect import plain_text
from bot.platforms.slack.events import PLATFORM, Identity, Post, acting_tenant, message_key
from bot.platforms.slack.files import SCOPE
from bot.platforms.slack.surface import reply_metadata
from bot.platforms.slack.surroundings import Surroundings, user_of
from storage.forgetting.own_data import Somebody

log = structlog.get_logger(__name__)

Ack = Callable[..., Awaitable[Any]]
Body = dict[str, Any]
EXPORT_ACTION, ERASE_ACTION = "privacy_export", "privacy_erase"
PART_CHARACTERS = 2_800  # a section takes 3,000
TRIES = 5


class Privacy:
    def __init__(self, desk: PrivacyDesk, us: Identity, around: Surroundings) -> None:
        self._desk = desk
        self._us = us
        self._around = around

    def register(self, app: AsyncApp) -> None:
        app.action(EXPORT_ACTION)(self._on_export)
        app.action(ERASE_ACTION)(self._on_erase)

    async def takes_command(self, command: Command, ack: Ack) -> bool:
        """Whether it is about one's own data; it is acknowledged with what there is then."""
        if not asks_about_own_data(command.text):
            return False
        language = self._around.languages.remembered(command.user, command.text)
        who = Somebody(PLATFORM, command.tenant, command.user)
        await ack(response_type="ephemeral", **await self._shown(who, language))
        return True

    def takes_post(self, post: Post) -> bool:
        """Whether a direct message asks about one's own data; it is answered then, and no question."""
        if not post.is_direct or not asks_about_own_data(plain_text(post.text)):
            return False
        self._around.background.spawn(self._answer(post), "own data shown")
        return True

    def greet(self, post: Post) -> None:
        """Tell somebody, whom we have not told yet, what is kept of them. For their eyes alone."""
        self._around.background.spawn(self._tell(post), "notice shown")

    async def _tell(self, post: Post) -> None:
        who = Somebody(PLATFORM, post.tenant, post.user)
        if not await self._desk.is_to_be_told(who):
            return
        language = self._around.languages.remembered(post.user, post.text)
        place = {"channel": post.channel, "user": post.user}
        if not post.is_direct:
            place["thread_ts"] = post.thread_ts or post.ts
        api = self._around.api
        said = await api.try_call(
            api.client.chat_postEphemeral, **place, text=self._desk.notice[language], parse="none"
        )
        if said is not None:  # else next time
            await self._desk.record_told(who)

    async def _answer(self, post: Post) -> None:
        language = self._around.languages.remembered(post.user, post.text)
        shown = await self._shown(Somebody(PLATFORM, post.tenant, post.user), language)
        # As a reply has it: who looks back finds that this was answered, and takes it for no question.
        reply_id = reply_id_of(message_key(post.tenant, post.channel, post.ts))
        await self._say(post.channel, {**shown, "metadata": reply_metadata(reply_id)}, post.thread_ts)

    async def _shown(self, who: Somebody, language: Language) -> Body:
        text = await self._desk.summary(who, language)
        confirm = {
            "title": _plain("privacy_sure", language),
            "text": _plain("privacy_sure_text", language),
            "confirm": _plain("privacy_erase", language),
            "deny": _plain("privacy_keep", language),
        }
        take = {"type": "button", "action_id": EXPORT_ACTION, "text": _plain("privacy_export", language)}
        erase = {"type": "button", "action_id": ERASE_ACTION, "text": _plain("privacy_erase", language)}
        buttons = [take, {**erase, "style": "danger", "confirm": confirm}]
        section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
        return {"text": text, "blocks": [section, {"type": "actions", "elements": buttons}]}

    async def _on_export(self, ack: Ack, body: Body) -> None:
        await ack()
        self._around.background.spawn(self._send_all(body), "own data sent")

    async def _on_erase(self, ack: Ack, body: Body) -> None:
        await ack()
        self._around.background.spawn(self._erase(body), "own data erased")

    async def _send_all(self, body: Body) -> None:
        who, language = self._who(body), self._language(body)
        file = await self._desk.take(who)
        channel = await self._direct_channel(who)
        if not await self._sent_as_file(channel, file, language):
            await self._send_as_messages(channel, file.text, language)

    async def _sent_as_file(self, channel: str, file: OwnFile, language: Language) -> bool:
        """False also where Slack does not say whether it took it: rather twice to themselves than not at all."""
        comment = PRIVACY_PHRASES["privacy_file"][language]
        for _ in range(TRIES):
            try:
                await self._around.files.send(channel, file.name, file.text.encode(), comment)
                return True
            except RateLimited as error:
                log.info("own_data_waits", code=error.code)
            except PlatformError as error:
                log.warning("own_data_not_sent_as_file", code=error.code, hint=_hint(error.code))
                return False
        return False

    async def _send_as_messages(self, channel: str, taken: str, language: Language) -> None:
        # A zero-width space within three of them: what somebody wrote must not end the block.
        safe = taken.replace("```", "`\u200b``")
        parts = [safe[at : at + PART_CHARACTERS] for at in range(0, len(safe), PART_CHARACTERS)]
        lead = PRIVACY_PHRASES["privacy_export_lead"][language].format(parts=len(parts))
        for text in (lead, *(f"```{_escaped(part)}```" for part in parts)):
            await self._say(channel, {"text": text})

    async def _erase(self, body: Body) -> None:
        who, language = self._who(body), self._language(body)
        erasing = await self._desk.erase(who)
        await self._say(await self._direct_channel(who), {"text": erasing.said[language]})
        if erasing.is_done:  # it shows what they asked last, until somebody draws it anew
            await self._around.home.publish(who.tenant, who.user, str(body.get("api_app_id") or ""), is_due=True)

    async def _direct_channel(self, who: Somebody) -> str:
        api = self._around.api
        opened = await api.call(api.client.conversations_open, users=who.user)
        return str(opened["channel"]["id"])

    async def _say(self, channel: str, content: Body, thread_ts: str | None = None) -> None:
        api = self._around.api
        place: Body = {"channel": channel, **({"thread_ts": thread_ts} if thread_ts else {})}
        for _ in range(TRIES):
            try:
                await api.call(api.client.chat_postMessage, **place, **content, parse="none", unfurl_links=False)
                return
            except RateLimited as error:  # nothing stands; the next call waits as long as Slack said
                log.info("own_data_waits", code=error.code)

    def _who(self, body: Body) -> Somebody:
        return Somebody(PLATFORM, acting_tenant(body, self._us), user_of(body))

    def _language(self, body: Body) -> Language:
        return self._around.languages.remembered(user_of(body), "")


def _hint(code: str) -> str:
    """What to do about it, for the log."""
    if code == "missing_scope":
        return f"sent as messages: add the scope {SCOPE} to the app (manifest.json) and reinstall it (docs/slack.md)"
    return "sent as messages"


def _plain(key: str, language: Language) -> Body:
    return {"type": "plain_text", "text": PRIVACY_PHRASES[key][language], "emoji": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
