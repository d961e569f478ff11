"""Up to when the posts of each channel are known to be in the inbox. Every method is one transaction."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from storage.database import Database
from storage.dialect import insert
from storage.schema import InboxRow, ThreadRow, WatermarkRow


class WatermarkStore:
    """Positions are times by the platform's clock; they never go back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def positions(
        self, platform: str, tenant: str, channels: Collection[str], now: datetime
    ) -> dict[str, datetime]:
        """Where to begin in each channel.

        A channel that is named for the first time is kept with its beginning, so that looks that fail do not move it:
        its newest post in the inbox; where there is none, when other channels were last looked at, because it was
        not ours then; where nothing was ever looked at, now.
        """
        return await self._database.write(lambda connection: _positions(connection, platform, tenant, channels, now))

    async def advance(self, platform: str, tenant: str, channel: str, position: datetime, now: datetime) -> None:
        """All posts up to `position` are committed. An earlier position than the present one changes nothing."""
        row = insert(WatermarkRow).values(
            platform=platform, tenant=tenant, channel=channel, position=position, updated_at=now
        )
        newer = case(
            (WatermarkRow.position < row.excluded.position, row.excluded.position), else_=WatermarkRow.position
        )
        statement = row.on_conflict_do_update(
            index_elements=[WatermarkRow.platform, WatermarkRow.tenant, WatermarkRow.channel],
            set_={"position": newer, "updated_at": row.excluded.updated_at},
        )
        await self._database.write(lambda connection: connection.execute(statement))


def _positions(
    connection: Connection, platform: str, tenant: str, channels: Collection[str], now: datetime
) -> dict[str, datetime]:
    rows = connection.execute(
        select(WatermarkRow.channel, WatermarkRow.position, WatermarkRow.updated_at).where(
            WatermarkRow.platform == platform, WatermarkRow.tenant == tenant
        )
    ).all()
    positions = {row.channel: row.position for row in rows}
    if first_named := [channel for channel in channels if channel not in positions]:
        last_here = max((row.updated_at for row in rows), default=now)
        newest = _newest_posts(connection, platform, tenant, first_named)
        begun = {channel: newest.get(channel, last_here) for channel in first_named}
        names = {"platform": platform, "tenant": tenant, "updated_at": now}
        connection.execute(
            insert(WatermarkRow), [{**names, "channel": channel, "position": begun[channel]} for channel in begun]
        )
        positions |= begun
    return {channel: positions[channel] for channel in channels}


def _newest_posts(connection: Connection, platform: str, tenant: str, channels: Collection[str]) -> dict[str, datetime]:
    """When the newest post of each channel was sent; only of channels that have one."""
    rows = connection.execute(
        select(ThreadRow.channel, func.max(InboxRow.sent_at).label("newest"))
        .join(InboxRow, InboxRow.thread_id == ThreadRow.thread_id)
        .where(ThreadRow.platform == platform, ThreadRow.tenant == tenant, ThreadRow.channel.in_(channels))
        .where(~InboxRow.is_notice)
        .group_by(ThreadRow.channel)
    )
    return {row.channel: row.newest for row in rows}
