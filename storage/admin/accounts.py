"""Accounts of the admin pages. Every change is one transaction with its entry in the audit log."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from storage.admin.records import Account, Deed, Report, Role
from storage.admin.tables import AdminAccountRow, AdminSessionRow
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.errors import AccountExists
from storage.knowledge.records import Author


class AccountStore:
    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def list(self) -> list[Account]:
        """By name."""
        query = select(AdminAccountRow).order_by(AdminAccountRow.name)
        return await self._database.read(lambda connection: [_account(row) for row in connection.execute(query)])

    async def find(self, name: str) -> Account | None:
        return await self._database.read(lambda connection: _find(connection, name))

    async def password_hash(self, name: str) -> str | None:
        """None: nobody of that name has a password."""
        query = select(AdminAccountRow.password_hash).where(AdminAccountRow.name == name)
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def add(
        self, name: str, roles: Collection[Role], password_hash: str | None, author: Author, now: datetime
    ) -> Account:
        """Raises: AccountExists."""

        def work(connection: Connection) -> Account:
            if _find(connection, name) is not None:
                raise AccountExists(f"there is an account {name} already: `inthread admin password` changes it")
            values = {"name": name, "password_hash": password_hash, "roles": sorted(roles)}
            connection.execute(insert(AdminAccountRow).values(**values, created_at=now, changed_at=now))
            self._record(connection, "account_added", name, roles, author, now)
            return Account(name, frozenset(roles), password_hash is not None, now)

        return await self._database.write(work)

    async def set_password(self, name: str, password_hash: str, author: Author, now: datetime) -> bool:
        """Whoever was signed in under the old one is not any more. False: there is no such account."""
        return await self._change(name, {"password_hash": password_hash}, "account_password", author, now)

    async def rehash(self, name: str, password_hash: str, now: datetime) -> None:
        """The same password under newer parameters: nothing that anybody has decided, so that nothing is recorded."""
        values = {"password_hash": password_hash, "changed_at": now}
        change = update(AdminAccountRow).where(AdminAccountRow.name == name).values(**values)
        await self._database.write(lambda connection: connection.execute(change))

    async def set_roles(self, name: str, roles: Collection[Role], author: Author, now: datetime) -> bool:
        """They hold from the next page on. False: there is no such account."""
        return await self._change(name, {"roles": sorted(roles)}, "account_roles", author, now, keeps_sessions=True)

    async def end_sessions(self, name: str, author: Author, now: datetime) -> bool:
        """Whoever is signed in as this one is not any more. False: there is no such account."""
        return await self._change(name, {}, "account_signed_out", author, now)

    async def remove(self, name: str, author: Author, now: datetime) -> bool:
        """With its sessions. False: there is no such account."""

        def work(connection: Connection) -> bool:
            account = _find(connection, name)
            if account is None:
                return False
            connection.execute(delete(AdminSessionRow).where(AdminSessionRow.name == name))
            connection.execute(delete(AdminAccountRow).where(AdminAccountRow.name == name))
            self._record(connection, "account_removed", name, account.roles, author, now)
            return True

        return await self._database.write(work)

    async def _change(
        self,
        name: str,
        values: dict[str, Any],
        kind: str,
        author: Author,
        now: datetime,
        *,
        keeps_sessions: bool = False,
    ) -> bool:
        def work(connection: Connection) -> bool:
            change = update(AdminAccountRow).where(AdminAccountRow.name == name).values(**values, changed_at=now)
            if not connection.execute(change).rowcount:
                return False
            if not keeps_sessions:
                connection.execute(delete(AdminSessionRow).where(AdminSessionRow.name == name))
            account = _find(connection, name)
            assert account is not None
            self._record(connection, kind, name, account.roles, author, now)
            return True

        return await self._database.write(work)

    def _record(
        self, connection: Connection, kind: str, name: str, roles: Collection[Role], author: Author, now: datetime
    ) -> None:
        """Whose account it is stands in the body: headers carry nobody's name."""
        words = {"account": name}
        self._trail.administered(connection, kind, author, {"roles": " ".join(sorted(roles))}, words, now)


class DeedStore:
    """Puts on record what was looked at, looked for, or taken away, at the pages or by a command."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def record(self, deed: Deed, author: Author, now: datetime) -> None:
        await self._database.write(
            lambda connection: self._trail.administered(connection, deed.kind, author, deed.fields, deed.words, now)
        )

    async def record_reading(self, report: Report, questions: int, author: Author, now: datetime) -> None:
        """Somebody is shown so many questions. With none there is nothing to record."""
        if questions:
            await self.record(Deed("questions_read", {"report": report.value, "questions": questions}), author, now)


def _find(connection: Connection, name: str) -> Account | None:
    row = connection.execute(select(AdminAccountRow).where(AdminAccountRow.name == name)).first()
    return None if row is None else _account(row)


def _account(row: Row[Any]) -> Account:
    return Account(row.name, roles_of(row.roles), row.password_hash is not None, row.created_at)


def roles_of(names: Collection[str]) -> frozenset[Role]:
    """Roles that this version does not know open nothing."""
    return frozenset(role for role in Role if role in names)
