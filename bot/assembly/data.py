"""The data folder and the database in it, before anything else is opened."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from bot.errors import StartFailed
from bot.settings import Settings
from storage import migrations
from storage.audit.key_store import open_body_keys
from storage.audit.old_bodies import seal_old_bodies
from storage.lock import sole_service

log = structlog.get_logger(__name__)


@asynccontextmanager
async def hold_data(settings: Settings) -> AsyncGenerator[None, None]:
    """The data is this process's alone, and as this version keeps it. Raises: StartFailed, StorageError."""
    await asyncio.to_thread(_make_folder, settings.service.data_dir)
    with sole_service(settings.database_url):
        await asyncio.to_thread(prepare_data, settings)
        yield


def prepare_data(settings: Settings) -> tuple[str | None, str | None]:
    """The data folder, and the database at this version's revision; the revision before and after. Blocks."""
    _make_folder(settings.service.data_dir)
    before, after = migrations.upgrade(settings.database_url)
    if before != after:
        log.info("database_migrated", before=before, after=after)
    keys = open_body_keys(settings.audit_files.body_keys, settings.audit_files.master_key)
    if sealed := seal_old_bodies(settings.database_url, keys):
        log.info("audit_bodies_encrypted", entries=sealed)
    return before, after


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartFailed(
            f"cannot create the data folder {folder} ({error.strerror}): change [service] data_dir, or its permissions"
        ) from error
