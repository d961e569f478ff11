"""Conversations for commands, beside a running service or without one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.clock import Clock
from bot.conversation.characters import strip_invisible
from bot.desks.opening import open_record
from bot.errors import NotFound
from bot.settings import Settings
from storage.admin.accounts import DeedStore
from storage.admin.records import Deed
from storage.case_files import CaseFile, CaseFiles, ThreadLine
from storage.database import Database
from storage.inspection import database_file


async def load_threads(settings: Settings, limit: int) -> list[ThreadLine]:
    """Those asked in last, newest first. Raises: StorageError."""
    async with _case_files(settings) as files:
        return await files.newest(limit)


async def load_thread(settings: Settings, wanted: str, clock: Clock) -> CaseFile:
    """By thread id or reply id; that somebody looks is put on record. Raises: NotFound, StorageError."""
    async with _case_files(settings) as files:
        thread_id = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else await files.thread_of_reply(wanted)
        found = None if thread_id is None else await files.open(thread_id)
    if found is None:
        raise NotFound(f"there is no thread and no reply {strip_invisible(wanted)!r}: see `inthread thread list`")
    await _record_look(settings, found, clock)
    return found


async def _record_look(settings: Settings, found: CaseFile, clock: Clock) -> None:
    place = {name: getattr(found, name) for name in ("platform", "tenant", "thread")}
    async with open_record(settings) as record:
        deeds = DeedStore(record.database, record.trail)
        await deeds.record(Deed("conversation_opened", place), record.author, clock.now())


@asynccontextmanager
async def _case_files(settings: Settings) -> AsyncGenerator[CaseFiles, None]:
    database_file(settings.database_url)  # to open it would make it
    async with await Database.open(settings.database_url) as database:
        yield CaseFiles(database)
