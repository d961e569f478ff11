"""What one person asks for and another has to grant. Every step is one transaction with its entry in the audit log."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from storage.admin.tables import AdminRequestRow
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.knowledge.records import Author


@dataclass(frozen=True, slots=True)
class Request:
    """`details`: what exactly is asked for. `is_granted` None: nobody has decided yet."""

    request_id: str
    kind: str
    asked_by: str
    reason: str = field(repr=False)
    details: Mapping[str, Any] = field(repr=False)
    asked_at: datetime
    decided_by: str | None
    is_granted: bool | None
    decided_at: datetime | None
    done_at: datetime | None


class RequestStore:
    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def ask(self, kind: str, reason: str, details: Mapping[str, Any], author: Author, now: datetime) -> Request:
        request = Request(secrets.token_hex(8), kind, author.user, reason, details, now, None, None, None, None)

        def work(connection: Connection) -> Request:
            values = {name: getattr(request, name) for name in Request.__dataclass_fields__}
            connection.execute(insert(AdminRequestRow).values(**{**values, "details": dict(details)}))
            self._record(connection, "approval_asked", request, author, now)
            return request

        return await self._database.write(work)

    async def decide(self, request_id: str, is_granted: bool, author: Author, now: datetime) -> Request | None:
        """None: there is no such request, it is decided, or whoever decides has asked for it."""

        def work(connection: Connection) -> Request | None:
            change = (
                update(AdminRequestRow)
                .where(AdminRequestRow.request_id == request_id, AdminRequestRow.is_granted.is_(None))
                .where(AdminRequestRow.asked_by != author.user)
                .values(decided_by=author.user, is_granted=is_granted, decided_at=now)
            )
            if not connection.execute(change).rowcount:
                return None
            request = _find(connection, request_id)
            assert request is not None
            self._record(connection, "approval_granted" if is_granted else "approval_refused", request, author, now)
            return request

        return await self._database.write(work)

    async def take(self, request_id: str, kind: str, asked_by: str, since: datetime, now: datetime) -> Request | None:
        """A request that was granted since then, to be carried out by who asked for it. It is done with this: once."""

        def work(connection: Connection) -> Request | None:
            row = AdminRequestRow
            change = (
                update(row)
                .where(row.request_id == request_id, row.kind == kind, row.asked_by == asked_by)
                .where(row.is_granted.is_(True), row.done_at.is_(None), row.decided_at >= since)
                .values(done_at=now)
            )
            return _find(connection, request_id) if connection.execute(change).rowcount else None

        return await self._database.write(work)

    async def give_back(self, request_id: str) -> None:
        """It was taken, and could not be done: it can be taken again, unless it was done so far that it is blank."""
        change = update(AdminRequestRow).where(AdminRequestRow.request_id == request_id, AdminRequestRow.details != {})
        await self._database.write(lambda connection: connection.execute(change.values(done_at=None)))

    async def newest(self, limit: int) -> Sequence[Request]:
        query = select(AdminRequestRow).order_by(AdminRequestRow.asked_at.desc()).limit(limit)
        return await self._database.read(lambda connection: [_request(row) for row in connection.execute(query)])

    async def find(self, request_id: str) -> Request | None:
        return await self._database.read(lambda connection: _find(connection, request_id))

    def _record(self, connection: Connection, kind: str, request: Request, author: Author, now: datetime) -> None:
        fields = {"request_id": request.request_id, "what": request.kind}
        self._trail.administered(connection, kind, author, fields, {"reason": request.reason}, now)


def _find(connection: Connection, request_id: str) -> Request | None:
    row = connection.execute(select(AdminRequestRow).where(AdminRequestRow.request_id == request_id)).first()
    return None if row is None else _request(row)


def _request(row: Row[Any]) -> Request:
    return Request(**{name: getattr(row, name) for name in Request.__dataclass_fields__})
