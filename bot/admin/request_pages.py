"""What needs a second person: who asks for what and why, and whether somebody else grants it."""

from aiohttp import web

from bot.admin import data_pages, export_pages
from bot.admin.errors import bad_request
from bot.admin.permissions import Permission
from bot.admin.visits import Route, Visit
from bot.clock import Clock
from storage.admin.requests import RequestStore

MOST_SHOWN = 100
GRANTS_HOLD = {"export": export_pages.GRANT_HOLDS, "erasure": data_pages.GRANT_HOLDS}


class RequestPages:
    def __init__(self, requests: RequestStore, clock: Clock) -> None:
        self._requests = requests
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/admin/requests", self.show, Permission.GRANTING),
            Route("POST", "/admin/requests/decide", self.decide, Permission.GRANTING),
        ]

    async def show(self, visit: Visit) -> web.StreamResponse:
        now, requests = self._clock.now(), await self._requests.newest(MOST_SHOWN)
        expired = {
            one.request_id for one in requests if one.decided_at and now - one.decided_at > GRANTS_HOLD[one.kind]
        }
        return visit.page("requests.html", requests=requests, expired=expired)

    async def decide(self, visit: Visit) -> web.StreamResponse:
        """Raises: Refused, where it is the own request, or decided already."""
        answer = visit.text("answer", 10)
        if answer not in ("grant", "refuse"):
            raise bad_request("The form cannot be read.")
        decided = await self._requests.decide(
            visit.text("request", 40), answer == "grant", visit.author, self._clock.now()
        )
        if decided is None:
            raise bad_request("This is decided already, or it is your own request: somebody else has to decide.")
        return visit.go("/admin/requests")
