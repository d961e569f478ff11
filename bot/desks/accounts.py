"""Accounts of the admin pages for commands, beside a running service or without one."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager

from bot.admin.passwords import Passwords, find_fault
from bot.clock import Clock
from bot.conversation.characters import strip_invisible
from bot.desks.opening import author_here, open_record
from bot.errors import NotFound, ServiceError
from bot.settings import Settings
from storage.admin.accounts import AccountStore
from storage.admin.records import Account, Role

LONGEST_NAME = 200


@asynccontextmanager
async def open_accounts(settings: Settings, *, create: bool = False) -> AsyncGenerator[AccountStore, None]:
    """`create`: make the database where there is none yet. Raises: StorageError, StartFailed."""
    async with open_record(settings, create=create) as record:
        yield AccountStore(record.database, record.trail)


async def add_account(
    settings: Settings, name: str, roles: Collection[Role], password: str | None, clock: Clock
) -> Account:
    """`password` None: somebody else vouches for them. Raises: ServiceError, StorageError."""
    if name != " ".join(strip_invisible(name).split()) or not 1 <= len(name) <= LONGEST_NAME:
        raise ServiceError(f"that is no name: 1 to {LONGEST_NAME} characters, without blanks around them")
    password_hash = None if password is None else await _hash(password, name)
    async with open_accounts(settings, create=True) as accounts:
        return await accounts.add(name, roles, password_hash, author_here(), clock.now())


async def list_accounts(settings: Settings) -> list[Account]:
    async with open_accounts(settings) as accounts:
        return await accounts.list()


async def change_password(settings: Settings, name: str, password: str, clock: Clock) -> None:
    """Raises: NotFound, ServiceError, StorageError."""
    password_hash = await _hash(password, name)
    async with open_accounts(settings) as accounts:
        if not await accounts.set_password(name, password_hash, author_here(), clock.now()):
            raise _unknown(name)


async def change_roles(settings: Settings, name: str, roles: Collection[Role], clock: Clock) -> None:
    """Raises: NotFound, StorageError."""
    async with open_accounts(settings) as accounts:
        if not await accounts.set_roles(name, roles, author_here(), clock.now()):
            raise _unknown(name)


async def remove_account(settings: Settings, name: str, clock: Clock) -> None:
    """Raises: NotFound, StorageError."""
    async with open_accounts(settings) as accounts:
        if not await accounts.remove(name, author_here(), clock.now()):
            raise _unknown(name)


async def _hash(password: str, name: str) -> str:
    if fault := find_fault(password, name):
        raise ServiceError(f"this password is not taken: {fault}")
    return await asyncio.to_thread(Passwords().hash, password)


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no account {strip_invisible(name)[:80]!r}: see `inthread admin list`")
