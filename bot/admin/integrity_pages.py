"""Whether the log is as it was written, in plain words."""

from datetime import timedelta

from aiohttp import web

from bot.admin.archive import Archive
from bot.admin.errands import Errand, Progress
from bot.admin.permissions import Permission
from bot.admin.visits import Route, Visit
from bot.clock import Clock
from storage.audit.checking import Verdict

FRESH = timedelta(hours=1)  # a check that is older is made anew when somebody looks


class IntegrityPages:
    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock
        self.checking: Errand[Verdict] = Errand("verify", clock)

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/admin/integrity", self.show, Permission.FIGURES),
            Route("POST", "/admin/integrity/verify", self.verify, Permission.FIGURES),
        ]

    async def show(self, visit: Visit) -> web.StreamResponse:
        state = self.checking.state
        is_old = state.ended_at is None or self._clock.now() - state.ended_at > FRESH
        if is_old and state.progress in (Progress.NONE, Progress.DONE):
            self._begin()
        return visit.page(
            "integrity.html",
            state=self.checking.state,
            verdict=self.checking.state.result,
            figures=await self._archive.reader.figures(),
        )

    async def verify(self, visit: Visit) -> web.StreamResponse:
        self._begin()
        return visit.go("/admin/integrity")

    def _begin(self) -> None:
        key = self._archive.signer.public_key
        self.checking.start(lambda step: self._archive.store.verify(key))
