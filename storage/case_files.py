"""Whole threads with everything that is kept about them, for whoever looks after the service at its machine.

Only reads. Unlike the other stores it looks across places: nothing that answers people may use it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from storage.database import Database
from storage.schema import QUESTION_OF_POST, InboxRow, ReplyRow, ThreadRow, TurnRow

_REPLY = (
    "reply_id",
    "state",
    "attempt",
    "outcome",
    "failure",
    "final_text",
    "shown_at",
    "text_shown_at",
    "finished_at",
    "edits",
    "model_id",
    "prompt_tokens",
    "new_tokens",
    "seconds_to_first_token",
    "seconds",
)


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A thread in a list. `state` is of its last reply."""

    thread_id: int
    platform: str
    tenant: str
    channel: str
    thread: str
    questions: int
    last_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class CaseTurn:
    """A question, its reply, and `reply`: the columns of the reply by name, as they stand."""

    exchange: int
    user: str
    question: str
    sent_at: datetime
    received_at: datetime
    reply: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CaseFile:
    thread_id: int
    platform: str
    tenant: str
    channel: str
    thread: str
    created_at: datetime
    turns: tuple[CaseTurn, ...]


class CaseFiles:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self, limit: int) -> list[ThreadLine]:
        """The threads asked in last, newest first."""
        return await self._database.read(lambda connection: _newest(connection, limit))

    async def thread_of_reply(self, reply_id: str) -> int | None:
        query = (
            select(InboxRow.thread_id)
            .join(ReplyRow, ReplyRow.message_key == InboxRow.message_key)
            .where(ReplyRow.reply_id == reply_id)
        )
        return await self._database.read(lambda connection: connection.execute(query).scalar_one_or_none())

    async def open(self, thread_id: int) -> CaseFile | None:
        """The whole thread, oldest question first."""
        return await self._database.read(lambda connection: _open(connection, thread_id))


def _newest(connection: Connection, limit: int) -> list[ThreadLine]:
    asked = (
        select(
            InboxRow.thread_id,
            func.count().label("questions"),
            func.max(InboxRow.exchange).label("last"),
            func.max(InboxRow.received_at, type_=InboxRow.received_at.type).label("last_at"),
        )
        .group_by(InboxRow.thread_id)
        .order_by(func.max(InboxRow.received_at).desc(), InboxRow.thread_id.desc())
        .limit(limit)
        .subquery()
    )
    rows = connection.execute(
        select(ThreadRow, asked.c.questions, asked.c.last_at, ReplyRow.state)
        .join(asked, asked.c.thread_id == ThreadRow.thread_id)
        .join(InboxRow, (InboxRow.thread_id == asked.c.thread_id) & (InboxRow.exchange == asked.c.last))
        .join(ReplyRow, ReplyRow.message_key == InboxRow.message_key)
        .order_by(asked.c.last_at.desc(), ThreadRow.thread_id.desc())
    )
    return [
        ThreadLine(
            row.thread_id, row.platform, row.tenant, row.channel, row.thread, row.questions, row.last_at, row.state
        )
        for row in rows
    ]


def _open(connection: Connection, thread_id: int) -> CaseFile | None:
    place = connection.execute(select(ThreadRow).where(ThreadRow.thread_id == thread_id)).first()
    if place is None:
        return None
    rows = connection.execute(
        select(
            *(getattr(InboxRow, name) for name in ("exchange", "user", "sent_at", "received_at")),
            *(getattr(ReplyRow, name) for name in _REPLY),
            TurnRow.text.label("question"),
        )
        .join(ReplyRow, ReplyRow.message_key == InboxRow.message_key)
        .join(TurnRow, QUESTION_OF_POST)
        .where(InboxRow.thread_id == thread_id)
        .order_by(InboxRow.exchange)
    )
    turns = tuple(
        CaseTurn(
            row.exchange,
            row.user,
            row.question,
            row.sent_at,
            row.received_at,
            {name: getattr(row, name) for name in _REPLY},
        )
        for row in rows
    )
    return CaseFile(place.thread_id, place.platform, place.tenant, place.channel, place.thread, place.created_at, turns)
