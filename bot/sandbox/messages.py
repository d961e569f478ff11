"""A message and a channel as the workspace holds them.

Owns their API shapes; knows neither each other's rules nor HTTP.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from bot.sandbox.cast import APP_ID, BOT_ID, BOT_NAME, BOT_USER_ID, TEAM_ID
from bot.sandbox.records import Version

CHANNEL, GROUP, IM = "channel", "group", "im"


@dataclass(slots=True)
class Message:
    """`thread_ts` is the root's ts for a reply and None otherwise; a root shows its own as soon as it has replies."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    thread_ts: str | None = None
    subtype: str | None = None
    client_msg_id: str | None = None
    metadata: dict[str, Any] | None = None
    edited: dict[str, str] | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    only_for: str | None = None
    """An ephemeral message is seen by this person only."""
    streaming_since: float | None = None
    broadcast: bool = False
    files: list[dict[str, Any]] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)

    @property
    def by_bot(self) -> bool:
        return self.user == BOT_USER_ID and self.subtype is None

    def as_api(self, *, include_metadata: bool = False) -> dict[str, Any]:
        shape: dict[str, Any] = {
            "type": "message",
            "user": self.user,
            "ts": self.ts,
            "text": self.text,
            "team": TEAM_ID,
        }
        if self.by_bot:
            shape |= {"bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": bot_profile()}
        optional = {
            "subtype": self.subtype,
            "client_msg_id": self.client_msg_id,
            "blocks": self.blocks,
            "files": self.files,
            "thread_ts": self.thread_ts,
            "edited": self.edited,
            "reactions": [
                {"name": name, "users": users, "count": len(users)} for name, users in self.reactions.items()
            ],
            "metadata": self.metadata if include_metadata else None,
        }
        shape |= {key: value for key, value in optional.items() if value}
        if self.broadcast:
            shape["subtype"] = "thread_broadcast"
        return shape

    def as_state(self) -> dict[str, Any]:
        """Shares only what is never changed in place. Of the versions the last is enough after a restart."""
        state = {field.name: getattr(self, field.name) for field in fields(self)}
        state["reactions"] = {name: list(users) for name, users in self.reactions.items()}
        state["versions"] = [asdict(version) for version in self.versions[-1:]]
        return state

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Message":
        return cls(
            **{**state, "versions": [Version(**version) for version in state["versions"]], "streaming_since": None}
        )


def bot_profile() -> dict[str, Any]:
    return {
        "id": BOT_ID,
        "app_id": APP_ID,
        "user_id": BOT_USER_ID,
        "name": BOT_NAME,
        "icons": {"image_48": ""},
        "deleted": False,
        "updated": 1_700_000_000,
        "team_id": TEAM_ID,
    }


@dataclass(slots=True)
class Channel:
    """`messages` holds visible messages by ts; since ts ascend, its order is theirs."""

    id: str
    name: str
    kind: str
    purpose: str
    members: list[str]
    created: int
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: dict[str, Message] = field(default_factory=dict)
    tombs: dict[str, Message] = field(default_factory=dict)
    """Deleted messages: gone from the API, kept for their versions."""
    replies: dict[str, list[str]] = field(default_factory=dict)
    """ts of the replies by root ts, so that a long channel's threads are found without a walk."""

    def thread(self, root_ts: str) -> Iterator[Message]:
        """The root, if it still is there, then its replies, oldest first."""
        if root := self.messages.get(root_ts):
            yield root
        yield from (self.messages[ts] for ts in self.replies.get(root_ts, ()))

    def as_api(self) -> dict[str, Any]:
        if self.kind == IM:
            person = next(member for member in self.members if member != BOT_USER_ID)
            common = {"id": self.id, "created": self.created, "is_im": True, "is_org_shared": False, "user": person}
            return common | {
                "is_archived": False,
                "is_user_deleted": False,
                "is_open": True,
                "context_team_id": TEAM_ID,
            }
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": True,
            "is_group": False,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.kind == GROUP,
            "is_archived": False,
            "is_general": self.name == "general",
            "is_shared": False,
            "is_ext_shared": False,
            "is_org_shared": False,
            "is_member": BOT_USER_ID in self.members,
            "num_members": len(self.members),
            "created": self.created,
            "creator": "U0DANA",
            "context_team_id": TEAM_ID,
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": self.purpose, "creator": "U0DANA", "last_set": self.created},
        }
