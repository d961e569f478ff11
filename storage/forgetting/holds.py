"""Legal holds: what must be kept, against erasure and age. Every change is a transaction with its entry in the log."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select

from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.forgetting.tables import HoldRow
from storage.knowledge.records import Author


class Scope(StrEnum):
    PERSON = "person"
    CHANNEL = "channel"
    THREAD = "thread"


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """`name`: the id of the person, the channel or the thread, as the platform calls it."""

    scope: Scope
    platform: str
    name: str

    def __str__(self) -> str:
        return f"{self.scope} {self.name} ({self.platform})"


@dataclass(frozen=True, slots=True)
class Hold:
    hold_id: int
    held: Held
    reason: str = field(repr=False)
    author: str
    placed_at: datetime


class HoldStore:
    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def list(self) -> list[Hold]:
        """Oldest first."""
        return await self._database.read(all_holds)

    async def place(self, held: Held, reason: str, author: Author, now: datetime) -> bool:
        """False: it is held already."""

        def work(connection: Connection) -> bool:
            if find(connection, held) is not None:
                return False
            values = {"scope": held.scope, "platform": held.platform, "name": held.name, "reason": reason}
            connection.execute(insert(HoldRow).values(**values, author=str(author), placed_at=now))
            self._record(connection, "hold_placed", held, reason, author, now)
            return True

        return await self._database.write(work)

    async def lift(self, held: Held, reason: str, author: Author, now: datetime) -> bool:
        """False: it is not held."""

        def work(connection: Connection) -> bool:
            if (hold := find(connection, held)) is None:
                return False
            connection.execute(delete(HoldRow).where(HoldRow.hold_id == hold.hold_id))
            self._record(connection, "hold_lifted", held, reason, author, now)
            return True

        return await self._database.write(work)

    def _record(
        self, connection: Connection, kind: str, held: Held, reason: str, author: Author, now: datetime
    ) -> None:
        """What is held stands in the body: it may name a person."""
        said = {"scope": held.scope.value, "platform": held.platform}
        self._trail.administered(connection, kind, author, said, {"name": held.name, "reason": reason}, now)


def all_holds(connection: Connection) -> list[Hold]:
    rows = connection.execute(select(HoldRow).order_by(HoldRow.hold_id))
    return [
        Hold(row.hold_id, Held(Scope(row.scope), row.platform, row.name), row.reason, row.author, row.placed_at)
        for row in rows
    ]


def find(connection: Connection, held: Held) -> Hold | None:
    return next((hold for hold in all_holds(connection) if hold.held == held), None)
