"""The stores of knowledge for commands, beside a running service or without one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.assembly.library import open_library
from bot.clock import Clock
from bot.conversation.characters import strip_invisible
from bot.conversation.knowledge.knowledge import Knowledge
from bot.desks.opening import open_record
from bot.errors import NotFound
from bot.settings import Settings
from storage.audit.keys import BodyKeys, MemoryKeys
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.inspection import database_file
from storage.knowledge.entries import EntryStore
from storage.knowledge.passages import PassageStore
from storage.knowledge.records import Author, Entry, EntryStatus
from storage.knowledge.words import words_of


@dataclass(frozen=True, slots=True)
class Desk:
    """`author`: whoever types the command, for revisions and the audit log."""

    entries: EntryStore
    passages: PassageStore
    author: Author


@asynccontextmanager
async def open_desk(settings: Settings, *, create: bool = False) -> AsyncGenerator[Desk, None]:
    """`create`: make the database where there is none yet. Raises: StorageError, StartFailed."""
    async with open_record(settings, create=create) as record:
        database, trail = record.database, record.trail
        yield Desk(EntryStore(database, trail), PassageStore(database, trail), record.author)


@asynccontextmanager
async def ask_knowledge(settings: Settings, clock: Clock) -> AsyncGenerator[Knowledge, None]:
    """What the company knows, to be asked as the service asks it; `refresh` it first. Raises: StorageError."""
    database_file(settings.database_url)
    trail = AuditTrail(_changes_nothing, BodyKeys(MemoryKeys()))
    async with (
        await Database.open(settings.database_url) as database,
        open_library(settings, database, trail, clock) as library,
    ):
        yield library.knowledge


def _changes_nothing(platform: str, tenant: str, user: str) -> str:
    raise AssertionError("whoever asks changes nothing")


async def load_entries(settings: Settings, status: EntryStatus | None = None) -> list[Entry]:
    """By id; of one status, or all. Raises: StorageError."""
    async with open_desk(settings) as desk:
        return await desk.entries.list(status)


async def find_entries(settings: Settings, text: str, limit: int) -> list[Entry]:
    """Published entries that have words of the text, best first. Raises: StorageError."""
    async with open_desk(settings) as desk:
        ids = [entry_id for entry_id, _ in await desk.entries.search(words_of(text), None, limit)]
        return [entry for entry_id in ids if (entry := await desk.entries.find(entry_id))]


async def load_entry(settings: Settings, entry_id: str, revision: int | None = None) -> Entry:
    """As it is now, or as that revision had it. Raises: NotFound, StorageError."""
    async with open_desk(settings) as desk:
        found = await desk.entries.find(entry_id)
        if found is None:
            raise NotFound(f"there is no entry {strip_invisible(entry_id)[:80]!r}: see `inthread faq list`")
        then = found if revision is None else await desk.entries.find_revision(entry_id, revision)
    if then is None:
        raise NotFound(f"{entry_id} has no revision {revision}: its revisions are 1 to {found.revision}")
    return then
