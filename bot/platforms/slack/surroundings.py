"""What the listeners have around them: the rest of the service, and what speaks to Slack."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.conversation.knowledge.editing import Editor
from bot.conversation.messages import IncomingMessage, ThreadKey
from bot.delivery.gap_desk import GapDesk
from bot.delivery.privacy import PrivacyDesk
from bot.platforms.slack.api import SlackApi
from bot.platforms.slack.background import Background
from bot.platforms.slack.files import Files
from bot.platforms.slack.home import Home
from bot.platforms.slack.languages import Languages
from bot.platforms.slack.response_urls import ResponseUrls
from bot.platforms.slack.status import Sessions
from bot.platforms.slack.user_groups import UserGroups
from storage.feedback import Verdict
from storage.records import AskedQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the listeners need of the rest of the service.

    `accept` commits a post, `edit` what its author made of it, `withdraw` that it was deleted (by message key), and
    `ask_again` that another reply is wanted instead of this one (by reply id). `choose` and `decline`: what somebody
    (reply id, user, number) chose of what a reply suggests; `judge`: what they think of it, with a comment if they gave
    one now; `ask_people`: that somebody is to answer instead. `knows_thread` says whether we were asked in a thread,
    `awaits_answer` whether we have put a question there; `last_questions` of a person (tenant, user, how many), newest
    first. `topic_of`: what makes a text nobody else's business. `editor` writes entries; `gap_desk`: what owners do
    about gaps; `privacy`: what is kept of people, for themselves.
    """

    accept: Callable[[IncomingMessage], Awaitable[bool]]
    edit: Callable[[IncomingMessage], Awaitable[bool]]
    withdraw: Callable[[str], Awaitable[bool]]
    ask_again: Callable[[str], Awaitable[bool]]
    choose: Callable[[str, str, int], Awaitable[bool]]
    decline: Callable[[str, str], Awaitable[bool]]
    judge: Callable[[str, str, Verdict, str | None], Awaitable[bool]]
    ask_people: Callable[[str, str], Awaitable[bool]]
    topic_of: Callable[[str], str | None]
    knows_thread: Callable[[ThreadKey], Awaitable[bool]]
    awaits_answer: Callable[[ThreadKey], Awaitable[bool]]
    stop_reply: Callable[[str], bool]
    stop_thread: Callable[[ThreadKey], int]
    last_questions: Callable[[str, str, int], Awaitable[list[AskedQuestion]]]
    editor: Editor
    gap_desk: GapDesk
    privacy: PrivacyDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the listeners do besides: all of it in the background."""

    api: SlackApi
    urls: ResponseUrls
    home: Home
    sessions: Sessions
    languages: Languages
    user_groups: UserGroups
    files: Files
    background: Background


def user_of(body: Mapping[str, Any]) -> str:
    """Who acted."""
    return str((body.get("user") or {}).get("id") or "")


def name_of(body: Mapping[str, Any]) -> str:
    """As people call who acted."""
    user = body.get("user") or {}
    return str(user.get("username") or user.get("name") or user.get("id") or "")
