"""What the record tells somebody who looks back through a platform's channels: what is known there already."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from storage import expert_answers, inbox
from storage.database import Database
from storage.records import ReplyState
from storage.schema import NOT_PRIVATE, EscalationRow, InboxRow, ReplyRow, ThreadRow, WatermarkRow


class LookBackStore:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def knows_post(self, message_key: str) -> bool:
        """Whether the post is in the inbox, or was taken as somebody's answer to a question that we put."""
        return await self._database.read(
            lambda connection: (
                inbox.is_known(connection, message_key) or expert_answers.is_known(connection, message_key)
            )
        )

    async def first_asked_at(self, platform: str, tenant: str, channel: str, thread: str) -> datetime | None:
        """When the first question of a thread was posted that is answered in it. None: there is none."""
        query = (
            select(func.min(InboxRow.sent_at))
            .join(ThreadRow, ThreadRow.thread_id == InboxRow.thread_id)
            .where(ThreadRow.platform == platform, ThreadRow.tenant == tenant)
            .where(ThreadRow.channel == channel, ThreadRow.thread == thread)
            .where(NOT_PRIVATE)
        )
        return await self._database.read(lambda connection: connection.execute(query).scalar_one_or_none())

    async def put_at(self, channel: str, thread: str) -> datetime | None:
        """When we put a question to people whose answers stand in this thread. None: we did not."""
        query = (
            select(EscalationRow.created_at)
            .join(ReplyRow, ReplyRow.reply_id == EscalationRow.notice_id)
            .where(EscalationRow.channel == channel, ReplyRow.posted_ref == thread)
        )
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def channels(self, platform: str, tenant: str) -> list[str]:
        """Every channel in which we were asked or have looked; those with the newest threads first."""
        return await self._database.read(lambda connection: _channels(connection, platform, tenant))

    async def recent_threads(self, platform: str, tenant: str, since: datetime, limit: int) -> list[tuple[str, str]]:
        """(channel, thread) of the threads in which a reply moved since then, newest first.

        Those under questions that we have put to people come before them.
        """
        moved_at = func.max(ReplyRow.updated_at)
        query = (
            select(ThreadRow.channel, ThreadRow.thread)
            .join(InboxRow, InboxRow.thread_id == ThreadRow.thread_id)
            .join(ReplyRow, ReplyRow.message_key == InboxRow.message_key)
            .where(ThreadRow.platform == platform, ThreadRow.tenant == tenant)
            # All states there are: the index on (state, updated_at) serves no query without them.
            .where(ReplyRow.state.in_(list(ReplyState)), ReplyRow.updated_at >= since)
            .group_by(ThreadRow.thread_id)
            .order_by(moved_at.desc())
            .limit(limit)
        )
        put = (
            select(EscalationRow.channel, ReplyRow.posted_ref.label("thread"))
            .join(ReplyRow, ReplyRow.reply_id == EscalationRow.notice_id)
            .where(EscalationRow.created_at >= since, ReplyRow.posted_ref.is_not(None))
            .order_by(EscalationRow.created_at.desc())
            .limit(limit)
        )
        return await self._database.read(
            lambda connection: [(row.channel, row.thread) for one in (put, query) for row in connection.execute(one)]
        )


def _channels(connection: Connection, platform: str, tenant: str) -> list[str]:
    asked = connection.execute(
        select(ThreadRow.channel)
        .where(ThreadRow.platform == platform, ThreadRow.tenant == tenant)
        .group_by(ThreadRow.channel)
        .order_by(func.max(ThreadRow.thread_id).desc())
    ).scalars()
    seen = connection.execute(
        select(WatermarkRow.channel)
        .where(WatermarkRow.platform == platform, WatermarkRow.tenant == tenant)
        .order_by(WatermarkRow.channel)
    ).scalars()
    return list(dict.fromkeys([*asked, *seen]))
