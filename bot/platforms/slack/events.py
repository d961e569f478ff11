"""From a Slack event to a post of a person. Pure: no network, no database.

Source: docs.slack.dev/reference/events; shared reference `slack.md`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.conversation.characters import strip_invisible
from bot.conversation.messages import IncomingMessage, ThreadKey
from bot.platforms.slack.dialect import mention_of, plain_text

PLATFORM = "slack"
# Subtypes that are still somebody writing something. All others (edits, deletions, joins, bots) ask nothing.
WRITTEN = frozenset({"", "thread_broadcast", "file_share", "me_message"})
_TS = re.compile(r"\d{1,11}(?:\.\d{1,9})?", re.ASCII)
_LEADING_MENTION = re.compile(r"\s*<@([A-Z0-9]+)(?:\|[^<>]*)?>")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in a workspace. Source: auth.test."""

    user_id: str
    bot_id: str
    team_id: str
    enterprise_id: str = ""
    url: str = ""  # of the workspace, ends in a slash


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Something that a person wrote where we can read it. `text` is as Slack spells it."""

    tenant: str
    channel: str
    ts: str
    thread_ts: str | None
    user: str
    user_team: str
    text: str
    is_direct: bool
    mentions_us: bool
    speaks_to: str | None  # the user whose mention begins the text

    @property
    def asks_us(self) -> bool:
        """Meant for us by itself; anything else may still follow up in a thread of ours."""
        return self.is_direct or self.mentions_us


@dataclass(frozen=True, slots=True)
class Change:
    """A post as its author changed it. `asks_anew`: it mentions us now, and did not before."""

    post: Post
    edited_at: datetime
    asks_anew: bool


def parse_change(body: Mapping[str, Any], us: Identity) -> Change | None:
    """What a `message_changed` event says a person wrote instead; None for all else, such as a link's preview."""
    event = body.get("event")
    if not isinstance(event, Mapping) or event.get("subtype") != "message_changed":
        return None
    changed, before = _mapping(event.get("message")), _mapping(event.get("previous_message"))
    edited_at = _ts(_mapping(changed.get("edited")).get("ts"))
    written = {name: value for name, value in changed.items() if name not in ("edited", "hidden")}
    place = {name: event.get(name) for name in ("channel", "channel_type")}
    post = parse_post({**body, "event": {**written, **place, "type": "message"}}, us)
    if post is None or edited_at is None:
        return None
    mentioned = mention_of(us.user_id).search(str(before.get("text") or "")) is not None
    return Change(post, moment_of(edited_at), asks_anew=post.asks_us and not post.is_direct and not mentioned)


def parse_deletion(body: Mapping[str, Any], us: Identity) -> str | None:
    """The message key of the post that was deleted. One that others have answered leaves a tombstone in its place."""
    event = body.get("event")
    if not isinstance(event, Mapping):
        return None
    changed = _mapping(event.get("message"))
    if event.get("subtype") == "message_deleted":
        ts = _ts(event.get("deleted_ts"))
    elif event.get("subtype") == "message_changed" and changed.get("subtype") == "tombstone":
        ts = _ts(changed.get("ts"))
    else:
        return None
    channel = event.get("channel")
    return message_key(tenant_of(body, us), channel, ts) if isinstance(channel, str) and ts else None


def message_key(tenant: str, channel: str, ts: str) -> str:
    """The post itself, not the event: a mention arrives as two events, and again whenever Slack is not sure."""
    return f"{PLATFORM}:{tenant}:{channel}:{ts}"


def parse_post(body: Mapping[str, Any], us: Identity) -> Post | None:
    """The post in an `app_mention` or `message` event; None for what no person wrote just now."""
    event = body.get("event")
    if not isinstance(event, Mapping) or not _is_written(event, us):
        return None
    text, channel, ts = event.get("text"), event.get("channel"), _ts(event.get("ts"))
    if not isinstance(channel, str) or not channel or ts is None:
        return None
    text = text if isinstance(text, str) else ""
    leading = _LEADING_MENTION.match(text)
    is_mention_event = event.get("type") == "app_mention"
    return Post(
        tenant=tenant_of(body, us),
        channel=channel,
        ts=ts,
        thread_ts=_ts(event.get("thread_ts")),
        user=str(event["user"]),
        user_team=str(event.get("user_team") or event.get("team") or body.get("team_id") or us.team_id),
        text=text,
        is_direct=event.get("channel_type") == "im" or channel.startswith("D"),
        mentions_us=is_mention_event or mention_of(us.user_id).search(text) is not None,
        speaks_to=leading[1] if leading else None,
    )


def _is_written(event: Mapping[str, Any], us: Identity) -> bool:
    user, subtype = event.get("user"), event.get("subtype") or ""
    return (
        event.get("type") in ("app_mention", "message")
        and isinstance(subtype, str)
        and subtype in WRITTEN
        and isinstance(user, str)
        and user not in ("", us.user_id, "USLACKBOT")
        # Bots are not answered: two of them would never stop.
        and not event.get("bot_id")
        and not event.get("bot_profile")
        and not event.get("hidden")
        and not event.get("edited")
    )


def tenant_of(body: Mapping[str, Any], us: Identity) -> str:
    """Which workspace, the same for every event of a post: enterprise and team where both are known."""
    team = str(body.get("team_id") or us.team_id)
    enterprise = str(body.get("enterprise_id") or us.enterprise_id or "")
    return f"{enterprise}/{team}" if enterprise else team


def acting_tenant(body: Mapping[str, Any], us: Identity) -> str:
    """As `tenant_of`, of a payload that somebody's action brought: it names its team in another place."""
    team, enterprise = _mapping(body.get("team")), _mapping(body.get("enterprise"))
    return tenant_of({"team_id": team.get("id"), "enterprise_id": enterprise.get("id")} if team else body, us)


def to_message(post: Post, us: Identity, dm_mode: str, edited_at: datetime | None = None) -> IncomingMessage:
    """The post as the rest of the service knows it, as it reads since `edited_at`."""
    reply_ts = reply_thread(post, dm_mode)
    text = mention_of(us.user_id).sub(" ", post.text)
    address = {"channel": post.channel, "ts": post.ts, "user": post.user, "user_team": post.user_team}
    if reply_ts:
        address["thread_ts"] = reply_ts
    return IncomingMessage(
        thread=thread_key(post, dm_mode),
        message_key=message_key(post.tenant, post.channel, post.ts),
        user=post.user,
        text=strip_invisible(plain_text(text)).strip(),
        sent_at=moment_of(post.ts),
        edited_at=edited_at,
        is_public=not post.is_direct,
        is_follow_up=post.thread_ts is not None,
        address=address,
    )


def thread_key(post: Post, dm_mode: str) -> ThreadKey:
    return ThreadKey(PLATFORM, post.tenant, post.channel, reply_thread(post, dm_mode) or "conversation")


def reply_thread(post: Post, dm_mode: str) -> str | None:
    """The `thread_ts` to answer under; None in a direct message that is one running conversation."""
    if post.is_direct and dm_mode == "conversation":
        return post.thread_ts
    return post.thread_ts or post.ts


def _ts(value: object) -> str | None:
    """Slack's name of a message, which is its time as well."""
    return value if isinstance(value, str) and _TS.fullmatch(value) else None


def moment_of(ts: str) -> datetime:
    """When a message was written, or changed, by Slack's clock."""
    return datetime.fromtimestamp(float(ts), UTC)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
