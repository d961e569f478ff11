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


def to_message(post: Post, us: Identity, dm_mode: str) -> IncomingMessage:
    """The post as the rest of the service knows it."""
    reply_ts = reply_thread(post, dm_mode)
    text = mention_of(us.user_id).sub(" ", post.text)
    address = {"channel": post.channel, "ts": post.ts, "user": post.user, "user_team": post.user_team}
    if reply_ts:
        address["thread_ts"] = reply_ts
    return IncomingMessage(
        thread=thread_key(post, dm_mode),
        # The post itself, not the event: a mention arrives as two events, and again whenever Slack is not sure.
        message_key=f"{PLATFORM}:{post.tenant}:{post.channel}:{post.ts}",
        user=post.user,
        text=strip_invisible(plain_text(text)).strip(),
        sent_at=datetime.fromtimestamp(float(post.ts), UTC),
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
