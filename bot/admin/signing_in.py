"""Signing in with a password, signing out, and the language."""

import hmac
import secrets
from http import HTTPStatus

import structlog
from aiohttp import web

from bot.admin.errors import Refused, bad_request, not_found
from bot.admin.guard import LANGUAGE_COOKIE
from bot.admin.guessing import Guessing
from bot.admin.passwords import Passwords
from bot.admin.proxy import TrustedProxy
from bot.admin.sessions import Sessions
from bot.admin.settings import AdminSettings
from bot.admin.visits import PLATFORM, Route, Visit
from bot.clock import Clock
from storage.admin.accounts import AccountStore, DeedStore
from storage.admin.records import Deed
from storage.knowledge.records import Author

log = structlog.get_logger(__name__)

HOME = "/admin/"
LONGEST_NAME = 200
LANGUAGE_SECONDS = 400 * 86_400


class SigningIn:
    def __init__(
        self,
        settings: AdminSettings,
        *,
        accounts: AccountStore,
        deeds: DeedStore,
        sessions: Sessions,
        passwords: Passwords,
        guessing: Guessing,
        proxy: TrustedProxy,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._accounts = accounts
        self._deeds = deeds
        self._sessions = sessions
        self._passwords = passwords
        self._guessing = guessing
        self._proxy = proxy
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/admin/sign-in", self.ask, is_open=True),
            Route("POST", "/admin/sign-in", self.sign_in, is_open=True),
            Route("POST", "/admin/sign-out", self.sign_out),
            Route("POST", "/admin/language", self.choose_language, is_open=True),
        ]

    async def ask(self, visit: Visit) -> web.StreamResponse:
        if visit.person is not None:
            return visit.go(safe_path(visit.query("next", 2_000)))
        return self._form(visit, safe_path(visit.query("next", 2_000)))

    async def sign_in(self, visit: Visit) -> web.StreamResponse:
        """The same words and the same time for a wrong name and a wrong password."""
        if not self._settings.passwords or self._proxy.is_on:
            raise not_found()
        self._require_own_form(visit)
        name, path = visit.text("name", LONGEST_NAME), safe_path(visit.text("next", 2_000))
        address = self._proxy.address_of(visit.request)
        if wait := self._guessing.begin(name, address):
            return self._form(visit, path, name, wait_seconds=wait)
        password_hash = await self._accounts.password_hash(name)
        checked = await self._passwords.check(str(visit.form.get("password", "")), password_hash)
        now = self._clock.now()
        if not checked.is_right:
            log.warning("admin_sign_in_refused", address=address)
            deed = Deed("sign_in_refused", {"is_known": password_hash is not None}, {"name": name, "address": address})
            await self._deeds.record(deed, Author(PLATFORM, "", name), now)
            return self._form(visit, path, name, is_wrong=True)
        self._guessing.succeed(name, address)
        if checked.new_hash is not None:
            await self._accounts.rehash(name, checked.new_hash, now)
        response = visit.go(path)
        await self._sessions.begin(visit.request, response, name, "password")
        self._sessions.drop_cookie(visit.request, response, "form")
        await self._deeds.record(Deed("signed_in", {"with": "password"}), Author(PLATFORM, "", name), now)
        return response

    async def sign_out(self, visit: Visit) -> web.StreamResponse:
        response = visit.go("/admin/sign-in")
        await self._sessions.end(visit.request, response, visit.signed_in)
        await self._deeds.record(Deed("signed_out"), visit.author, self._clock.now())
        return response

    async def choose_language(self, visit: Visit) -> web.StreamResponse:
        language = visit.text("language", 10)
        if language not in ("en", "zh"):
            raise bad_request("There is no such language.")
        response = visit.go(safe_path(visit.text("next", 2_000)))
        is_secure = self._settings.is_https or visit.request.secure
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=LANGUAGE_SECONDS, path="/admin", samesite="Lax", secure=is_secure
        )
        return response

    def _form(
        self, visit: Visit, path: str, name: str = "", *, is_wrong: bool = False, wait_seconds: float = 0
    ) -> web.Response:
        status = HTTPStatus.UNAUTHORIZED if is_wrong else HTTPStatus.OK
        status = HTTPStatus.TOO_MANY_REQUESTS if wait_seconds else status
        token = self._sessions.cookie(visit.request, "form") or secrets.token_urlsafe(24)
        response = visit.page(
            "sign_in.html",
            status,
            form_token=token,
            next=path,
            name=name,
            is_wrong=is_wrong,
            wait_seconds=round(wait_seconds + 0.5),
            with_password=self._settings.passwords and not self._proxy.is_on,
            with_provider=bool(self._settings.oidc_issuer),
            by_proxy=self._proxy.is_on,
        )
        self._sessions.set_cookie(visit.request, response, "form", token)
        if wait_seconds:
            response.headers["Retry-After"] = str(round(wait_seconds + 0.5))
        return response

    def _require_own_form(self, visit: Visit) -> None:
        """Nobody is signed in yet, so the token is the cookie's: another site can lay out neither."""
        expected, given = self._sessions.cookie(visit.request, "form"), visit.text("form_token", 100)
        if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
            raise Refused(HTTPStatus.FORBIDDEN, "This form is of an older session: open the page anew, then try again.")


def safe_path(path: str) -> str:
    """Where to go afterwards, if it is one of our pages: nobody is sent elsewhere."""
    is_ours = path == "/admin" or path.startswith(("/admin/", "/admin?"))
    place, _, _ = path.partition("?")
    has_odd = any(ord(character) <= 32 or character == "\\" for character in path) or "//" in place or ".." in place
    return path if is_ours and not has_odd and not path.startswith("/admin/sign-") else HOME
