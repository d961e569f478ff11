"""What the company knows: for the service, and for commands beside it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from bot.clock import Clock
from bot.conversation.knowledge.knowledge import Knowledge
from bot.conversation.knowledge.latest import KnowledgeStores
from bot.conversation.knowledge.looking_up import FindsEntries
from bot.settings import Settings
from inference.embedding.opening import open_embedder
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.passages import PassageStore
from storage.knowledge.vectors import VectorStore


@dataclass(frozen=True, slots=True)
class Library:
    """How it is searched, and where single entries are read."""

    knowledge: Knowledge
    entries: FindsEntries


@asynccontextmanager
async def open_library(
    settings: Settings, database: Database, trail: AuditTrail, clock: Clock
) -> AsyncGenerator[Library, None]:
    """Raises: StorageError."""
    library = build_library(settings, database, trail, clock)
    try:
        await library.knowledge.open()
        yield library
    finally:
        await library.knowledge.close()


def build_library(settings: Settings, database: Database, trail: AuditTrail, clock: Clock) -> Library:
    """Neither open nor closed yet."""
    stores = KnowledgeStores(EntryStore(database, trail), PassageStore(database, trail), VectorStore(database))
    opening = partial(open_embedder, settings.answers.encoder, settings.models_dir)
    return Library(Knowledge(stores, opening, clock), stores.entries)
