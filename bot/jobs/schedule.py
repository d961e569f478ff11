"""The table of jobs and the scheduler that runs them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger
from pydantic import BaseModel, ConfigDict, Field

from bot.conversation.learning.variants import Variants
from bot.delivery.catch_up import CatchUp
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.duplicates import DuplicateCheck
from bot.jobs.checkpoints import Checkpoints
from bot.jobs.digest import WeeklyDigest
from bot.jobs.model_update import ModelUpdate
from bot.jobs.office_hours import DigestSettings, ReviewSettings
from bot.jobs.reviews import ReviewReminders
from bot.jobs.update_settings import ModelUpdateSettings

Telling = WeeklyDigest | ReviewReminders

log = structlog.get_logger(__name__)


class JobSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    stuck_replies_seconds: float = Field(
        default=60, gt=0, description="How often to look for replies that show no progress, and end them."
    )
    duplicates_seconds: float = Field(
        default=30, gt=0, description="How often to look for messages of ours that may stand twice after a lost post."
    )
    variants_seconds: float = Field(
        default=60, gt=0, description="How often to add variants that enough people agree on to their entries."
    )
    checkpoints_seconds: float = Field(
        default=60, gt=0, description="How often to look whether a checkpoint of the audit log is due."
    )
    owners_seconds: float = Field(
        default=300, gt=0, description="How often to look whether the owners of answers are to be told something."
    )
    digest: DigestSettings = Field(
        default=DigestSettings(),
        description="What nothing answered, once a week in the channels of [answers] owner_channels and ask_channel.",
    )
    reviews: ReviewSettings = Field(
        default=ReviewSettings(), description="Entries that are to be looked at again, in the same channels."
    )
    model_update: ModelUpdateSettings = Field(
        default=ModelUpdateSettings(), description="Newer revisions of the model, in a maintenance window."
    )


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    trigger: BaseTrigger
    run: Callable[[], Awaitable[object]]


def job_table(
    settings: JobSettings,
    dispatcher: Dispatcher,
    duplicates: DuplicateCheck,
    catch_up: CatchUp,
    variants: Variants,
    checkpoints: Checkpoints,
    telling: Sequence[Telling] = (),
    model_update: ModelUpdate | None = None,
) -> list[Job]:
    """`telling`: what owners are told. `model_update`: None where the model is not updated by itself."""

    async def look_back() -> None:
        catch_up.request()  # done in the background, where a stop ends it at once

    jobs = [
        Job("stuck_replies", IntervalTrigger(seconds=settings.stuck_replies_seconds), dispatcher.end_stuck_replies),
        Job("duplicates", IntervalTrigger(seconds=settings.duplicates_seconds), duplicates.remove_duplicates),
        Job("catch_up", IntervalTrigger(seconds=catch_up.interval_seconds), look_back),
        Job("variants", IntervalTrigger(seconds=settings.variants_seconds), variants.add_agreed),
        Job("checkpoints", IntervalTrigger(seconds=settings.checkpoints_seconds), checkpoints.run),
    ]
    for job in telling:
        jobs.append(Job(type(job).__name__, IntervalTrigger(seconds=settings.owners_seconds), job.run))
    if model_update is not None:
        jobs.append(Job("model_update", settings.model_update.trigger(), model_update.run))
    return jobs


def start_scheduler(jobs: list[Job]) -> AsyncIOScheduler:
    """Every job by its trigger, never twice at once; runs that were missed are made up for by one."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    for job in jobs:
        scheduler.add_job(
            _guarded, job.trigger, [job], id=job.name, max_instances=1, coalesce=True, misfire_grace_time=None
        )
    scheduler.start()
    return scheduler


async def _guarded(job: Job) -> None:
    """A job that fails is logged and comes round again."""
    try:
        await job.run()
    except Exception:
        log.exception("job_failed", job=job.name)
