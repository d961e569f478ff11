"""Who comes to the browser chat and leaves it, on record: that somebody did, never under their name."""

from datetime import datetime

from storage.audit.log import AuditEntry
from storage.audit.trail import AuditTrail
from storage.database import Database


class ChatVisits:
    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def record_signed_in(self, platform: str, tenant: str, user: str, now: datetime) -> None:
        await self._record("chat_signed_in", platform, tenant, user, now)

    async def record_signed_out(self, platform: str, tenant: str, user: str, now: datetime) -> None:
        await self._record("chat_signed_out", platform, tenant, user, now)

    async def _record(self, kind: str, platform: str, tenant: str, user: str, now: datetime) -> None:
        actor = self._trail.pseudonym(platform, tenant, user)
        entry = AuditEntry(kind, now, {"platform": platform, "tenant": tenant, "actor": actor})
        await self._database.write(lambda connection: self._trail.add(connection, entry))
