"""The slash command: from its payload to a question, and the words it is acknowledged with. Pure.

Source: docs.slack.dev/interactivity/implementing-slash-commands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.conversation.characters import strip_invisible
from bot.conversation.messages import IncomingMessage, ThreadKey
from bot.conversation.phrases import Language, phrase
from bot.delivery.intake import reply_id_of
from bot.platforms.slack.blocks import context_block, stop_block
from bot.platforms.slack.dialect import plain_text
from bot.platforms.slack.events import PLATFORM, Identity, tenant_of

COMMAND = "/faq"
HELP_WORDS = frozenset({"", "help", "?", "帮助"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`response_url` lets anybody post: not for logs, hence not in the repr either."""

    tenant: str
    channel: str
    user: str
    text: str
    trigger_id: str
    response_url: str

    def __repr__(self) -> str:
        return f"Command(tenant={self.tenant!r}, channel={self.channel!r}, user={self.user!r})"

    @property
    def wants_help(self) -> bool:
        return self.text.lower() in HELP_WORDS

    @property
    def message_key(self) -> str:
        """The command has no message; its trigger names it, also when the request comes twice."""
        return f"{PLATFORM}:{self.tenant}:command:{self.trigger_id}"

    @property
    def reply_id(self) -> str:
        return reply_id_of(self.message_key)


def parse_command(body: Mapping[str, Any], us: Identity) -> Command | None:
    """None for what lacks something that every command has."""
    values = {name: body.get(name) for name in ("channel_id", "user_id", "trigger_id", "response_url")}
    if not all(isinstance(value, str) and value for value in values.values()):
        return None
    return Command(
        tenant=tenant_of(body, us),
        channel=str(values["channel_id"]),
        user=str(values["user_id"]),
        text=strip_invisible(plain_text(str(body.get("text") or ""))).strip(),
        trigger_id=str(values["trigger_id"]),
        response_url=str(values["response_url"]),
    )


def to_question(command: Command, replies: str, received_at: datetime) -> IncomingMessage:
    """The command as the rest of the service knows it: in a thread of its own."""
    return IncomingMessage(
        thread=ThreadKey(PLATFORM, command.tenant, command.channel, f"command:{command.reply_id}"),
        message_key=command.message_key,
        user=command.user,
        text=command.text,
        sent_at=received_at,
        is_public=replies == "channel",
        address={
            "channel": command.channel,
            "user": command.user,
            "command": replies,
            "response_url": command.response_url,
        },
    )


def receipt(command: Command, replies: str, language: Language) -> dict[str, Any]:
    """The acknowledgement. With answers for the channel, Slack shows there what was typed; else only the person."""
    if replies == "channel":
        return {"response_type": "in_channel"}
    text = phrase("command_received", language)
    blocks = [context_block(text), stop_block(phrase("stop", language), command.reply_id)]
    return {"response_type": "ephemeral", "text": text, "blocks": blocks}


def help_text(replies: str, language: Language, *, is_editor: bool = False) -> dict[str, Any]:
    audience = phrase(f"command_help_{replies}", language)
    text = phrase("command_help", language, command=COMMAND, audience=audience)
    if is_editor:
        text += "\n" + phrase("command_help_editors", language, command=COMMAND)
    return {"response_type": "ephemeral", "text": text}
