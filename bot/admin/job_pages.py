"""What runs by the clock: when, how it went, and now where somebody asks for it."""

from datetime import datetime

from aiohttp import web

from bot.admin.errors import bad_request
from bot.admin.permissions import Permission
from bot.admin.visits import Route, Visit
from bot.clock import Clock
from bot.jobs.board import JobBoard, JobLine
from storage.admin.accounts import DeedStore
from storage.admin.records import Deed


class JobPages:
    def __init__(self, board: JobBoard, deeds: DeedStore, clock: Clock) -> None:
        self._board = board
        self._deeds = deeds
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/admin/jobs", self.show, Permission.JOBS),
            Route("POST", "/admin/jobs/run", self.run, Permission.JOBS),
        ]

    async def show(self, visit: Visit) -> web.StreamResponse:
        now, jobs, asked = self._clock.now(), self._board.lines(), visit.query("asked")
        waits = any(job.name == asked and (job.is_running or _is_due(job, now)) for job in jobs)
        return visit.page("jobs.html", jobs=jobs, asked=asked, waits=waits)

    async def run(self, visit: Visit) -> web.StreamResponse:
        name = visit.text("job", 100)
        if not self._board.run_now(name):
            raise bad_request("There is no such job, or it is running at this moment.")
        await self._deeds.record(Deed("job_run", {"job": name}), visit.author, self._clock.now())
        return visit.go(f"/admin/jobs?asked={name}")


def _is_due(job: JobLine, now: datetime) -> bool:
    return job.next_at is not None and job.next_at <= now
