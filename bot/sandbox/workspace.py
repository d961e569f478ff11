"""The workspace: channels, messages, membership, reactions.

Owns every message and the only way to change one. Refuses to know HTTP, sockets, events and limits: it publishes
changes to a feed.
"""

from collections.abc import Callable
from typing import Any

from bot.sandbox.cast import BOT, BOT_USER_ID, CHANNELS, EMPLOYEES, Person
from bot.sandbox.clock import Clock, Timestamps
from bot.sandbox.errors import SlackError
from bot.sandbox.feed import Change, Feed
from bot.sandbox.messages import IM, Channel, Message
from bot.sandbox.records import Version


class Workspace:
    def __init__(self, clock: Clock, feed: Feed) -> None:
        self._clock = clock
        self.feed = feed
        self.timestamps = Timestamps(clock)
        self.people: dict[str, Person] = {person.id: person for person in EMPLOYEES}
        self.channels: dict[str, Channel] = {}
        self._found()

    def _found(self) -> None:
        created = int(self._clock())
        for channel_id, name, kind, purpose, members in CHANNELS:
            self.channels[channel_id] = Channel(channel_id, name, kind, purpose, list(members), created)
        for person in self.people.values():
            dm_id = "D" + person.id[1:]
            self.channels[dm_id] = Channel(dm_id, "", IM, "", [person.id, BOT_USER_ID], created)

    # ── finding ──────────────────────────────────────────────────────────────

    def person(self, user_id: str) -> Person:
        """Raises: SlackError user_not_found."""
        if user_id == BOT_USER_ID:
            return BOT
        if user_id not in self.people:
            raise SlackError("user_not_found")
        return self.people[user_id]

    def ids_by_name(self) -> dict[str, str]:
        return {person.name: person.id for person in (*self.people.values(), BOT)}

    def channel(self, channel_id: str) -> Channel:
        """Raises: SlackError channel_not_found."""
        if channel_id not in self.channels:
            raise SlackError("channel_not_found")
        return self.channels[channel_id]

    def dm_with(self, user_id: str) -> Channel:
        """Raises: SlackError user_not_found."""
        self.person(user_id)
        return self.channels["D" + user_id[1:]]

    def message(self, channel_id: str, ts: str) -> Message:
        """Raises: SlackError channel_not_found, message_not_found."""
        message = self.channel(channel_id).messages.get(ts)
        if message is None:
            raise SlackError("message_not_found")
        return message

    def shown(self, message: Message, *, include_metadata: bool = False) -> dict[str, Any]:
        """The message as the API shows it, with its thread's figures."""
        shape = message.as_api(include_metadata=include_metadata)
        channel = self.channels[message.channel]
        if message.thread_ts and (root := channel.messages.get(message.thread_ts)):
            shape["parent_user_id"] = root.user
        if replies := channel.replies.get(message.ts):
            users = list(dict.fromkeys(channel.messages[ts].user for ts in replies))
            shape |= {
                "thread_ts": message.ts,
                "reply_count": len(replies),
                "reply_users_count": len(users),
                "reply_users": users[:5],
                "latest_reply": replies[-1],
                "is_locked": False,
                "subscribed": False,
            }
        return shape

    # ── changing ─────────────────────────────────────────────────────────────

    def post(self, message: Message, *, silent: bool = False) -> Message:
        """Puts a message with its final ts into its channel. Raises: SlackError thread_not_found."""
        channel = self.channel(message.channel)
        if message.thread_ts is not None:
            self._require_root(channel, message.thread_ts)
        message.ts = self.timestamps.next()
        self._remember(message)
        if message.only_for:
            channel.ephemerals[message.ts] = message
            self.feed.publish(Change("ephemeral", channel.id, message, user=message.only_for))
            return message
        channel.messages[message.ts] = message
        if message.thread_ts:
            channel.replies.setdefault(message.thread_ts, []).append(message.ts)
        self.feed.publish(Change("posted", channel.id, message, user=message.user, silent=silent))
        return message

    def _require_root(self, channel: Channel, thread_ts: str) -> None:
        root = channel.messages.get(thread_ts)
        if root is None or root.thread_ts is not None:
            raise SlackError("thread_not_found")

    def update(self, message: Message, edit: Callable[[Message], None], *, silent: bool = False) -> None:
        """Applies `edit` to the message and tells of it with the message as it was before."""
        previous = self.shown(message)
        edit(message)
        self._remember(message)
        self.feed.publish(Change("updated", message.channel, message, previous, message.user, silent))

    def delete(self, message: Message) -> None:
        """A root with replies leaves a tombstone behind, so that its thread stays readable; all else goes."""
        channel = self.channels[message.channel]
        previous = self.shown(message)
        if channel.replies.get(message.ts):
            tomb = Message(channel.id, message.ts, "USLACKBOT", "This message was deleted.", subtype="tombstone")
            channel.messages[message.ts] = tomb
        else:
            del channel.messages[message.ts]
        if message.thread_ts:
            channel.replies[message.thread_ts].remove(message.ts)
        channel.tombs[message.ts] = message
        self.feed.publish(Change("deleted", channel.id, message, previous, message.user))

    def drop_ephemeral(self, message: Message) -> None:
        self.channels[message.channel].ephemerals.pop(message.ts, None)
        self.feed.publish(Change("ephemeral_gone", message.channel, message, user=message.only_for or ""))

    def join(self, channel: Channel, user_id: str) -> None:
        if user_id in channel.members:
            raise SlackError("already_in_channel")
        channel.members.append(user_id)
        self.feed.publish(Change("joined", channel.id, user=user_id))
        text = f"<@{user_id}> has joined the channel"
        self.post(Message(channel.id, "", user_id, text, subtype="channel_join"))

    def react(self, message: Message, name: str, user_id: str) -> None:
        """Raises: SlackError already_reacted."""
        users = message.reactions.setdefault(name, [])
        if user_id in users:
            raise SlackError("already_reacted")
        users.append(user_id)
        self.feed.publish(Change("reaction", message.channel, message, user=user_id))

    def unreact(self, message: Message, name: str, user_id: str) -> None:
        """Raises: SlackError no_reaction."""
        users = message.reactions.get(name, [])
        if user_id not in users:
            raise SlackError("no_reaction")
        users.remove(user_id)
        if not users:
            del message.reactions[name]
        self.feed.publish(Change("reaction", message.channel, message, user=user_id))

    def _remember(self, message: Message) -> None:
        message.versions.append(Version(self._clock(), message.text, message.blocks))

    # ── surviving a restart ──────────────────────────────────────────────────

    def as_state(self) -> dict[str, Any]:
        """A copy that shares nothing with the workspace, so that it can be written elsewhere while the workspace
        goes on.
        """
        return {
            "format": 1,
            "last_microseconds": self.timestamps.last_microseconds,
            "channels": {
                channel.id: {
                    "members": list(channel.members),
                    "messages": [message.as_state() for message in channel.messages.values()],
                }
                for channel in self.channels.values()
            },
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.timestamps.last_microseconds = state["last_microseconds"]
        for channel_id, saved in state["channels"].items():
            if channel := self.channels.get(channel_id):
                channel.members = saved["members"]
                for message in map(Message.from_state, saved["messages"]):
                    channel.messages[message.ts] = message
                    if message.thread_ts:
                        channel.replies.setdefault(message.thread_ts, []).append(message.ts)
