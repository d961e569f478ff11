"""files.*: where to send a file, and that it is there now."""

from typing import Any

from bot.sandbox.cast import BOT_USER_ID
from bot.sandbox.errors import SlackError, invalid_arguments
from bot.sandbox.messages import Message
from bot.sandbox.text import normalize_posted
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.channels import channel_for_reading
from bot.sandbox.web_api.methods import Answer, Context, Methods

methods = Methods()
SCOPE = "files:write"
MOST_BYTES = 1_000_000_000


@methods.add("files.getUploadURLExternal", scope=SCOPE)
def get_upload_url(context: Context, arguments: Arguments) -> Answer:
    name, wanted = arguments.required("filename"), arguments.required("length")
    length = arguments.integer("length", 0, most=MOST_BYTES + 1)
    if length > MOST_BYTES:
        raise SlackError("file_upload_size_restricted", length=wanted)
    file = context.files.announce(name, length)
    return {"upload_url": f"{context.interactions.base_url}upload/v1/{file.key}", "file_id": file.id}


@methods.add("files.completeUploadExternal", scope=SCOPE)
def complete_upload(context: Context, arguments: Arguments) -> Answer:
    """Without a channel the file is nobody else's. All that can be refused is, before anything is changed."""
    wanted = arguments.json("files")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(one, dict) and "id" in one for one in wanted):
        raise invalid_arguments("missing required field: files")
    files = [context.files.uploaded(str(one["id"])) for one in wanted]
    channel_id = arguments.text("channel_id")
    channel = channel_for_reading(context.workspace, channel_id) if channel_id else None
    shown: list[dict[str, Any]] = []
    for file, one in zip(files, wanted, strict=True):
        file.title, file.is_finished = str(one.get("title") or ""), True
        shown.append(file.as_api(context.interactions.base_url))
    if channel is not None:
        text, thread_ts = normalize_posted(arguments.text("initial_comment")), arguments.text("thread_ts") or None
        context.workspace.post(Message(channel.id, "", BOT_USER_ID, text, thread_ts=thread_ts, files=shown))
    return {"files": shown}
