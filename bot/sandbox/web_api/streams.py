"""chat.startStream, appendStream, stopStream. A stream ends by itself 300 s after its start, appends or not."""

from typing import Any

from bot.sandbox.blocks import MAX_MARKDOWN_CHARACTERS, validate_blocks
from bot.sandbox.cast import BOT_USER_ID
from bot.sandbox.errors import SlackError, invalid_arguments
from bot.sandbox.messages import IM, Message
from bot.sandbox.text import normalize_posted
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.channels import channel_for_posting
from bot.sandbox.web_api.chat import metadata
from bot.sandbox.web_api.methods import Answer, Context, Methods

methods = Methods()


@methods.add("chat.startStream")
def start(context: Context, arguments: Arguments) -> Answer:
    channel = channel_for_posting(context.workspace, arguments.required("channel"))
    thread_ts = arguments.required("thread_ts")
    if channel.kind != IM:
        for name in ("recipient_user_id", "recipient_team_id"):
            if name not in arguments:
                raise SlackError(f"missing_{name}")
    message = Message(channel.id, "", BOT_USER_ID, "", [], thread_ts, streaming_since=context.clock())
    _grow(context, message, _added(arguments))
    context.workspace.post(message)
    return {"channel": channel.id, "ts": message.ts}


@methods.add("chat.appendStream")
def append(context: Context, arguments: Arguments) -> Answer:
    message = _streaming(context, arguments)
    added = _added(arguments)
    if not added:
        raise invalid_arguments("missing required field: markdown_text or chunks")
    context.workspace.update(message, lambda target: _grow(context, target, added), silent=True)
    return {"channel": message.channel, "ts": message.ts}


@methods.add("chat.stopStream")
def stop(context: Context, arguments: Arguments) -> Answer:
    message = _streaming(context, arguments)
    added, extra_blocks = _added(arguments), arguments.json("blocks")
    checked = validate_blocks(extra_blocks, context.ids) if extra_blocks else []
    final_metadata = metadata(arguments)

    def finish(target: Message) -> None:
        _grow(context, target, added)
        target.blocks = [*target.blocks, *checked]
        target.metadata = final_metadata or target.metadata
        target.streaming_since = None

    context.workspace.update(message, finish)
    return {"channel": message.channel, "ts": message.ts, "message": context.workspace.shown(message)}


def _streaming(context: Context, arguments: Arguments) -> Message:
    """Raises: SlackError message_not_found, message_not_owned_by_app, message_not_in_streaming_state."""
    message = context.workspace.message(arguments.required("channel"), arguments.required("ts"))
    if not message.by_bot:
        raise SlackError("message_not_owned_by_app")
    since = message.streaming_since
    if since is None or context.clock() - since > context.settings.stream_seconds:
        message.streaming_since = None
        raise SlackError("message_not_in_streaming_state")
    return message


def _added(arguments: Arguments) -> str:
    """The Markdown of a call, from `markdown_text` or from `chunks` as the SDK sends it."""
    chunks = arguments.json("chunks") or []
    if not isinstance(chunks, list):
        raise SlackError("invalid_chunks")
    texts = [
        chunk.get("text", "") for chunk in chunks if isinstance(chunk, dict) and chunk.get("type") == "markdown_text"
    ]
    return arguments.text("markdown_text") + "".join(texts)


def _grow(context: Context, message: Message, added: str) -> None:
    if not added:
        return
    written: list[dict[str, Any]] = message.blocks[:1] or [
        {"type": "markdown", "text": "", "block_id": context.ids.of("", 5)}
    ]
    markdown = written[0]["text"] + added
    if len(markdown) > MAX_MARKDOWN_CHARACTERS:
        raise SlackError("msg_too_long")
    message.blocks = [{**written[0], "text": markdown}]
    message.text = normalize_posted(markdown)
