"""reactions.add and reactions.remove."""

import re

from bot.sandbox.cast import BOT_USER_ID
from bot.sandbox.errors import SlackError
from bot.sandbox.messages import Message
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.channels import channel_for_reading
from bot.sandbox.web_api.methods import Answer, Context, Methods

methods = Methods()
_NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


@methods.add("reactions.add")
def add(context: Context, arguments: Arguments) -> Answer:
    context.workspace.react(_target(context, arguments), _name(arguments), BOT_USER_ID)
    return {}


@methods.add("reactions.remove")
def remove(context: Context, arguments: Arguments) -> Answer:
    context.workspace.unreact(_target(context, arguments), _name(arguments), BOT_USER_ID)
    return {}


def _target(context: Context, arguments: Arguments) -> Message:
    if not arguments.text("channel") or not arguments.text("timestamp"):
        raise SlackError("no_item_specified")
    channel = channel_for_reading(context.workspace, arguments.text("channel"))
    return context.workspace.message(channel.id, arguments.text("timestamp"))


def _name(arguments: Arguments) -> str:
    name = arguments.required("name").strip(":")
    if not _NAME.fullmatch(name):
        raise SlackError("invalid_name")
    return name
