"""What every desk opens: the database and the audit log, in the name of whoever types the command."""

import asyncio
import os
import pwd
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.assembly.data import prepare_data
from bot.settings import Settings
from storage.audit import opening
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.errors import DatabaseUnusable
from storage.inspection import database_file
from storage.knowledge.records import Author


@dataclass(frozen=True, slots=True)
class OpenRecord:
    """`author`: whoever types the command, for revisions and the audit log."""

    database: Database
    trail: AuditTrail
    author: Author


@asynccontextmanager
async def open_record(settings: Settings, *, create: bool = False) -> AsyncGenerator[OpenRecord, None]:
    """`create`: make the database where there is none yet. Raises: StorageError, StartFailed."""
    await _require_database(settings, create=create)
    trail = await asyncio.to_thread(opening.load_trail, settings.audit_files)
    async with await Database.open(settings.database_url) as database:
        yield OpenRecord(database, trail, author_here())


def author_here() -> Author:
    """Whoever types the command, for revisions and the audit log."""
    return Author("cli", "", _user())


async def _require_database(settings: Settings, *, create: bool) -> None:
    try:
        database_file(settings.database_url)
    except DatabaseUnusable:
        if not create:
            raise
        await asyncio.to_thread(prepare_data, settings)


def _user() -> str:
    """From the system, not from the environment, where anybody can say that they are somebody else."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container runs under numbers without names
        return str(os.getuid())
