"""Gaps that somebody has put aside: they are not shown again until somebody takes that back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete

from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.dialect import insert
from storage.feedback import AnsweredQuestion, question_of, questions_of
from storage.knowledge.records import Author
from storage.learning.tables import DismissalRow


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A question of a gap that was dismissed. `gap`: the reply to the one that stood for it, often its own."""

    question: AnsweredQuestion
    gap: str
    author: str
    dismissed_at: datetime

    @property
    def stands_for_gap(self) -> bool:
        return self.question.reply_id == self.gap


class DismissalStore:
    """Every change is one transaction with its entry in the audit log."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def dismiss(self, gap: str, reply_ids: Collection[str], author: Author, now: datetime) -> int:
        """Put aside the questions that these replies are to; how many were not yet. `gap`: the first of them."""
        return await self._database.write(
            lambda connection: dismiss(connection, self._trail, gap, reply_ids, author, now)
        )

    async def restore(self, gap: str, author: Author, now: datetime) -> int:
        """Take it back; how many questions it had."""

        def work(connection: Connection) -> int:
            restored = connection.execute(delete(DismissalRow).where(DismissalRow.gap == gap)).rowcount
            if restored:
                self._trail.gap_restored(connection, gap, restored, author, now)
            return restored

        return await self._database.write(work)

    async def all(self) -> list[Dismissed]:
        """Oldest first, without those whose question was deleted since."""
        query = questions_of(DismissalRow.reply_id).add_columns(
            DismissalRow.gap, DismissalRow.author, DismissalRow.dismissed_at
        )
        return await self._database.read(
            lambda connection: [
                Dismissed(question_of(row), row.gap, row.author, row.dismissed_at)
                for row in connection.execute(query.order_by(DismissalRow.dismissed_at, DismissalRow.reply_id))
            ]
        )


def dismiss(
    connection: Connection, trail: AuditTrail, gap: str, reply_ids: Collection[str], author: Author, now: datetime
) -> int:
    """As `DismissalStore.dismiss`, inside another store's transaction."""
    rows = [
        {"reply_id": reply_id, "gap": gap, "author": str(author), "dismissed_at": now}
        for reply_id in dict.fromkeys((gap, *reply_ids))
    ]
    statement = insert(DismissalRow).on_conflict_do_nothing().returning(DismissalRow.reply_id)
    added = len(connection.execute(statement, rows).all())
    if added:
        trail.gap_dismissed(connection, gap, added, author, now)
    return added
