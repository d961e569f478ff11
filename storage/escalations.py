"""Questions that were handed to people: where they were put, who asked the same, what was answered.

Every method is one transaction. What has to be shown because of it comes back as replies that are open: put down in the
same transaction, so that a crash at any moment shows each exactly once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from storage import asking_people, expert_answers
from storage.asking_people import Asked, NewEscalation
from storage.audit.trail import AuditTrail
from storage.basis import BasisKind
from storage.database import Database
from storage.expert_answers import Draft, NewAnswer, Taken
from storage.records import Reply, ReplyState
from storage.schema import EscalationRow, ExpertAnswerRow, ReplyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A question in the channel `channel`. `answers`: how often somebody has answered it there."""

    escalation_id: str
    question: str
    owner: str
    channel: str
    created_at: datetime
    askers: int
    answers: int


class EscalationStore:
    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def ask(self, new: NewEscalation, now: datetime) -> Asked | None:
        """Hand the question of a reply to people; one that is waiting there already gets one more asker.

        None: somebody has asked people about it already, or there is nothing to ask about.
        """
        return await self._database.write(lambda connection: asking_people.ask(connection, self._trail, new, now))

    async def give_up(self, notice_id: str, now: datetime) -> list[Reply]:
        """The question could not be put there: who asked is told by being offered to ask again."""
        return await self._database.write(
            lambda connection: asking_people.give_up(connection, self._trail, notice_id, now)
        )

    async def find_of_thread(self, platform: str, channel: str, thread_ref: str) -> str | None:
        """The escalation whose question is the message under which a thread hangs."""
        return await self._database.read(
            lambda connection: expert_answers.find_of_thread(connection, platform, channel, thread_ref)
        )

    async def is_being_put(self, channel: str) -> bool:
        """Whether a question may stand in the channel of which we do not know yet that it does."""
        query = (
            select(EscalationRow.escalation_id)
            .join(ReplyRow, ReplyRow.reply_id == EscalationRow.notice_id)
            .where(EscalationRow.channel == channel, ReplyRow.state == ReplyState.INTENT)
        )
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)

    async def take_answer(
        self, answer: NewAnswer, draft: Draft, new_reply_id: Callable[[str], str], now: datetime
    ) -> Taken | None:
        """Somebody has answered: to be shown to everybody who asked, and kept as the draft of an entry.

        None: it was taken before, or it is by somebody who asked.
        """
        return await self._database.write(
            lambda connection: expert_answers.take(connection, self._trail, answer, draft, new_reply_id, now)
        )

    async def question_of(self, escalation_id: str) -> str:
        query = select(EscalationRow.question).where(EscalationRow.escalation_id == escalation_id)
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def since(self, moment: datetime) -> list[Escalation]:
        """What was handed to people since then, oldest first."""
        return await self._database.read(lambda connection: _since(connection, moment))


def _since(connection: Connection, moment: datetime) -> list[Escalation]:
    askers = (
        select(ReplyRow.escalation_id, func.count().label("number"))
        .where(ReplyRow.basis_kind.not_in((BasisKind.ESCALATED, BasisKind.RELAYED)))
        .group_by(ReplyRow.escalation_id)
        .subquery()
    )
    answers = (
        select(ExpertAnswerRow.escalation_id, func.count().label("number"))
        .group_by(ExpertAnswerRow.escalation_id)
        .subquery()
    )
    rows = connection.execute(
        select(EscalationRow, askers.c.number.label("askers"), answers.c.number.label("answers"))
        .outerjoin(askers, askers.c.escalation_id == EscalationRow.escalation_id)
        .outerjoin(answers, answers.c.escalation_id == EscalationRow.escalation_id)
        .where(EscalationRow.created_at >= moment)
        .order_by(EscalationRow.created_at)
    )
    return [
        Escalation(
            escalation_id=row.escalation_id,
            question=row.question,
            owner=row.owner,
            channel=row.channel,
            created_at=row.created_at,
            askers=row.askers or 0,
            answers=row.answers or 0,
        )
        for row in rows
    ]
