"""Who is signed in to the admin pages. A session ends with its account, its password, its idle time, its day."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, or_, select, update

from storage.admin.accounts import roles_of
from storage.admin.records import SignIn
from storage.admin.tables import AdminAccountRow, AdminSessionRow
from storage.database import Database


def digest_of(token: str) -> bytes:
    """What the database knows a token by: whoever reads it cannot sign in with what they find."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


class SessionStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, token: str, name: str, via: str, csrf_token: str, now: datetime) -> None:
        values = {"digest": digest_of(token), "name": name, "via": via, "csrf_token": csrf_token}
        begin = insert(AdminSessionRow).values(**values, created_at=now, seen_at=now)
        await self._database.write(lambda connection: connection.execute(begin))

    async def find(self, token: str) -> SignIn | None:
        """However old. None: it is not known, or its account is gone."""
        query = (
            select(AdminSessionRow, AdminAccountRow.roles)
            .join(AdminAccountRow, AdminAccountRow.name == AdminSessionRow.name)
            .where(AdminSessionRow.digest == digest_of(token))
        )

        def work(connection: Connection) -> SignIn | None:
            row = connection.execute(query).first()
            if row is None:
                return None
            return SignIn(
                row.digest, row.name, roles_of(row.roles), row.via, row.csrf_token, row.created_at, row.seen_at
            )

        return await self._database.read(work)

    async def touch(self, digest: bytes, now: datetime) -> None:
        change = update(AdminSessionRow).where(AdminSessionRow.digest == digest).values(seen_at=now)
        await self._database.write(lambda connection: connection.execute(change))

    async def close(self, digest: bytes) -> None:
        end = delete(AdminSessionRow).where(AdminSessionRow.digest == digest)
        await self._database.write(lambda connection: connection.execute(end))

    async def remove_ended(self, seen_before: datetime, created_before: datetime) -> None:
        """Those that nobody can go on with."""
        ended = or_(AdminSessionRow.seen_at < seen_before, AdminSessionRow.created_at < created_before)
        await self._database.write(lambda connection: connection.execute(delete(AdminSessionRow).where(ended)))
