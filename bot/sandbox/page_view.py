"""What one person sees of the workspace, as the page wants it. Owns the page's frames; changes nothing."""

from typing import TYPE_CHECKING, Any

from bot.sandbox.cast import BOT, TEAM_NAME
from bot.sandbox.feed import Change
from bot.sandbox.messages import Channel, Message
from bot.sandbox.records import Ack, Call

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

Frame = dict[str, Any]
MESSAGES_AT_FIRST, LOG_AT_FIRST = 500, 100


class PageView:
    def __init__(self, sandbox: "Sandbox", user: str) -> None:
        self._sandbox = sandbox
        self._workspace = sandbox.workspace
        self._user = user

    def welcome(self) -> Frame:
        """Everything, at the start of a connection."""
        channels = [channel for channel in self._workspace.channels.values() if self._user in channel.members]
        settings = self._sandbox.settings
        return {
            "type": "welcome",
            "you": self._user,
            "team": TEAM_NAME,
            "people": [self._person(person) for person in (*self._workspace.people.values(), BOT)],
            "bot": BOT.id,
            "channels": [self._channel(channel) for channel in channels],
            "messages": {channel.id: self._messages(channel) for channel in channels},
            "statuses": [self._status(*key) for key in self._sandbox.statuses.all()],
            "prompts": self._sandbox.statuses.prompts,
            "sockets": self._sandbox.sockets,
            "connect": {
                "SLACK_API_URL": self._sandbox.api_url,
                "SLACK_BOT_TOKEN": settings.bot_token,
                "SLACK_APP_TOKEN": settings.app_token,
            },
            "log": self._log(),
            **self._views(),
        }

    def frames_of(self, change: Change) -> list[Frame]:
        """What this person's page must hear of a change."""
        if change.kind == "log":
            return self._log_frames(change)
        if change.kind == "view":
            return [{"type": "views", **self._views()}] if change.user == self._user else []
        channel = self._workspace.channels.get(change.channel)
        if channel is None or self._user not in channel.members:
            return []
        if change.kind == "status":
            prompts = {"prompts": self._sandbox.statuses.prompts}
            return [{"type": "status", **self._status(channel.id, change.data["thread_ts"]), **prompts}]
        if change.kind == "joined":
            return [{"type": "channel", "channel": self._channel(channel), "messages": self._messages(channel)}]
        return self._message_frames(change, channel)

    def _message_frames(self, change: Change, channel: Channel) -> list[Frame]:
        message = change.message
        if message is None or message.only_for not in (None, self._user):
            return []
        frames: list[Frame] = []
        there = message.ts in channel.messages or message.ts in channel.ephemerals
        if there:
            now = channel.messages.get(message.ts, message)  # a deleted root leaves a tombstone
            frames.append({"type": "message", "channel": channel.id, "message": self._shown(now)})
        else:
            frames.append({"type": "gone", "channel": channel.id, "ts": message.ts})
        root = channel.messages.get(message.thread_ts or "")
        if root is not None and change.kind in ("posted", "deleted"):
            frames.append({"type": "message", "channel": channel.id, "message": self._shown(root)})
        return frames

    def _log_frames(self, change: Change) -> list[Frame]:
        data = change.data
        if data["event"] == "call":
            return [{"type": "log", "entry": call_entry(data["call"])}]
        frames: list[Frame] = [{"type": "sockets", "sockets": data["sockets"]}]
        if "envelope" in data:
            frames.append({"type": "log", "entry": envelope_entry(data["envelope"])})
        return frames

    def _person(self, person: Any) -> Frame:
        names = ("id", "name", "real_name", "title", "locale", "is_bot")
        return {name: getattr(person, name) for name in names}

    def _channel(self, channel: Channel) -> Frame:
        return {
            "id": channel.id,
            "name": channel.name,
            "kind": channel.kind,
            "purpose": channel.purpose,
            "members": channel.members,
        }

    def _messages(self, channel: Channel) -> list[Frame]:
        own = [message for message in channel.ephemerals.values() if message.only_for == self._user]
        shown = sorted([*channel.messages.values(), *own], key=lambda message: message.ts)
        return [self._shown(message) for message in shown[-MESSAGES_AT_FIRST:]]

    def _shown(self, message: Message) -> Frame:
        return self._workspace.shown(message) | {"ephemeral": message.only_for is not None}

    def _status(self, channel_id: str, thread_ts: str) -> Frame:
        status = self._sandbox.statuses.of(channel_id, thread_ts)
        return {
            "channel": channel_id,
            "thread_ts": thread_ts,
            "text": status.text,
            "loading_messages": status.loading_messages,
            "session": status.session,
            "seconds": max(0.0, status.until - self._sandbox.now),
        }

    def _views(self) -> Frame:
        home = self._sandbox.views.home_of(self._user)
        stack = self._sandbox.views.stack_of(self._user)
        return {"views": [view.as_api() for view in stack], "home": home.as_api() if home else None}

    def _log(self) -> list[Frame]:
        entries = [call_entry(call) for call in self._sandbox.calls[-LOG_AT_FIRST:]]
        entries += [envelope_entry(ack) for ack in self._sandbox.acks[-LOG_AT_FIRST:]]
        return sorted(entries, key=lambda entry: float(entry["at"]))[-LOG_AT_FIRST:]


def call_entry(call: Call) -> Frame:
    return {
        "kind": "call",
        "id": f"call {id(call)} {call.at}",
        "at": call.at,
        "what": call.method,
        "status": call.status,
        "error": call.error,
        "seconds": None if call.answered_at is None else call.answered_at - call.at,
        "detail": str(call.args.get("text") or call.args.get("status") or "")[:120],
    }


def envelope_entry(ack: Ack) -> Frame:
    return {
        "kind": "envelope",
        "id": ack.envelope_id,
        "at": ack.sent_at,
        "what": ack.kind,
        "status": None if ack.acked_at is None else "ack",
        "error": "late" if ack.late else None,
        "seconds": None if ack.acked_at is None else ack.acked_at - ack.sent_at,
        "detail": f"retry {ack.attempt}" if ack.attempt else "",
    }
