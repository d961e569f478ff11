"""Events, clicks and commands that Slack sends to us: one URL, every request signed.

Nothing is parsed before its signature and its time are checked over the raw body.
Source: docs.slack.dev/authentication/verifying-requests-from-slack.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.request.internals import parse_body
from slack_sdk.signature import Clock as SdkClock
from slack_sdk.signature import SignatureVerifier

from bot.clock import Clock

log = structlog.get_logger(__name__)

PATH = "/slack/events"
# A post of 40,000 characters comes twice, as text and as blocks, with six bytes for each Chinese character.
MOST_BODY_BYTES = 1024 * 1024


class HttpMode:
    """The route is there from the start; until `open` Slack is asked to come again."""

    def __init__(self, signing_secret: str, clock: Clock) -> None:
        self._verifier = SignatureVerifier(signing_secret, clock=_Seconds(clock))
        self._app: AsyncApp | None = None

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PATH, self._receive)]

    @property
    def is_open(self) -> bool:
        return self._app is not None

    def open(self, app: AsyncApp) -> None:
        self._app = app

    def close(self) -> None:
        self._app = None

    async def _receive(self, request: web.Request) -> web.Response:
        raw = await _read(request)
        if not self._is_from_slack(raw, request.headers):
            log.warning("slack_signature_refused", bytes=len(raw))
            return web.Response(status=401, text="not signed by Slack, or too long ago")
        bolt_request = _parsed(raw, request)
        if bolt_request is None:
            return web.Response(status=400, text="not a request of Slack's")
        if self._app is None:
            return web.Response(status=503, text="not ready")
        return await to_aiohttp_response(await self._app.async_dispatch(bolt_request))

    def _is_from_slack(self, raw: bytes, headers: Mapping[str, str]) -> bool:
        timestamp = headers.get("X-Slack-Request-Timestamp", "")
        signature = headers.get("X-Slack-Signature", "")
        if not timestamp.isascii() or not timestamp.isdigit() or not signature.isascii():
            return False
        try:
            return bool(self._verifier.is_valid(raw, timestamp, signature))
        except ValueError:  # not UTF-8, or a number of a thousand digits
            return False


class _Seconds(SdkClock):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now().timestamp()


async def _read(request: web.Request) -> bytes:
    """Raises: HTTPRequestEntityTooLarge, before more than the limit is in memory."""
    raw = bytearray()
    async for chunk in request.content.iter_any():
        raw += chunk
        if len(raw) > MOST_BODY_BYTES:
            raise web.HTTPRequestEntityTooLarge(max_size=MOST_BODY_BYTES, actual_size=len(raw))
    return bytes(raw)


def _parsed(raw: bytes, request: web.Request) -> AsyncBoltRequest | None:
    text = raw.decode("utf-8")  # the signature was checked over UTF-8
    headers: Any = request.headers
    try:
        body = parse_body(text, request.content_type)
        if not isinstance(body, dict) or not body:
            return None
        return AsyncBoltRequest(body=text, query=request.query_string, headers=headers)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):  # of another shape than Slack's
        return None
