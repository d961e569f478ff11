"""Reading conversations back: whose threads there are, and what was asked and answered in one.

Only reads. Every query names the place (platform, tenant, channel) or the person in a tenant: what belongs elsewhere
is not found.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from storage import basis
from storage.database import Database
from storage.records import AskedQuestion, ReplyState, ThreadSummary, Transcript, TranscriptTurn
from storage.schema import QUESTION_OF_POST, InboxRow, ReplyRow, ThreadRow, TurnRow

TITLE_CHARACTERS = 160


class TranscriptStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def threads_of(
        self, platform: str, tenant: str, channel: str, *, limit: int, before: str | None = None
    ) -> list[ThreadSummary]:
        """Threads of the channel, the last one spoken in first. `before`: only those that come after this thread."""
        place = (platform, tenant, channel)
        return await self._database.read(lambda connection: _threads_of(connection, place, limit, before))

    async def turns_of(
        self, platform: str, tenant: str, channel: str, thread: str, *, limit: int, before: int | None = None
    ) -> Transcript | None:
        """The newest turns of a thread, oldest first; `before`: only those before this exchange. None: not here."""
        place = (platform, tenant, channel)
        return await self._database.read(lambda connection: _turns_of(connection, place, thread, limit, before))

    async def questions_of(self, platform: str, tenant: str, user: str, *, limit: int) -> list[AskedQuestion]:
        """What this person asked last, in whatever channel of the tenant, newest first."""
        person = (platform, tenant, user)
        return await self._database.read(lambda connection: _questions_of(connection, person, limit))


def _questions_of(connection: Connection, person: tuple[str, str, str], limit: int) -> list[AskedQuestion]:
    platform, tenant, user = person
    query = (
        select(ThreadRow.channel, TurnRow.text, InboxRow.address, InboxRow.sent_at)
        .join(InboxRow, InboxRow.thread_id == ThreadRow.thread_id)
        .join(TurnRow, QUESTION_OF_POST)
        .where(ThreadRow.platform == platform, ThreadRow.tenant == tenant, InboxRow.user == user)
        .where(~InboxRow.is_notice)
        .order_by(InboxRow.received_at.desc(), InboxRow.sent_at.desc())
        .limit(limit)
    )
    return [AskedQuestion(row.channel, row.text, row.address, row.sent_at) for row in connection.execute(query)]


def _threads_of(
    connection: Connection, place: tuple[str, str, str], limit: int, before: str | None
) -> list[ThreadSummary]:
    spoken = _spoken_in(place).subquery()
    first = TurnRow
    query = select(spoken.c.thread, spoken.c.last_at, func.substr(first.text, 1, TITLE_CHARACTERS).label("title")).join(
        first, (first.thread_id == spoken.c.thread_id) & (first.exchange == 1) & (first.role == "user")
    )
    if before is not None:
        edge = connection.execute(_spoken_in(place).where(ThreadRow.thread == before)).first()
        if edge is None:
            return []
        is_later = (spoken.c.last_at == edge.last_at) & (spoken.c.thread_id < edge.thread_id)
        query = query.where((spoken.c.last_at < edge.last_at) | is_later)
    rows = connection.execute(query.order_by(spoken.c.last_at.desc(), spoken.c.thread_id.desc()).limit(limit))
    return [ThreadSummary(row.thread, row.title, row.last_at) for row in rows]


def _spoken_in(place: tuple[str, str, str]) -> Select[int, str, datetime]:
    """The place's threads, each with the time of its last turn."""
    return (
        select(
            ThreadRow.thread_id,
            ThreadRow.thread,
            func.max(TurnRow.created_at, type_=TurnRow.created_at.type).label("last_at"),
        )
        .join(TurnRow, TurnRow.thread_id == ThreadRow.thread_id)
        .where(*_is_at(place))
        .group_by(ThreadRow.thread_id)
    )


def _turns_of(
    connection: Connection, place: tuple[str, str, str], thread: str, limit: int, before: int | None
) -> Transcript | None:
    thread_id = connection.execute(
        select(ThreadRow.thread_id).where(*_is_at(place), ThreadRow.thread == thread)
    ).scalar_one_or_none()
    if thread_id is None:
        return None
    query = _turn_query().where(InboxRow.thread_id == thread_id)
    if before is not None:
        query = query.where(InboxRow.exchange < before)
    rows = connection.execute(query.order_by(InboxRow.exchange.desc()).limit(limit + 1)).all()
    return Transcript(thread, tuple(_turn(row) for row in reversed(rows[:limit])), has_earlier=len(rows) > limit)


def _turn_query() -> Select[Any]:
    return (
        select(
            *(getattr(InboxRow, name) for name in ("exchange", "address", "sent_at", "topic")),
            *(
                getattr(ReplyRow, name)
                for name in ("reply_id", "state", "final_text", "outcome", "basis_kind", "basis", "escalation_id")
            ),
            TurnRow.text.label("question"),
        )
        .join(ReplyRow, ReplyRow.message_key == InboxRow.message_key)
        .join(TurnRow, QUESTION_OF_POST)
    )


def _turn(row: Row[Any]) -> TranscriptTurn:
    fields = {
        name: getattr(row, name) for name in TranscriptTurn.__dataclass_fields__ if name not in ("state", "basis")
    }
    return TranscriptTurn(state=ReplyState(row.state), basis=basis.from_json(row.basis_kind, row.basis), **fields)


def _is_at(place: tuple[str, str, str]) -> tuple[Any, ...]:
    platform, tenant, channel = place
    return ThreadRow.platform == platform, ThreadRow.tenant == tenant, ThreadRow.channel == channel
