"""conversations.*: history, replies and channels, with Slack's cursors."""

import base64
import binascii
from collections.abc import Callable, Iterable
from itertools import islice

from bot.sandbox.cast import BOT_USER_ID
from bot.sandbox.clock import as_microseconds
from bot.sandbox.errors import SlackError
from bot.sandbox.messages import GROUP, IM, Channel, Message
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.web_api.channels import channel_for_reading, require_member
from bot.sandbox.web_api.methods import Answer, Context, Methods

methods = Methods()
_FAR_FUTURE = 10**18


@methods.add("conversations.history")
def history(context: Context, arguments: Arguments) -> Answer:
    """Newest first; replies stay in their threads unless they were broadcast."""
    channel = channel_for_reading(context.workspace, arguments.required("channel"))
    within = _window(arguments)
    roots = (message for message in reversed(channel.messages.values()) if not message.thread_ts or message.broadcast)
    found = (message for message in roots if within(message.ts))
    return _page(context, arguments, found, default=100, most=999, ascending=False) | {"pin_count": 0}


@methods.add("conversations.replies")
def replies(context: Context, arguments: Arguments) -> Answer:
    """The root, whatever the window says, then the replies in it, oldest first.

    A reply's own ts finds only that reply.
    """
    channel = channel_for_reading(context.workspace, arguments.required("channel"))
    ts = arguments.required("ts")
    if ts not in channel.messages:
        raise SlackError("thread_not_found")
    within = _window(arguments)
    found = (message for message in channel.thread(ts) if message.ts == ts or within(message.ts))
    return _page(context, arguments, found, default=1000, most=1000, ascending=True)


def _window(arguments: Arguments) -> Callable[[str], bool]:
    """Whether a ts lies between oldest and latest: exclusive, unless `inclusive`."""
    oldest, latest = arguments.moment("oldest", 0), arguments.moment("latest", _FAR_FUTURE)
    if arguments.truth("inclusive"):
        return lambda ts: oldest <= as_microseconds(ts) <= latest
    return lambda ts: oldest < as_microseconds(ts) < latest


def _page(
    context: Context, arguments: Arguments, found: Iterable[Message], *, default: int, most: int, ascending: bool
) -> Answer:
    limit = arguments.integer("limit", default, most=most)
    if cursor := arguments.text("cursor"):
        start = _decode_cursor(cursor)
        sign = 1 if ascending else -1
        found = (message for message in found if sign * as_microseconds(message.ts) >= sign * start)
    page = list(islice(found, limit + 1))
    include_metadata = arguments.truth("include_all_metadata")
    answer: Answer = {
        "messages": [context.workspace.shown(message, include_metadata=include_metadata) for message in page[:limit]],
        "has_more": len(page) > limit,
    }
    if len(page) > limit:
        answer["response_metadata"] = {"next_cursor": _encode_cursor(as_microseconds(page[limit].ts))}
    return answer


def _encode_cursor(position: int) -> str:
    return base64.b64encode(f"next_ts:{position}".encode()).decode()


def _decode_cursor(cursor: str) -> int:
    try:
        kind, _, position = base64.b64decode(cursor, validate=True).decode().partition(":")
        if kind != "next_ts":
            raise ValueError(kind)
        return int(position)
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        raise SlackError("invalid_cursor") from error


@methods.add("conversations.info")
def info(context: Context, arguments: Arguments) -> Answer:
    channel = context.workspace.channel(arguments.required("channel"))
    if channel.kind == GROUP:
        require_member(channel)
    return {"channel": channel.as_api()}


@methods.add("conversations.open")
def open_dm(context: Context, arguments: Arguments) -> Answer:
    if "channel" in arguments:
        channel = context.workspace.channel(arguments.text("channel"))
    else:
        users = [user for user in arguments.text("users").split(",") if user]
        if len(users) != 1:
            raise SlackError("users_list_not_supplied" if not users else "not_enough_users")
        channel = context.workspace.dm_with(users[0])
    shape = channel.as_api() if arguments.truth("return_im") else {"id": channel.id}
    return {"no_op": True, "already_open": True, "channel": shape}


@methods.add("conversations.list")
def list_channels(context: Context, arguments: Arguments) -> Answer:
    return _listed(context, arguments, lambda channel: channel.kind != GROUP or BOT_USER_ID in channel.members)


@methods.add("users.conversations")
def list_own(context: Context, arguments: Arguments) -> Answer:
    """Membership is what it is asked for: unlike conversations.list it does not tell it, nor how many there are."""
    user = arguments.text("user", BOT_USER_ID)
    answer = _listed(context, arguments, lambda channel: user in channel.members and BOT_USER_ID in channel.members)
    for channel in answer["channels"]:
        channel.pop("is_member", None)
        channel.pop("num_members", None)
    return answer


def _listed(context: Context, arguments: Arguments, wanted: Callable[[Channel], bool]) -> Answer:
    kinds = {"public_channel": "channel", "private_channel": GROUP, "im": IM}
    names = arguments.text("types", "public_channel").split(",")
    if unknown := [name for name in names if name.strip() not in (*kinds, "mpim")]:
        raise SlackError("invalid_types", types=unknown)
    types = {kinds.get(name.strip()) for name in names}
    channels = [channel for channel in context.workspace.channels.values() if channel.kind in types and wanted(channel)]
    start = _decode_cursor(arguments.text("cursor")) if "cursor" in arguments and arguments.text("cursor") else 0
    limit = arguments.integer("limit", 100)
    rest = len(channels) > start + limit
    next_cursor = _encode_cursor(start + limit) if rest else ""
    page = [channel.as_api() for channel in channels[start : start + limit]]
    return {"channels": page, "response_metadata": {"next_cursor": next_cursor}}
