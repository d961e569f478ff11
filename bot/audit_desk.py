"""The audit log for commands, beside a running service or without one."""

from bot.clock import Clock
from bot.jobs.checkpoints import Checkpoints
from bot.settings import Settings
from storage.audit.checkpointing import CheckpointStore
from storage.audit.checkpoints import Checkpoint
from storage.audit.signing import PublicKey, load_signer
from storage.database import Database
from storage.inspection import database_file


def load_own_key(settings: Settings) -> PublicKey:
    """The public half of the key that signs here; the key is made when it is missing. Blocks. Raises: StorageError."""
    settings.service.data_dir.mkdir(parents=True, exist_ok=True)
    return load_signer(settings.audit_files.signing_key).public_key


async def take_checkpoint(settings: Settings, clock: Clock) -> Checkpoint | None:
    """One over all there is, written down. None: there are no entries. Raises: StorageError."""
    database_file(settings.database_url)
    signer = load_signer(settings.audit_files.signing_key)
    async with await Database.open(settings.database_url) as database:
        store = CheckpointStore(database, signer)
        return await Checkpoints(store, settings.audit, settings.audit_files, clock).take_now()
