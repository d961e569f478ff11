"""From changes of the workspace to the bodies that Slack's Events API sends.

Owns which change is which event, and their shapes. Refuses to know sockets: it hands bodies on.
"""

import random
from typing import Any

from bot.sandbox.cast import APP_ID, BOT_USER_ID, TEAM_ID
from bot.sandbox.clock import Clock, Ids, Timestamps
from bot.sandbox.feed import Change
from bot.sandbox.messages import CHANNEL, GROUP, IM, Message
from bot.sandbox.workspace import Workspace

_SUBSCRIPTION = {CHANNEL: "message.channels", GROUP: "message.groups", IM: "message.im"}


class Events:
    def __init__(
        self, workspace: Workspace, subscriptions: frozenset[str], ids: Ids, rng: random.Random, clock: Clock
    ) -> None:
        self._workspace = workspace
        self._subscriptions = subscriptions
        self._ids = ids
        self._rng = rng
        self._clock = clock

    def of(self, change: Change) -> list[dict[str, Any]]:
        """The bodies to deliver for a change, in the order in which they leave; none if the app would not hear of
        it.
        """
        if change.kind in ("home", "stopped"):
            return [self._body(event) for event in [change.data] if event["type"] in self._subscriptions]
        channel = self._workspace.channels.get(change.channel)
        if change.silent or channel is None or BOT_USER_ID not in channel.members:
            return []
        builders = {"posted": self._posted, "updated": self._updated, "deleted": self._deleted}
        build = builders.get(change.kind)
        return [self._body(event) for event in build(change)] if build else []

    def _posted(self, change: Change) -> list[dict[str, Any]]:
        message = _message_of(change)
        kind = self._workspace.channels[change.channel].kind
        events = []
        if _SUBSCRIPTION[kind] in self._subscriptions:
            events.append(
                self._shown(message) | {"channel": change.channel, "event_ts": message.ts, "channel_type": kind}
            )
        if kind != IM and self._mentions_bot(message) and "app_mention" in self._subscriptions:
            mention = self._shown(message) | {"type": "app_mention", "channel": change.channel, "event_ts": message.ts}
            events.append(mention)
            self._rng.shuffle(events)  # either twin may come first
        return events

    def _mentions_bot(self, message: Message) -> bool:
        return not message.by_bot and message.subtype is None and f"<@{BOT_USER_ID}>" in message.text

    def _updated(self, change: Change) -> list[dict[str, Any]]:
        message = _message_of(change)
        return self._hidden(
            change, "message_changed", {"message": self._shown(message), "previous_message": change.previous}
        )

    def _deleted(self, change: Change) -> list[dict[str, Any]]:
        """A root that others have answered is changed into a tombstone instead (seen in matterbridge#600)."""
        message = _message_of(change)
        tombstone = self._workspace.channels[change.channel].messages.get(message.ts)
        if tombstone is not None:
            shown = self._shown(tombstone) | {"hidden": True}
            return self._hidden(change, "message_changed", {"message": shown, "previous_message": change.previous})
        return self._hidden(change, "message_deleted", {"deleted_ts": message.ts, "previous_message": change.previous})

    def _hidden(self, change: Change, subtype: str, parts: dict[str, Any]) -> list[dict[str, Any]]:
        kind = self._workspace.channels[change.channel].kind
        if _SUBSCRIPTION[kind] not in self._subscriptions:
            return []
        ts = self._workspace.timestamps.next()
        common = {"type": "message", "subtype": subtype, "hidden": True, "channel": change.channel, "ts": ts}
        return [common | {"event_ts": ts, "channel_type": kind} | parts]

    def _shown(self, message: Message) -> dict[str, Any]:
        # Metadata does not travel with message events.
        shape = self._workspace.shown(message)
        return {key: value for key, value in shape.items() if key not in ("reactions", "is_locked", "subscribed")}

    def _body(self, event: dict[str, Any]) -> dict[str, Any]:
        return {
            "token": "sandbox-verification",
            "team_id": TEAM_ID,
            "context_team_id": TEAM_ID,
            "context_enterprise_id": None,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": self._ids.of("Ev"),
            "event_time": int(self._clock()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM_ID,
                    "user_id": BOT_USER_ID,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": self._ids.of("4-", 40),
        }


def _message_of(change: Change) -> Message:
    assert change.message is not None, f"a change of kind {change.kind} carries its message"
    return change.message


def home_opened(user: str, channel: str, tab: str, timestamps: Timestamps) -> Change:
    event = {"type": "app_home_opened", "user": user, "channel": channel, "tab": tab, "event_ts": timestamps.next()}
    return Change("home", channel, user=user, data=event)


def session_stopped(user: str, channel: str, thread_ts: str, streaming: list[str], timestamps: Timestamps) -> Change:
    event = {
        "type": "agent_session_stopped",
        "channel": channel,
        "thread_ts": thread_ts,
        "user": user,
        "streaming_message_ts": streaming,
        "event_ts": timestamps.next(),
    }
    return Change("stopped", channel, user=user, data=event)
