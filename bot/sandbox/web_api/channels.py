"""Which channel an app may read or write. Owns the difference between "not found" and "not in it"."""

from bot.sandbox.cast import BOT_USER_ID
from bot.sandbox.errors import SlackError
from bot.sandbox.messages import GROUP, Channel
from bot.sandbox.workspace import Workspace


def channel_for_posting(workspace: Workspace, name: str) -> Channel:
    """A channel by id or #name, or the DM with a person by user id.

    Raises: SlackError channel_not_found, not_in_channel.
    """
    if name in workspace.people:
        return workspace.dm_with(name)
    for channel in workspace.channels.values():
        if channel.name and name.removeprefix("#") == channel.name:
            return require_member(channel)
    return require_member(workspace.channel(name))


def channel_for_reading(workspace: Workspace, channel_id: str) -> Channel:
    """Raises: SlackError channel_not_found, not_in_channel."""
    return require_member(workspace.channel(channel_id))


def require_member(channel: Channel) -> Channel:
    if BOT_USER_ID in channel.members:
        return channel
    # A private channel does not exist for those outside it.
    raise SlackError("channel_not_found" if channel.kind == GROUP else "not_in_channel")
