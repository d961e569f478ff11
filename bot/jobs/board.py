"""The jobs as they run: when each comes next, how it went the last time, and one that is wanted now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.clock import Clock
from bot.jobs.schedule import Job

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LastRun:
    """`failure`: the kind of the error, or empty; what it says stands in the log."""

    began_at: datetime
    seconds: float
    failure: str = ""


@dataclass(frozen=True, slots=True)
class JobLine:
    """`every_seconds` None: it runs by `trigger`, as the scheduler says it. `last` None: not since the start."""

    name: str
    trigger: str
    every_seconds: float | None
    next_at: datetime | None
    is_running: bool
    last: LastRun | None


class JobBoard:
    """Every job by its trigger, never twice at once; runs that were missed are made up for by one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scheduler: AsyncIOScheduler | None = None
        self._last: dict[str, LastRun] = {}
        self._running: set[str] = set()

    def start(self, jobs: Sequence[Job]) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        for job in jobs:
            self._scheduler.add_job(
                self._guarded, job.trigger, [job], id=job.name, max_instances=1, coalesce=True, misfire_grace_time=None
            )
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    def lines(self) -> list[JobLine]:
        jobs = [] if self._scheduler is None else self._scheduler.get_jobs()
        return [
            JobLine(
                job.id,
                str(job.trigger),
                job.trigger.interval.total_seconds() if isinstance(job.trigger, IntervalTrigger) else None,
                job.next_run_time,
                job.id in self._running,
                self._last.get(job.id),
            )
            for job in sorted(jobs, key=lambda job: job.id)
        ]

    def run_now(self, name: str) -> bool:
        """At once, and then by its trigger as before. False: there is no such job, or it is running."""
        job = None if self._scheduler is None else self._scheduler.get_job(name)
        if job is None or name in self._running:
            return False
        job.modify(next_run_time=self._clock.now())
        return True

    async def _guarded(self, job: Job) -> None:
        """A job that fails is logged and comes round again."""
        began_at, began, failure = self._clock.now(), self._clock.monotonic(), ""
        self._running.add(job.name)
        try:
            await job.run()
        except Exception as error:
            failure = type(error).__name__
            log.exception("job_failed", job=job.name)
        finally:
            self._running.discard(job.name)
            self._last[job.name] = LastRun(began_at, self._clock.monotonic() - began, failure)
