"""Threads and what was said in them."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from storage import basis
from storage.database import Database
from storage.dialect import insert
from storage.records import EarlierQuestion, Exchange
from storage.schema import NOT_PRIVATE, QUESTION_OF_POST, InboxRow, ReplyRow, ThreadRow, TurnRow

MOST_EXCHANGES = 1_000  # more cannot fit any prompt; keeps one endless thread from filling the memory


class ThreadStore:
    """History, keyed by the whole thread key in every query."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def exchanges_before(self, thread_id: int, exchange: int) -> list[Exchange]:
        """What was said in the thread before this exchange, oldest first."""
        return await self._database.read(lambda connection: _exchanges_before(connection, thread_id, exchange))

    async def exchange_before(self, thread_id: int, exchange: int, user: str) -> EarlierQuestion | None:
        """The question before this one in the thread, with what its reply rests on. None: it is the first.

        What was answered privately is only there for `user`, who asked it.
        """
        return await self._database.read(lambda connection: _exchange_before(connection, thread_id, exchange, user))

    async def find_thread(self, platform: str, tenant: str, channel: str, thread: str) -> int | None:
        """The id of the thread if a question was ever accepted in it."""
        return await self._database.read(lambda connection: _find_thread(connection, platform, tenant, channel, thread))

    async def is_ours(self, platform: str, tenant: str, channel: str, thread: str) -> bool:
        """Whether a question was ever accepted in the thread and answered there: what is said next may be for us."""
        query = (
            select(InboxRow.message_key)
            .join(ThreadRow, ThreadRow.thread_id == InboxRow.thread_id)
            .where(ThreadRow.platform == platform, ThreadRow.tenant == tenant)
            .where(ThreadRow.channel == channel, ThreadRow.thread == thread)
            .where(NOT_PRIVATE)
        )
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)


def _exchanges_before(connection: Connection, thread_id: int, exchange: int) -> list[Exchange]:
    rows = connection.execute(
        select(TurnRow.exchange, TurnRow.role, TurnRow.text)
        .join(InboxRow, (InboxRow.thread_id == TurnRow.thread_id) & (InboxRow.exchange == TurnRow.exchange))
        .where(InboxRow.is_in_history)
        .where(TurnRow.thread_id == thread_id)
        .where(TurnRow.exchange < exchange)
        .where(TurnRow.exchange >= exchange - MOST_EXCHANGES)
    ).all()
    texts = {(row.exchange, row.role): row.text for row in rows}
    numbers = sorted({number for number, _ in texts})
    return [
        Exchange(number, question=texts[number, "user"], answer=texts.get((number, "assistant")))
        for number in numbers
        if (number, "user") in texts
    ]


def _exchange_before(connection: Connection, thread_id: int, exchange: int, user: str) -> EarlierQuestion | None:
    is_own_secret = InboxRow.topic.is_not(None) & (InboxRow.user == user)
    row = connection.execute(
        select(TurnRow.text, ReplyRow.basis_kind, ReplyRow.basis)
        .join(InboxRow, QUESTION_OF_POST)
        .join(ReplyRow, ReplyRow.message_key == InboxRow.message_key)
        .where(InboxRow.thread_id == thread_id, InboxRow.exchange < exchange)
        .where(InboxRow.is_in_history | is_own_secret)
        .order_by(InboxRow.exchange.desc())
        .limit(1)
    ).first()
    return None if row is None else EarlierQuestion(row.text, basis.from_json(row.basis_kind, row.basis))


def _find_thread(connection: Connection, platform: str, tenant: str, channel: str, thread: str) -> int | None:
    return connection.execute(
        select(ThreadRow.thread_id).where(
            ThreadRow.platform == platform,
            ThreadRow.tenant == tenant,
            ThreadRow.channel == channel,
            ThreadRow.thread == thread,
        )
    ).scalar_one_or_none()


# For the other stores, inside their transactions:


def ensure_thread(connection: Connection, platform: str, tenant: str, channel: str, thread: str, now: datetime) -> int:
    """The id of the thread, made if it is new."""
    connection.execute(
        insert(ThreadRow)
        .values(platform=platform, tenant=tenant, channel=channel, thread=thread, created_at=now)
        .on_conflict_do_nothing()
    )
    thread_id = _find_thread(connection, platform, tenant, channel, thread)
    assert thread_id is not None
    return thread_id


def last_topic_of(connection: Connection, thread_id: int, user: str) -> str | None:
    """The topic of what this person asked last in the thread, if that was nobody else's business."""
    return connection.execute(
        select(InboxRow.topic)
        .where(InboxRow.thread_id == thread_id, InboxRow.user == user)
        .order_by(InboxRow.exchange.desc())
        .limit(1)
    ).scalar()


def append_question(connection: Connection, thread_id: int, text: str, now: datetime) -> int:
    """Add a question at the end of the thread; the number of the exchange that it opens, from 1."""
    last = connection.execute(select(func.max(TurnRow.exchange)).where(TurnRow.thread_id == thread_id)).scalar()
    exchange = (last or 0) + 1
    connection.execute(
        insert(TurnRow).values(thread_id=thread_id, exchange=exchange, role="user", text=text, created_at=now)
    )
    return exchange


def record_answer(connection: Connection, thread_id: int, exchange: int, text: str, now: datetime) -> None:
    """Set what was answered. A second time (a restart in the middle) replaces the first."""
    connection.execute(
        insert(TurnRow)
        .values(thread_id=thread_id, exchange=exchange, role="assistant", text=text, created_at=now)
        .on_conflict_do_update(
            index_elements=[TurnRow.thread_id, TurnRow.exchange, TurnRow.role], set_={"text": text, "created_at": now}
        )
    )


def replace_question(connection: Connection, thread_id: int, exchange: int, text: str) -> None:
    """What was asked reads otherwise now: its author changed it, or took it back (`text` is empty)."""
    connection.execute(update(TurnRow).where(*_is_turn(thread_id, exchange, "user")).values(text=text))


def forget_answer(connection: Connection, thread_id: int, exchange: int) -> None:
    connection.execute(delete(TurnRow).where(*_is_turn(thread_id, exchange, "assistant")))


def _is_turn(thread_id: int, exchange: int, role: str) -> tuple[ColumnElement[bool], ...]:
    return TurnRow.thread_id == thread_id, TurnRow.exchange == exchange, TurnRow.role == role
