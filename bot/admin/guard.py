"""What stands before every page: where a request may come from, who sends it, what their roles open; and after it,
the headers of each answer, and errors as pages."""

import hmac
import secrets
from http import HTTPStatus

import structlog
from aiohttp import web
from multidict import MultiDict, MultiDictProxy
from yarl import URL

from bot.admin.errors import Refused, SignedOut, bad_request, forbidden
from bot.admin.permissions import permissions_of
from bot.admin.proxy import TrustedProxy
from bot.admin.rendering import Renderer
from bot.admin.sessions import Sessions
from bot.admin.settings import AdminSettings
from bot.admin.visits import LONGEST_PATH, Route, Visit
from bot.admin.words import Words
from bot.browsers import hostname_of, is_loopback, netloc_of, preferred_language
from bot.conversation.phrases import Language
from storage.admin.records import SignIn

log = structlog.get_logger(__name__)

LANGUAGE_COOKIE = "inthread-admin-language"
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


def content_policy(nonce: str) -> str:
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


class Guard:
    """`host` is the address that the service listens on."""

    def __init__(
        self, settings: AdminSettings, host: str, sessions: Sessions, proxy: TrustedProxy, renderer: Renderer
    ) -> None:
        self._settings = settings
        self._is_local = is_loopback(host)
        self._sessions = sessions
        self._proxy = proxy
        self._renderer = renderer

    def definition(self, route: Route) -> web.RouteDef:
        async def guarded(request: web.Request) -> web.StreamResponse:
            return await self._answer(route, request)

        return web.route(route.method, route.path, guarded)

    async def _answer(self, route: Route, request: web.Request) -> web.StreamResponse:
        visit = Visit(request, None, Words(self._language(request)), secrets.token_urlsafe(16), self._renderer)
        try:
            self._check_host(request)
            if request.method not in ("GET", "HEAD"):
                self._check_origin(request)
            person = await self._person(request)
            visit = Visit(
                request, person, visit.words, visit.nonce, self._renderer, await _form(request, person, route)
            )
            _check_permission(route, person)
            response = await route.handler(visit)
        except Refused as refused:
            response = self._refusal(visit, refused)
        except web.HTTPException as error:
            response = self._refusal(visit, _refused_for(error))
        except ConnectionError:
            raise  # the browser has gone: nobody to tell
        except Exception:
            incident = secrets.token_hex(4)
            log.exception("admin_page_failed", path=route.path, incident=incident)
            sentence = "Something went wrong on our side, and nothing was changed. (Incident {incident})"
            response = self._refusal(visit, Refused(HTTPStatus.INTERNAL_SERVER_ERROR, sentence, incident=incident))
        if not response.prepared:
            self.furnish(response, visit.nonce)
            is_page = response.content_type == "text/html"
            if is_page and (person := visit.person) is not None and person.via == "proxy":
                await self._proxy.remember(request, response, person)
        return response

    @staticmethod
    def furnish(response: web.StreamResponse, nonce: str) -> None:
        """Before a stream is prepared, its handler calls this."""
        response.headers.setdefault("Content-Security-Policy", content_policy(nonce))
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)

    async def _person(self, request: web.Request) -> SignIn | None:
        """Whom the proxy names, where there is one; else whoever has the cookie."""
        if self._proxy.is_on:
            return await self._proxy.find(request)
        return await self._sessions.find(request)

    def _refusal(self, visit: Visit, refused: Refused) -> web.Response:
        if isinstance(refused, SignedOut) and visit.request.method in ("GET", "HEAD") and not self._proxy.is_on:
            back = str(visit.request.rel_url)
            back = back if len(back) <= LONGEST_PATH else visit.request.path
            return visit.go(str(URL("/admin/sign-in").with_query({"next": back})))
        sentence = visit.words(refused.sentence, **refused.values)
        return visit.page("refusal.html", refused.status, sentence=sentence)

    def _language(self, request: web.Request) -> Language:
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        if chosen in ("en", "zh"):
            return "zh" if chosen == "zh" else "en"
        if self._settings.language != "auto":
            return self._settings.language
        return preferred_language(request.headers.get("Accept-Language", ""))

    def _check_host(self, request: web.Request) -> None:
        """A page elsewhere must not reach a service on loopback under a name that it made up (DNS rebinding)."""
        name = hostname_of(request.host)
        if (
            self._is_local
            and name not in _LOCAL_NAMES
            and name != hostname_of(netloc_of(self._settings.public_url) or "")
        ):
            raise Refused(HTTPStatus.FORBIDDEN, "This service is not known under that name.")

    def _check_origin(self, request: web.Request) -> None:
        """Browsers say where a request comes from. Whoever says nothing has to have the token of a page of ours."""
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        origin = request.headers.get("Origin")
        is_ours = origin is None or origin.lower() == self._settings.public_url or netloc_of(origin) == request.host
        if site not in ("same-origin", "none") or not is_ours:
            raise Refused(HTTPStatus.FORBIDDEN, "Requests from other sites are refused.")


async def _form(request: web.Request, person: SignIn | None, route: Route) -> MultiDictProxy[str]:
    """The form that was sent, with this session's token in it. Raises: Refused."""
    if request.method in ("GET", "HEAD"):
        return MultiDictProxy(MultiDict())
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send a form.")
    try:
        form = await request.post()
    except (ValueError, LookupError):  # bytes that are no text, in an encoding that is none
        raise bad_request("The form cannot be read.") from None
    if not route.is_open:
        if person is None:
            raise SignedOut
        given = form.get("csrf", "")
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(), person.csrf_token.encode()):
            raise Refused(HTTPStatus.FORBIDDEN, "This form is of an older session: open the page anew, then try again.")
    return form  # type: ignore[return-value]


def _refused_for(error: web.HTTPException) -> Refused:
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is too much at once.")
    return Refused(HTTPStatus(error.status), "This does not work: {why}.", why=error.reason)


def _check_permission(route: Route, person: SignIn | None) -> None:
    if route.is_open:
        return
    if person is None:
        raise SignedOut
    if route.permission is not None and route.permission not in permissions_of(person.roles):
        raise forbidden()
