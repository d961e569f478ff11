"""What is kept about one person, for that person: how much, all of it, and what they were told about that."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from storage.audit.canonical import Scalar, utc_text
from storage.audit.log import AuditEntry
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.dialect import insert
from storage.forgetting import own_texts
from storage.forgetting.tables import NoticeShownRow
from storage.schema import QUESTION_OF_POST, FeedbackRow, InboxRow, ReplyRow, ThreadRow, TurnRow


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person in one tenant: who asks about themselves."""

    platform: str
    tenant: str
    user: str


@dataclass(frozen=True, slots=True)
class OwnData:
    """`texts`: of the log. `since`: when the oldest of it was asked, or written. None: there is nothing."""

    questions: int
    judgements: int
    texts: int
    since: datetime | None


class OwnDataStore:
    """Every change is one transaction with its entry in the audit log."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def was_told(self, who: Somebody, version: str) -> bool:
        """Whether they were told this version of the notice."""
        query = select(NoticeShownRow.version).where(
            NoticeShownRow.platform == who.platform,
            NoticeShownRow.tenant == who.tenant,
            NoticeShownRow.user == who.user,
        )
        return await self._database.read(lambda connection: connection.execute(query).scalar() == version)

    async def record_told(self, who: Somebody, version: str, now: datetime) -> None:
        said = {"version": version, "shown_at": now}
        row = insert(NoticeShownRow).values(platform=who.platform, tenant=who.tenant, user=who.user, **said)
        keys = [NoticeShownRow.platform, NoticeShownRow.tenant, NoticeShownRow.user]

        def work(connection: Connection) -> None:
            connection.execute(row.on_conflict_do_update(index_elements=keys, set_=said))
            self._record(connection, "notice_shown", who, {"version": version}, now)

        await self._database.write(work)

    async def count(self, who: Somebody) -> OwnData:
        actor = self._actor(who)
        return await self._database.read(lambda connection: _count(connection, who, actor))

    async def take(self, who: Somebody, now: datetime) -> dict[str, Any]:
        """All of it, as JSON can say it."""
        actor = self._actor(who)

        def work(connection: Connection) -> dict[str, Any]:
            taken = {"format": 1, "created": utc_text(now), "platform": who.platform, "user": who.user}
            questions = [_question(row) for row in connection.execute(_questions(who).order_by(InboxRow.received_at))]
            texts = own_texts.take(connection, self._trail.keys, actor)
            self._record(connection, "own_data_exported", who, {"questions": len(questions), "texts": len(texts)}, now)
            return {**taken, "questions": questions, "feedback": _judgements(connection, who), "log": texts}

        return await self._database.write(work)

    def _record(
        self, connection: Connection, kind: str, who: Somebody, fields: dict[str, Scalar], now: datetime
    ) -> None:
        place: dict[str, Scalar] = {"platform": who.platform, "tenant": who.tenant}
        self._trail.add(connection, AuditEntry(kind, now, {**place, **fields, "actor": self._actor(who)}))

    def _actor(self, who: Somebody) -> str:
        return self._trail.pseudonym(who.platform, who.tenant, who.user)


def _count(connection: Connection, who: Somebody, actor: str) -> OwnData:
    asked = _questions(who).subquery()
    questions, since = connection.execute(
        select(func.count(), func.min(asked.c.received_at, type_=InboxRow.received_at.type)).select_from(asked)
    ).one()
    texts = own_texts.count(connection, actor)
    oldest = min((moment for moment in (since, texts.since) if moment is not None), default=None)
    return OwnData(questions, len(_judgements(connection, who)), texts.count, oldest)


def _questions(who: Somebody) -> Any:
    return (
        select(ThreadRow.channel, ThreadRow.thread, InboxRow.received_at, TurnRow.text, ReplyRow.final_text)
        .add_columns(ReplyRow.outcome, ReplyRow.finished_at)
        .join(InboxRow, InboxRow.thread_id == ThreadRow.thread_id)
        .join(TurnRow, QUESTION_OF_POST)
        .join(ReplyRow, ReplyRow.message_key == InboxRow.message_key)
        .where(ThreadRow.platform == who.platform, ThreadRow.tenant == who.tenant, InboxRow.user == who.user)
        .where(~InboxRow.is_notice)
    )


def _question(row: Any) -> dict[str, Any]:
    return {
        "asked": utc_text(row.received_at),
        "channel": row.channel,
        "thread": row.thread,
        "question": row.text,
        "answer": row.final_text,
        "outcome": row.outcome,
        "answered": None if row.finished_at is None else utc_text(row.finished_at),
    }


def _judgements(connection: Connection, who: Somebody) -> list[dict[str, Any]]:
    """Of this person, on replies of the platform."""
    query = (
        select(FeedbackRow.verdict, FeedbackRow.comment, FeedbackRow.given_at)
        .join(ReplyRow, ReplyRow.reply_id == FeedbackRow.reply_id)
        .join(InboxRow, InboxRow.message_key == ReplyRow.message_key)
        .join(ThreadRow, ThreadRow.thread_id == InboxRow.thread_id)
        .where(ThreadRow.platform == who.platform, ThreadRow.tenant == who.tenant, FeedbackRow.user == who.user)
        .order_by(FeedbackRow.given_at)
    )
    return [
        {"verdict": row.verdict, "comment": row.comment, "given": utc_text(row.given_at)}
        for row in connection.execute(query)
    ]
