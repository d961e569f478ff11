"""Storage and audit: the database, and what makes its record provable."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot import metrics
from bot.clock import Clock
from bot.settings import Settings
from bot.settings_listing import values_by_name
from storage.audit.opening import load_trail
from storage.audit.search_index import SearchIndex
from storage.audit.settings_changes import SettingsRecord
from storage.audit.signing import Signer, load_signer
from storage.audit.trail import AuditTrail
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Record:
    """`trail` writes the audit log, `signer` vouches for it, `index` finds what is in it."""

    database: Database
    trail: AuditTrail
    signer: Signer
    index: SearchIndex


@asynccontextmanager
async def open_record(settings: Settings, clock: Clock) -> AsyncGenerator[Record, None]:
    """The database takes writes, and the settings in force are on record. Raises: StorageError."""
    trail = await asyncio.to_thread(load_trail, settings.audit_files)
    signer = await asyncio.to_thread(load_signer, settings.audit_files.signing_key)
    async with await Database.open(settings.database_url, metrics.record_database) as database:
        await database.probe()  # a disk that is full already is said now, not to the first who asks
        await SettingsRecord(database, trail).record(values_by_name(settings), clock.now())
        yield Record(database, trail, signer, SearchIndex(database, trail.pseudonym, trail.keys))
