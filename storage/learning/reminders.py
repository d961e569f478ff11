"""Reviews that owners were reminded of: each once for an entry and a day."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Connection, select

from storage import notices
from storage.database import Database
from storage.dialect import insert
from storage.learning.tables import ReviewReminderRow
from storage.notices import Notice
from storage.records import Reply

Review = tuple[str, date]  # an entry's id, and the day by which it is to be reviewed


class ReminderStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def reminded(self) -> frozenset[Review]:
        query = select(ReviewReminderRow.entry_id, ReviewReminderRow.review_by)
        return await self._database.read(
            lambda connection: frozenset((row.entry_id, row.review_by) for row in connection.execute(query))
        )

    async def announce(self, reviews: Iterable[Review], notice: Notice, now: datetime) -> Reply:
        """Put down a reminder of reviews that nobody was reminded of yet, and that it was. The reply to be shown."""
        rows = [
            {"entry_id": entry_id, "review_by": day, "reply_id": notice.reply_id, "reminded_at": now}
            for entry_id, day in reviews
        ]

        def work(connection: Connection) -> Reply:
            reply = notices.announce(connection, notice, now)
            connection.execute(insert(ReviewReminderRow), rows)
            return reply

        return await self._database.write(work)
