"""Why somebody looks into conversations: said once, then recorded with all that they look at in this session."""

from datetime import datetime, timedelta

from aiohttp import web

from bot.admin.visits import Visit
from bot.clock import Clock
from storage.admin.records import SignIn

HOLDS = timedelta(hours=1)
SHORTEST, LONGEST = 8, 500


class Reasons:
    """Kept in memory: after a restart they are asked for again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: dict[bytes, tuple[str, datetime]] = {}

    def give(self, person: SignIn, reason: str) -> None:
        now = self._clock.now()
        self._given = {digest: given for digest, given in self._given.items() if given[1] > now}
        self._given[person.digest] = (reason, now + HOLDS)

    def find(self, person: SignIn) -> str | None:
        """None: none was said in this session, or too long ago."""
        reason, until = self._given.get(person.digest, ("", self._clock.now()))
        return reason if until > self._clock.now() else None


def ask_for_reason(visit: Visit) -> web.Response:
    """The page that comes instead, and leads back to the one that was asked for."""
    return visit.page("reason.html", next=str(visit.request.rel_url), longest=LONGEST, shortest=SHORTEST)
