"""What is kept how long, what must be kept, and erasing a person: previewed, and granted by somebody else if so set."""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from aiohttp import web

from bot.admin.errands import Errand
from bot.admin.errors import Refused, bad_request, not_found
from bot.admin.forgetting import Forgetting
from bot.admin.permissions import Permission
from bot.admin.settings import AdminSettings
from bot.admin.visits import Route, Visit
from bot.clock import Clock
from storage.admin.requests import RequestStore
from storage.audit.reading import AuditReader
from storage.errors import DatabaseUnavailable, UnderHold
from storage.forgetting.erasing import Erased
from storage.forgetting.holds import Held, Scope
from storage.forgetting.retention import Gone
from storage.forgetting.traces import Person

GRANT_HOLDS = timedelta(days=7)
AHEAD = timedelta(days=30)
SHORTEST_REASON = 8
MOST_GONE = 20


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would go if retention ran now, and in thirty days."""

    now: Gone
    ahead: Gone


class DataPages:
    def __init__(
        self,
        settings: AdminSettings,
        forgetting: Forgetting,
        requests: RequestStore,
        reader: AuditReader,
        clock: Clock,
    ) -> None:
        self._needs_second = "erasure" in settings.second_person
        self._forgetting = forgetting
        self._requests = requests
        self._reader = reader
        self._clock = clock
        self.looking: Errand[Outlook] = Errand("retention preview", clock)

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/admin/data", self.show, Permission.ERASURE),
            Route("POST", "/admin/data/retention", self.look, Permission.ERASURE),
            Route("POST", "/admin/data/hold", self.hold, Permission.ERASURE),
            Route("POST", "/admin/data/lift", self.lift, Permission.ERASURE),
            Route("POST", "/admin/data/preview", self.preview, Permission.ERASURE),
            Route("POST", "/admin/data/erase", self.erase, Permission.ERASURE),
            Route("POST", "/admin/data/erase/granted", self.erase_granted, Permission.ERASURE),
        ]

    async def show(self, visit: Visit) -> web.StreamResponse:
        return visit.page(
            "data.html",
            rule=self._forgetting.rule,
            state=self.looking.state,
            holds=await self._forgetting.holds.list(),
            gone=await self._reader.entries_of(("retention", "erasure"), None, MOST_GONE),
            platforms=await self._platforms(),
            scopes=list(Scope),
        )

    async def look(self, visit: Visit) -> web.StreamResponse:
        self.looking.start(lambda step: self._outlook())
        return visit.go("/admin/data")

    async def hold(self, visit: Visit) -> web.StreamResponse:
        if not await self._forgetting.holds.place(_held(visit), _reason(visit), visit.author, self._clock.now()):
            raise bad_request("It is under a hold already.")
        return visit.go("/admin/data")

    async def lift(self, visit: Visit) -> web.StreamResponse:
        if not await self._forgetting.holds.lift(_held(visit), _reason(visit), visit.author, self._clock.now()):
            raise bad_request("It is not under a hold.")
        return visit.go("/admin/data")

    async def preview(self, visit: Visit) -> web.StreamResponse:
        """What would go, before anybody decides. Nothing is changed."""
        person, reason = _person(visit), _reason(visit)
        erased = await self._require_no_hold(person)
        return visit.page("erasure.html", person=person, reason=reason, erased=erased, needs_second=self._needs_second)

    async def erase(self, visit: Visit) -> web.StreamResponse:
        """For good; or a request, where somebody else has to grant it. The id is typed once more."""
        person, reason = _person(visit), _reason(visit)
        if visit.text("again", 200) != person.user:
            raise bad_request("The id that you typed once more is another one: nothing was erased.")
        if self._needs_second:
            await self._require_no_hold(person)
            details = {"platform": person.platform, "user": person.user}
            await self._requests.ask("erasure", reason, details, visit.author, self._clock.now())
            return visit.go("/admin/requests")
        return await self._erase(visit, person, reason)

    async def erase_granted(self, visit: Visit) -> web.StreamResponse:
        """Once, within a week of the second person's word. The request does not say whom it was about any more then."""
        now = self._clock.now()
        taken = await self._requests.take(
            visit.text("request", 40), "erasure", visit.signed_in.name, now - GRANT_HOLDS, now
        )
        if taken is None:
            raise not_found()
        person = Person(str(taken.details["platform"]), str(taken.details["user"]))
        try:
            return await self._erase(visit, person, taken.reason)
        except Refused:  # under a hold, say: it is granted still, for when that is lifted
            await self._requests.give_back(taken.request_id)
            raise

    async def _erase(self, visit: Visit, person: Person, reason: str) -> web.StreamResponse:
        try:
            erased = await self._forgetting.erasures.erase(person, reason, visit.author, self._clock.now())
        except UnderHold:
            raise _under_hold() from None
        except DatabaseUnavailable:
            raise Refused(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Something is left: a program that reads the database keeps copies. End it, then erase them again.",
            ) from None
        return visit.page("erased.html", erased=erased)

    async def _require_no_hold(self, person: Person) -> Erased:
        """What erasing them would take. Raises: Refused."""
        try:
            return await self._forgetting.erasures.preview(person, self._clock.now())
        except UnderHold:
            raise _under_hold() from None

    async def _outlook(self) -> Outlook:
        now = self._clock.now()
        retention = self._forgetting.retention
        return Outlook(await retention.preview(now), await retention.preview(now + AHEAD))

    async def _platforms(self) -> list[str]:
        return sorted({"slack", "web", *(platform for platform, _ in await self._reader.places())})


def _under_hold() -> Refused:
    return bad_request(
        "There is a hold on these data: nothing is erased until it is lifted. All holds stand on the page Data."
    )


def _held(visit: Visit) -> Held:
    scope = visit.text("scope", 20)
    if scope not in tuple(Scope):
        raise bad_request("The form cannot be read.")
    return Held(Scope(scope), _line(visit, "platform"), _line(visit, "name"))


def _person(visit: Visit) -> Person:
    return Person(_line(visit, "platform"), _line(visit, "user"))


def _reason(visit: Visit) -> str:
    reason = " ".join(visit.text("reason", 500).split())
    if len(reason) < SHORTEST_REASON:
        raise bad_request("Say why in a few words: whoever looks after the log reads it.")
    return reason


def _line(visit: Visit, name: str) -> str:
    if not (value := visit.text(name, 200)) or "\n" in value:
        raise bad_request("The form cannot be read.")
    return value
