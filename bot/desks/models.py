"""What commands did with models, on record: one entry of the audit log each, as for the job that updates them."""

import asyncio

from bot.assembly.data import prepare_data
from bot.clock import SystemClock
from bot.settings import Settings
from storage.audit.opening import load_trail
from storage.database import Database
from storage.model_updates import ModelUpdateStore, UpdateStep


def record_model_step(settings: Settings, step: UpdateStep) -> None:
    """Makes the database if there is none yet. Raises: StorageError."""
    prepare_data(settings)
    asyncio.run(_record(settings, step))


async def _record(settings: Settings, step: UpdateStep) -> None:
    async with await Database.open(settings.database_url) as database:
        await ModelUpdateStore(database, load_trail(settings.audit_files)).record(step, SystemClock().now())
