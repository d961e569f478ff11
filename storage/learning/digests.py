"""Gaps that owners are told of, and what is done about them where they read it.

Every method that writes is one transaction. What has to be shown because of it comes back as a reply that is open.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Select, select, update

from storage import inbox, notices, reply_rows
from storage.audit.trail import AuditTrail
from storage.basis import Basis, BasisKind, CitedGap
from storage.database import Database
from storage.dialect import insert
from storage.knowledge.records import Author
from storage.learning import dismissals
from storage.learning.tables import DigestRow
from storage.notices import Notice
from storage.records import Reply
from storage.schema import ReplyRow


@dataclass(frozen=True, slots=True)
class Settlement:
    """What somebody has done about a gap. `by`: as people call them."""

    how: str
    by: str
    author: Author


class DigestStore:
    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def channels_told(self, week: str) -> frozenset[str]:
        """Those that have been told in this week, if only that there is nothing."""
        query = select(DigestRow.channel).where(DigestRow.week == week)
        return await self._database.read(lambda connection: frozenset(connection.execute(query).scalars()))

    async def announce(self, week: str, channel: str, notice: Notice | None, now: datetime) -> Reply | None:
        """Put down what a channel is told in a week, once; None for nothing. The reply to be shown."""

        def work(connection: Connection) -> Reply | None:
            if connection.execute(_made(week, channel)).first() is not None:
                return None
            reply = None if notice is None else notices.announce(connection, notice, now)
            reply_id = reply and reply.reply_id
            connection.execute(insert(DigestRow).values(week=week, channel=channel, reply_id=reply_id, made_at=now))
            return reply

        return await self._database.write(work)

    async def find_gap(self, reply_id: str, number: int) -> CitedGap | None:
        """The gap of this number, from 1, in a digest."""
        reply = await self._database.read(lambda connection: reply_rows.find(connection, reply_id))
        return None if reply is None else _gap(reply, number)

    async def find_review(self, reply_id: str, number: int) -> str | None:
        """The id of the entry of this number, from 1, in a reminder."""
        reply = await self._database.read(lambda connection: reply_rows.find(connection, reply_id))
        if reply is None or reply.basis is None or reply.basis.kind is not BasisKind.REVIEWS:
            return None
        return reply.basis.entries[number - 1].entry_id if 1 <= number <= len(reply.basis.entries) else None

    async def settle(self, reply_id: str, number: int, settlement: Settlement, now: datetime) -> Reply | None:
        """Keep what was done about a gap, and show it. None: there is nothing to show, or somebody was faster."""
        return await self._database.write(lambda connection: _settle(connection, reply_id, number, settlement, now))

    async def dismiss(self, reply_id: str, number: int, settlement: Settlement, now: datetime) -> Reply | None:
        """Put a gap aside, with all its questions; as `settle`."""

        def work(connection: Connection) -> Reply | None:
            reply = reply_rows.find(connection, reply_id)
            gap = None if reply is None else _gap(reply, number)
            if gap is None:
                return None
            author = settlement.author
            dismissals.dismiss(connection, self._trail, gap.reply_ids[0], gap.reply_ids, author, now)
            return _settle(connection, reply_id, number, settlement, now)

        return await self._database.write(work)


def _made(week: str, channel: str) -> Select[str]:
    return select(DigestRow.week).where(DigestRow.week == week, DigestRow.channel == channel)


def _gap(reply: Reply, number: int) -> CitedGap | None:
    if reply.basis is None or reply.basis.kind is not BasisKind.DIGEST or not 1 <= number <= len(reply.basis.gaps):
        return None
    return reply.basis.gaps[number - 1]


def _settle(connection: Connection, reply_id: str, number: int, settlement: Settlement, now: datetime) -> Reply | None:
    reply = reply_rows.find(connection, reply_id)
    gap = None if reply is None else _gap(reply, number)
    if reply is None or gap is None or gap.settled:
        return None
    assert reply.basis is not None
    settled = replace(gap, settled=settlement.how, settled_by=settlement.by)
    gaps = (*reply.basis.gaps[: number - 1], settled, *reply.basis.gaps[number:])
    columns = reply_rows.basis_columns(Basis(kind=BasisKind.DIGEST, gaps=gaps))
    connection.execute(update(ReplyRow).where(ReplyRow.reply_id == reply_id).values(**columns))
    return None if reply.state in inbox.BEYOND_REPAIR else inbox.show_again(connection, reply, now)
