"""What runs by the clock: when, how it went, and now where somebody asks for it."""

from aiohttp import web

from bot.admin.errors import bad_request
from bot.admin.permissions import Permission
from bot.admin.visits import Route, Visit
from bot.clock import Clock
from bot.jobs.board import JobBoard
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
        return visit.page("jobs.html", jobs=self._board.lines(), asked=visit.query("asked"))

    async def run(self, visit: Visit) -> web.StreamResponse:
        name = visit.text("job", 100)
        if not self._board.run_now(name):
            raise bad_request("There is no such job, or it is running at this moment.")
        await self._deeds.record(Deed("job_run", {"job": name}), visit.author, self._clock.now())
        return visit.go(f"/admin/jobs?asked={name}")
