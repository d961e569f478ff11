"""Signing in with the company's account: to the provider, and back from it."""

import hmac
from http import HTTPStatus

import structlog
from aiohttp import web

from bot.admin.errors import Refused, not_found
from bot.admin.openid import CALLBACK, OpenId, ProviderFailed
from bot.admin.sessions import Sessions
from bot.admin.signing_in import safe_path
from bot.admin.visits import PLATFORM, Route, Visit
from bot.clock import Clock
from storage.admin.accounts import AccountStore, DeedStore
from storage.admin.records import Deed
from storage.knowledge.records import Author

log = structlog.get_logger(__name__)

COOKIE = "provider"


class ProviderPages:
    def __init__(
        self, openid: OpenId, sessions: Sessions, accounts: AccountStore, deeds: DeedStore, clock: Clock
    ) -> None:
        self._openid = openid
        self._sessions = sessions
        self._accounts = accounts
        self._deeds = deeds
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/admin/sign-in/provider", self.go, is_open=True),
            Route("GET", CALLBACK, self.come_back, is_open=True),
        ]

    async def go(self, visit: Visit) -> web.StreamResponse:
        if not self._openid.is_on:
            raise not_found()
        try:
            state, url = await self._openid.begin(safe_path(visit.query("next", 2_000)))
        except ProviderFailed as failed:
            raise _failed(failed) from failed
        response = visit.go(url)
        self._sessions.set_cookie(visit.request, response, COOKIE, state)
        return response

    async def come_back(self, visit: Visit) -> web.StreamResponse:
        """With the state that this browser left with: nobody is signed in as somebody else by a link."""
        if not self._openid.is_on:
            raise not_found()
        state, kept = visit.query("state"), self._sessions.cookie(visit.request, COOKIE)
        if not state or not hmac.compare_digest(state.encode(), kept.encode("utf-8", "replace")):
            raise Refused(HTTPStatus.FORBIDDEN, "This sign-in was begun elsewhere, or too long ago: begin again.")
        try:
            name, path = await self._openid.finish(state, visit.query("code", 4_000))
        except ProviderFailed as failed:
            raise _failed(failed) from failed
        now, author = self._clock.now(), Author(PLATFORM, "", name)
        if await self._accounts.find(name) is None:
            deed = Deed("sign_in_refused", {"is_known": False, "with": "oidc"}, {"name": name})
            await self._deeds.record(deed, author, now)
            raise Refused(HTTPStatus.FORBIDDEN, "You have no account here: ask whoever looks after the accounts.")
        response = visit.go(path)
        await self._sessions.begin(visit.request, response, name, "oidc")
        self._sessions.drop_cookie(visit.request, response, COOKIE)
        await self._deeds.record(Deed("signed_in", {"with": "oidc"}), author, now)
        return response


def _failed(failed: ProviderFailed) -> Refused:
    log.warning("sign_in_provider_failed", error=str(failed))
    return Refused(HTTPStatus.BAD_GATEWAY, "The company's sign-in does not answer as it should: try again in a moment.")
