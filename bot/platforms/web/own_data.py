"""What is kept about whoever is signed in: told at first contact, shown, taken away as a file, erased."""

from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.clock import Clock
from bot.delivery.privacy import PrivacyDesk
from bot.platforms.web import bodies
from bot.platforms.web.errors import Refused, too_many
from bot.platforms.web.rate_limit import RateLimit
from bot.platforms.web.sessions import Sessions, User

ACTS_PER_MINUTE = 12  # each is an entry in the log; erasing writes the database anew


class OwnDataApi:
    def __init__(self, desk: PrivacyDesk, sessions: Sessions, clock: Clock) -> None:
        self._desk = desk
        self._sessions = sessions
        self._acts = RateLimit(ACTS_PER_MINUTE, clock)

    async def notice_for(self, user: User) -> dict[str, Any] | None:
        """What they were not told yet, in each language; None when they were."""
        if not await self._desk.is_to_be_told(user.somebody):
            return None
        return {"version": self._desk.version, "text": dict(self._desk.notice)}

    async def told(self, request: web.Request) -> web.Response:
        """`{"version"}` of the notice that stood before their eyes → whether it was recorded: the newest, once."""
        user = self._sessions.require(request)
        version = bodies.version_of(await bodies.read_object(request))
        self._take_turn(user)
        is_news = version == self._desk.version and await self._desk.is_to_be_told(user.somebody)
        if is_news:
            await self._desk.record_told(user.somebody)
        return web.json_response({"recorded": is_news})

    async def shown(self, request: web.Request) -> web.Response:
        """How much is kept, and the notice, in each language."""
        user = self._sessions.require(request)
        held = await self._desk.held(user.somebody)
        return web.json_response({"held": dict(held), "notice": dict(self._desk.notice)})

    async def take(self, request: web.Request) -> web.Response:
        """All of it, as a file."""
        user = self._sessions.require(request)
        self._take_turn(user)
        file = await self._desk.take(user.somebody)
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return web.Response(text=file.text, content_type="application/json", headers=headers)

    async def erase(self, request: web.Request) -> web.Response:
        """`{}` → what to say about it. 409 under a hold, with the same."""
        user = self._sessions.require(request)
        await bodies.read_object(request)
        self._take_turn(user)
        erasing = await self._desk.erase(user.somebody)
        if not erasing.is_done:
            raise Refused(HTTPStatus.CONFLICT, "under_hold", erasing.said["en"], said=erasing.said)
        return web.json_response({"said": dict(erasing.said)})

    def _take_turn(self, user: User) -> None:
        """Raises: Refused, 429."""
        if wait := self._acts.take(user.user_id):
            raise too_many(wait)
