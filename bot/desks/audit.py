"""The audit log for commands, beside a running service or without one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.clock import Clock
from bot.desks.opening import author_here, open_record
from bot.jobs.checkpoints import Checkpoints
from bot.jobs.retention import retention_rule
from bot.settings import Settings
from storage.audit import opening
from storage.audit.checkpointing import CheckpointStore
from storage.audit.checkpoints import Checkpoint
from storage.audit.search_index import SearchIndex
from storage.audit.signing import PublicKey, load_signer
from storage.audit.store import Taking
from storage.database import Database
from storage.forgetting.erasing import ErasureStore
from storage.forgetting.holds import HoldStore
from storage.forgetting.retention import RetentionStore
from storage.inspection import database_file
from storage.knowledge.records import Author


def load_own_key(settings: Settings) -> PublicKey:
    """The public half of the key that signs here; the key is made when it is missing. Blocks. Raises: StorageError."""
    settings.service.data_dir.mkdir(parents=True, exist_ok=True)
    return load_signer(settings.audit_files.signing_key).public_key


def taking_here(settings: Settings, reason: str) -> Taking:
    """Of whoever types the command. Blocks. Raises: StorageError."""
    database_file(settings.database_url)  # without one there is nothing to make keys for
    files = settings.audit_files
    return Taking(opening.load_trail(files), load_signer(files.signing_key), author_here(), reason)


async def take_checkpoint(settings: Settings, clock: Clock) -> Checkpoint | None:
    """One over all there is, written down. None: there are no entries. Raises: StorageError."""
    database_file(settings.database_url)
    signer = load_signer(settings.audit_files.signing_key)
    async with await Database.open(settings.database_url) as database:
        store = CheckpointStore(database, signer)
        return await Checkpoints(store, settings.audit, settings.audit_files, clock).take_now()


@dataclass(frozen=True, slots=True)
class ForgettingDesk:
    """`author`: whoever types the command."""

    erasures: ErasureStore
    holds: HoldStore
    retention: RetentionStore
    author: Author


@asynccontextmanager
async def open_forgetting_desk(settings: Settings) -> AsyncGenerator[ForgettingDesk, None]:
    """Raises: StorageError."""
    async with open_record(settings) as record:
        database, trail = record.database, record.trail
        index = SearchIndex(database, trail.pseudonym, trail.keys)
        yield ForgettingDesk(
            erasures=ErasureStore(database, trail, index),
            holds=HoldStore(database, trail),
            retention=RetentionStore(database, trail, retention_rule(settings.audit, settings.admin.zone), index),
            author=record.author,
        )
