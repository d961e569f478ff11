"""The table of jobs: which there are, and when each runs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import time

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
from bot.jobs.retention import Retention
from bot.jobs.reviews import ReviewReminders
from bot.jobs.time_zones import TimeOfDay
from bot.jobs.update_settings import ModelUpdateSettings

Telling = WeeklyDigest | ReviewReminders


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
    audit_index_seconds: float = Field(
        default=10,
        gt=0,
        description="How often to index what is new in the audit log, for searches at the admin pages.",
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
    retention_seconds: float = Field(
        default=3_600,
        gt=0,
        description="How often to look whether today's old texts are gone already ([audit] …_days).",
    )
    retention_at: TimeOfDay = Field(
        default="02:30",
        description="From which time of day they go ([admin] time_zone): writers wait some seconds for each GB then.",
    )
    model_update: ModelUpdateSettings = Field(
        default=ModelUpdateSettings(), description="Newer revisions of the model, in a maintenance window."
    )

    @property
    def retention_time(self) -> time:
        return time.fromisoformat(self.retention_at)


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    trigger: BaseTrigger
    run: Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Keeping:
    """What keeps the record: signed, and no longer than it should be."""

    checkpoints: Checkpoints
    retention: Retention


def job_table(
    settings: JobSettings,
    dispatcher: Dispatcher,
    duplicates: DuplicateCheck,
    catch_up: CatchUp,
    variants: Variants,
    keeping: Keeping,
    telling: Sequence[Telling] = (),
    model_update: ModelUpdate | None = None,
    keep_indexed: Callable[[], Awaitable[object]] | None = None,
) -> list[Job]:
    """`telling`: what owners are told. `model_update`: None where the model is not updated by itself.

    `keep_indexed`: None where nobody searches the audit log.
    """

    async def look_back() -> None:
        catch_up.request()  # done in the background, where a stop ends it at once

    jobs = [
        Job("stuck_replies", IntervalTrigger(seconds=settings.stuck_replies_seconds), dispatcher.end_stuck_replies),
        Job("duplicates", IntervalTrigger(seconds=settings.duplicates_seconds), duplicates.remove_duplicates),
        Job("catch_up", IntervalTrigger(seconds=catch_up.interval_seconds), look_back),
        Job("variants", IntervalTrigger(seconds=settings.variants_seconds), variants.add_agreed),
        Job("checkpoints", IntervalTrigger(seconds=settings.checkpoints_seconds), keeping.checkpoints.run),
        Job("retention", IntervalTrigger(seconds=settings.retention_seconds), keeping.retention.run),
    ]
    for job in telling:
        jobs.append(Job(type(job).__name__, IntervalTrigger(seconds=settings.owners_seconds), job.run))
    if keep_indexed is not None:
        jobs.append(Job("audit_index", IntervalTrigger(seconds=settings.audit_index_seconds), keep_indexed))
    if model_update is not None:
        jobs.append(Job("model_update", settings.model_update.trigger(), model_update.run))
    return jobs
