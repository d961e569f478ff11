"""What people think of replies, and what they chose of what was suggested: kept for whoever makes the answers better.

Everything that is read here comes with the question as it was asked and with what its reply rested on. What was asked
in a post that was deleted since is not among it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from storage import basis, inbox, reply_rows
from storage.audit.trail import AuditTrail
from storage.basis import Basis, BasisKind
from storage.database import Database
from storage.dialect import insert
from storage.records import CLOSED_STATES, Reply
from storage.schema import QUESTION_OF_POST, ChoiceRow, FeedbackRow, InboxRow, ReplyRow, ThreadRow, TurnRow


class Verdict(StrEnum):
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredQuestion:
    """A question whose reply has ended. `basis`: what the reply rests on; None for refusals and failures.

    `is_sensitive`: it is nobody else's business, and not to be quoted.
    """

    reply_id: str
    platform: str
    tenant: str
    channel: str
    user: str
    text: str
    asked_at: datetime
    basis: Basis | None
    is_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Feedback:
    """The last that this person said about this reply."""

    question: AnsweredQuestion
    user: str
    verdict: Verdict
    comment: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class MadeChoice:
    """`text`: the question as it read then. `entry_id` is None for none of the `offered`."""

    question: AnsweredQuestion
    text: str
    user: str
    offered: tuple[str, ...]
    entry_id: str | None
    revision: int | None
    chosen_at: datetime


class FeedbackStore:
    """Every method is one transaction."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def record(
        self, reply_id: str, user: str, verdict: Verdict, now: datetime, comment: str | None = None
    ) -> Reply | None:
        """Keep what somebody thinks of a reply, over what they said before. A comment of None leaves the one there is.

        None if there is nothing to have an opinion of: the reply is not known, not written yet, or was taken away.
        """
        return await self._database.write(
            lambda connection: _record(connection, self._trail, reply_id, user, verdict, now, comment)
        )

    async def verdicts_of(self, user: str, reply_ids: Collection[str]) -> dict[str, Verdict]:
        """What this person thinks of these replies, where they have said it."""
        query = select(FeedbackRow.reply_id, FeedbackRow.verdict).where(
            FeedbackRow.user == user, FeedbackRow.reply_id.in_(reply_ids)
        )
        return await self._database.read(
            lambda connection: {row.reply_id: Verdict(row.verdict) for row in connection.execute(query)}
        )

    async def given_since(self, moment: datetime) -> list[Feedback]:
        """What people have said about replies since then, oldest first."""
        query = (
            questions_of(FeedbackRow.reply_id)
            .where(FeedbackRow.given_at >= moment)
            .add_columns(FeedbackRow.user.label("by"), FeedbackRow.verdict, FeedbackRow.comment, FeedbackRow.given_at)
        )
        return await self._database.read(
            lambda connection: [
                Feedback(question_of(row), row.by, Verdict(row.verdict), row.comment, row.given_at)
                for row in connection.execute(query.order_by(FeedbackRow.given_at))
            ]
        )

    async def choices_since(self, moment: datetime) -> list[MadeChoice]:
        """What was chosen of suggestions since then, oldest first."""
        columns = [ChoiceRow.question, ChoiceRow.offered, ChoiceRow.entry_id, ChoiceRow.revision, ChoiceRow.chosen_at]
        query = (
            questions_of(ChoiceRow.reply_id)
            .where(ChoiceRow.chosen_at >= moment)
            .add_columns(ChoiceRow.user.label("by"), *columns)
        )
        return await self._database.read(
            lambda connection: [_choice(row) for row in connection.execute(query.order_by(ChoiceRow.choice_id))]
        )

    async def handed_over_since(self, moment: datetime) -> list[AnsweredQuestion]:
        """Questions whose reply ended since then, and that people were asked instead, oldest first."""
        query = (
            question_query()
            .where(ReplyRow.escalation_id.is_not(None), InboxRow.is_notice.is_(False), ReplyRow.finished_at >= moment)
            .order_by(ReplyRow.finished_at, ReplyRow.reply_id)
        )
        return await self._database.read(lambda connection: [question_of(row) for row in connection.execute(query)])

    async def questions_since(self, moment: datetime, kinds: Collection[BasisKind]) -> list[AnsweredQuestion]:
        """Questions whose reply ended since then and rests on one of these, oldest first."""
        query = (
            question_query()
            .where(ReplyRow.basis_kind.in_(kinds), ReplyRow.finished_at >= moment, ReplyRow.state.in_(CLOSED_STATES))
            .order_by(ReplyRow.finished_at, ReplyRow.reply_id)
        )
        return await self._database.read(lambda connection: [question_of(row) for row in connection.execute(query)])


def _record(
    connection: Connection,
    trail: AuditTrail,
    reply_id: str,
    user: str,
    verdict: Verdict,
    now: datetime,
    comment: str | None,
) -> Reply | None:
    reply = reply_rows.find(connection, reply_id)
    if reply is None or reply.state in inbox.BEYOND_REPAIR or reply.final_text is None:
        return None
    before = connection.execute(select(FeedbackRow.verdict, FeedbackRow.comment).where(*_is_by(reply_id, user))).first()
    same = before is not None and before.verdict == verdict
    kept = before.comment if before is not None and same and comment is None else comment or ""
    if before is not None and (before.verdict, before.comment) == (verdict, kept):
        return reply
    said = {"verdict": verdict, "comment": kept, "given_at": now}
    connection.execute(
        insert(FeedbackRow)
        .values(reply_id=reply_id, user=user, **said)
        .on_conflict_do_update(index_elements=[FeedbackRow.reply_id, FeedbackRow.user], set_=said)
    )
    trail.judged(connection, reply, user, verdict, kept, now)
    return reply


def _is_by(reply_id: str, user: str) -> tuple[Any, ...]:
    return FeedbackRow.reply_id == reply_id, FeedbackRow.user == user


def question_query() -> Select[Any]:
    """Rows for `question_of`, for stores beside this one."""
    return (
        select(
            ReplyRow.reply_id,
            ReplyRow.basis_kind,
            ReplyRow.basis,
            InboxRow.user,
            InboxRow.sent_at,
            InboxRow.topic,
            TurnRow.text,
            *(getattr(ThreadRow, name) for name in ("platform", "tenant", "channel")),
        )
        .join(InboxRow, InboxRow.message_key == ReplyRow.message_key)
        .join(ThreadRow, ThreadRow.thread_id == InboxRow.thread_id)
        .join(TurnRow, QUESTION_OF_POST)
        .where(ReplyRow.state.not_in(inbox.BEYOND_REPAIR))
    )


def questions_of(reply_id: Any) -> Select[Any]:
    """The questions that rows of another table are about, by its column."""
    return question_query().join(reply_id.class_, reply_id == ReplyRow.reply_id)


def question_of(row: Row[Any]) -> AnsweredQuestion:
    return AnsweredQuestion(
        reply_id=row.reply_id,
        platform=row.platform,
        tenant=row.tenant,
        channel=row.channel,
        user=row.user,
        text=row.text,
        asked_at=row.sent_at,
        basis=basis.from_json(row.basis_kind, row.basis),
        is_sensitive=row.topic is not None,
    )


def _choice(row: Row[Any]) -> MadeChoice:
    return MadeChoice(
        question_of(row), row.question, row.by, tuple(row.offered), row.entry_id, row.revision, row.chosen_at
    )
