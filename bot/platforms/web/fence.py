"""What stands before every handler: the headers of each answer, where a request may come from, errors as JSON."""

import functools
import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from bot.browsers import hostname_of, is_loopback, netloc_of
from bot.platforms.web.errors import Refused
from bot.platforms.web.settings import WebSettings

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Fence:
    """`host` is the address that the service listens on."""

    def __init__(self, settings: WebSettings, host: str) -> None:
        self._public_url = settings.public_url
        self._is_local = is_loopback(host)

    def page(self, handler: Handler) -> Handler:
        """For what a person may follow a link to."""
        return self._guard(handler, self._check_host)

    def api(self, handler: Handler) -> Handler:
        """For what only our own page may ask: another site must not act or read through a visitor's browser."""

        def check(request: web.Request) -> None:
            self._check_host(request)
            self._check_origin(request)

        return self._guard(handler, check)

    def _guard(self, handler: Handler, check: Callable[[web.Request], None]) -> Handler:
        @functools.wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                check(request)
                response = await handler(request)
            except Refused as refused:
                response = _error(refused)
            except web.HTTPRequestEntityTooLarge:
                status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                response = _error(Refused(status, "too_large", "The request is too large."))
            except web.HTTPException as error:
                response = _error(Refused(HTTPStatus(error.status), "refused", error.reason))
            except ConnectionError:
                raise  # the browser has gone: nobody to tell
            except Exception:
                incident = secrets.token_hex(4)
                log.exception("web_request_failed", path=request.path, incident=incident)
                message = f"Something went wrong on our side. Nothing was lost; try again. (Incident {incident})"
                response = _error(Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "failed", message))
            if not response.prepared:
                for name, value in HEADERS.items():
                    response.headers.setdefault(name, value)
            return response

        return guarded

    def _check_host(self, request: web.Request) -> None:
        """A page elsewhere must not reach a service on loopback under a name that it made up (DNS rebinding)."""
        name = hostname_of(request.host)
        if self._is_local and name not in _LOCAL_NAMES and name != urlsplit(self._public_url).hostname:
            raise Refused(HTTPStatus.FORBIDDEN, "foreign_host", "This service is not known under that name.")

    def _check_origin(self, request: web.Request) -> None:
        """Browsers say where a request comes from; whoever says nothing is no browser and has nobody's cookie."""
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        origin = request.headers.get("Origin")
        is_ours = origin is None or origin.lower() == self._public_url or netloc_of(origin) == request.host
        if site not in ("same-origin", "none") or not is_ours:
            raise Refused(HTTPStatus.FORBIDDEN, "foreign_origin", "Requests from other sites are refused.")


def _error(refused: Refused) -> web.Response:
    body: dict[str, Any] = {"error": refused.code, "message": refused.message}
    if refused.said is not None:
        body["said"] = dict(refused.said)
    response = web.json_response(body, status=refused.status)
    if refused.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(refused.retry_after_seconds)
    return response
