"""What runs by the clock."""

from bot.admin.site import AdminSite
from bot.assembly.learning import LearningLoop
from bot.assembly.model import build_model_update
from bot.assembly.record import Record
from bot.assembly.replying import Replying
from bot.assembly.taking import Taking
from bot.clock import Clock
from bot.jobs.checkpoints import Checkpoints
from bot.jobs.retention import Retention, retention_rule
from bot.jobs.schedule import Job, Keeping, job_table
from bot.settings import Settings
from inference.switching import SwitchableEngine
from storage.audit.checkpointing import CheckpointStore
from storage.forgetting.retention import RetentionStore


def build_jobs(
    settings: Settings,
    engine: SwitchableEngine,
    record: Record,
    replying: Replying,
    taking: Taking,
    loop: LearningLoop,
    admin: AdminSite | None,
    clock: Clock,
) -> list[Job]:
    """Raises: SettingsWrong."""
    return job_table(
        settings.jobs,
        replying.dispatcher,
        replying.duplicates,
        taking.catch_up,
        loop.variants,
        _keeping(settings, record, clock),
        loop.telling,
        build_model_update(settings, engine, record, replying.line, clock),
        None if admin is None else admin.keep_indexed,
    )


def _keeping(settings: Settings, record: Record, clock: Clock) -> Keeping:
    audit, zone, database = settings.audit, settings.admin.zone, record.database
    retention = RetentionStore(database, record.trail, retention_rule(audit, zone), record.index)
    return Keeping(
        Checkpoints(CheckpointStore(database, record.signer), audit, settings.audit_files, clock),
        Retention(retention, clock, settings.jobs.retention_time, zone),
    )
