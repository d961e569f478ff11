"""What is read of the log: conversations and entries, and by what they are looked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a conversation has to be; None and "" do not matter. `actors`: any of these pseudonyms.

    `since` and `until`: when the question was accepted, the latter excluded.
    """

    text: str = field(default="", repr=False)
    actors: frozenset[str] | None = None
    channel: str = ""
    platform: str = ""
    outcome: str = ""
    basis: str = ""
    verdict: str = ""
    model_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A question and its reply. `user`: the platform's name of who asked, while the thread's history has it.

    `question` and `answer` are None where there are none, or none any more: `is_erased` tells.
    """

    number: int
    reply_id: str
    asked_at: datetime
    platform: str
    tenant: str
    channel: str
    thread: str
    exchange: int
    actor: str
    user: str | None
    state: str | None
    outcome: str | None
    basis: str | None
    model_id: str | None
    verdict: str | None
    question: str | None = field(repr=False)
    answer: str | None = field(repr=False)
    is_erased: bool


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry with what it says. `body` is None where there is none, or none any more: `is_erased` tells."""

    seq: int
    kind: str
    at: datetime
    header: Mapping[str, Any]
    body: Mapping[str, Any] | None = field(repr=False)
    is_erased: bool


@dataclass(frozen=True, slots=True)
class Found:
    """`more`: whether there are further ones behind the last."""

    conversations: Sequence[Conversation]
    more: bool


@dataclass(frozen=True, slots=True)
class LogFigures:
    """`indexed`: up to which entry searches find. `last_checkpoint_at` is None when nothing was ever signed."""

    entries: int
    indexed: int
    last_entry_at: datetime | None
    last_checkpoint_at: datetime | None
    last_checkpoint_size: int
