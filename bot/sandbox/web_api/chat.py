"""chat.postMessage, postEphemeral, update, delete: what an app may say and mend."""

from typing import Any

from bot.sandbox.blocks import validate_blocks
from bot.sandbox.cast import BOT_USER_ID
from bot.sandbox.errors import SlackError, invalid_arguments
from bot.sandbox.messages import Message
from bot.sandbox.text import normalize_posted
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.channels import channel_for_posting
from bot.sandbox.web_api.methods import Answer, Context, Methods

methods = Methods()
POST_TEXT_LIMIT, UPDATE_TEXT_LIMIT = 40_000, 4_000
BLOCKS_ONLY_TEXT = "This content can't be displayed."


@methods.add("chat.postMessage")
def post_message(context: Context, arguments: Arguments) -> Answer:
    channel = channel_for_posting(context.workspace, arguments.required("channel"))
    text, blocks = content(context, arguments)
    message = Message(
        channel.id,
        "",
        BOT_USER_ID,
        normalize_posted(text[:POST_TEXT_LIMIT]),  # longer text is cut, not refused
        blocks or [],
        arguments.text("thread_ts") or None,
        metadata=metadata(arguments),
        broadcast=arguments.truth("reply_broadcast") and "thread_ts" in arguments,
    )
    context.workspace.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": context.workspace.shown(message, include_metadata=True)}


@methods.add("chat.postEphemeral")
def post_ephemeral(context: Context, arguments: Arguments) -> Answer:
    channel = channel_for_posting(context.workspace, arguments.required("channel"))
    user = arguments.required("user")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    text, blocks = content(context, arguments)
    thread_ts = arguments.text("thread_ts") or None
    message = Message(channel.id, "", BOT_USER_ID, normalize_posted(text), blocks or [], thread_ts, only_for=user)
    context.workspace.post(message)
    return {"message_ts": message.ts}


@methods.add("chat.update")
def update_message(context: Context, arguments: Arguments) -> Answer:
    message = own_message(context, arguments, "cant_update_message")
    if message.streaming_since is not None:
        raise SlackError("streaming_state_conflict")
    text, blocks = content(context, arguments)
    if len(text) > UPDATE_TEXT_LIMIT:
        raise SlackError("msg_too_long")
    fresh_metadata = metadata(arguments)

    def edit(target: Message) -> None:
        if "text" in arguments:
            target.text = normalize_posted(text)
        if blocks is not None:  # left out, the previous blocks stay; an empty list removes them
            target.blocks = blocks
        else:
            target.edited = {"user": BOT_USER_ID, "ts": context.workspace.timestamps.next()}
        if "metadata" in arguments:
            target.metadata = fresh_metadata

    context.workspace.update(message, edit)
    shown = context.workspace.shown(message, include_metadata=True)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shown}


@methods.add("chat.delete")
def delete_message(context: Context, arguments: Arguments) -> Answer:
    message = own_message(context, arguments, "cant_delete_message")
    context.workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def own_message(context: Context, arguments: Arguments, refusal: str) -> Message:
    """The app's own message at channel and ts. Raises: SlackError message_not_found or the refusal."""
    channel = context.workspace.channel(arguments.required("channel"))
    ts = arguments.required("ts")
    if ts in channel.ephemerals:
        raise SlackError(refusal)  # an ephemeral message is out of the app's hands, but for its response_url
    message = context.workspace.message(channel.id, ts)
    if not message.by_bot:
        raise SlackError(refusal)
    return message


def content(context: Context, arguments: Arguments) -> tuple[str, list[dict[str, Any]] | None]:
    """(text, blocks); blocks is None if the call named none.

    Raises: SlackError no_text and what blocks can be refused for.
    """
    text, blocks = arguments.text("text"), arguments.json("blocks")
    if markdown := arguments.text("markdown_text"):
        if text or blocks:
            raise SlackError("markdown_text_conflict")
        blocks = [{"type": "markdown", "text": markdown}]
    if not text and not blocks and "attachments" not in arguments:
        raise SlackError("no_text")
    checked = None if blocks is None else validate_blocks(blocks, context.ids)
    return text or BLOCKS_ONLY_TEXT, checked


def metadata(arguments: Arguments) -> dict[str, Any] | None:
    """Raises: SlackError invalid_arguments."""
    value = arguments.json("metadata")
    if not value:
        return None
    if not isinstance(value, dict) or not value.get("event_type") or not isinstance(value.get("event_payload"), dict):
        raise invalid_arguments("metadata needs event_type and event_payload")
    return {"event_type": value["event_type"], "event_payload": value["event_payload"]}
