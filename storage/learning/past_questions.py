"""What was asked lately, as retrieval was asked it: to try out what a change would do to the answers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm import aliased

from storage.database import Database
from storage.schema import QUESTION_OF_POST, InboxRow, ThreadRow, TurnRow


@dataclass(frozen=True, slots=True)
class PastQuestion:
    """`previous`: what was asked before it in its thread, "" for a first question. `channel`: the platform's name."""

    text: str
    previous: str
    channel: str
    asked_at: datetime


class PastQuestionStore:
    """Reads only, across places: for whoever looks after the answers, never for answering somebody."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, limit: int) -> list[PastQuestion]:
        """The newest that stand, oldest first: not what was deleted, or asked once more since."""
        query = (
            select(TurnRow.text, _previous().label("previous"), ThreadRow.channel, InboxRow.sent_at)
            .select_from(InboxRow)
            .join(ThreadRow, ThreadRow.thread_id == InboxRow.thread_id)
            .join(TurnRow, QUESTION_OF_POST)
            .where(InboxRow.is_in_history, InboxRow.is_notice.is_(False), TurnRow.text != "")
            .order_by(InboxRow.received_at.desc(), InboxRow.exchange.desc())
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [PastQuestion(row.text, row.previous or "", row.channel, row.sent_at) for row in reversed(rows)]


def _previous() -> ScalarSelect[str]:
    """The text of the question before, in a column."""
    inbox, turn = aliased(InboxRow), aliased(TurnRow)
    return (
        select(turn.text)
        .join(inbox, (inbox.thread_id == turn.thread_id) & (inbox.exchange == turn.exchange))
        .where(turn.thread_id == InboxRow.thread_id, turn.exchange < InboxRow.exchange, turn.role == "user")
        .where(inbox.is_in_history, inbox.is_notice.is_(False))
        .order_by(turn.exchange.desc())
        .limit(1)
        .correlate(InboxRow)
        .scalar_subquery()
    )
