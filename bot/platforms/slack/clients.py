"""Clients of Slack's SDK, with what they must not do by themselves switched off."""

import logging

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.slack.events import Identity
from bot.platforms.slack.settings import SlackSettings
from bot.platforms.slack.sockets import PING_SECONDS

# Errors only: its INFO tells of every socket, its warnings of settings that are meant, its DEBUG prints messages.
_SDK_LOG = logging.getLogger("slack_bolt.quiet")
_SDK_LOG.setLevel(logging.ERROR)


def web_client(settings: SlackSettings, session: aiohttp.ClientSession | None, token: str | None) -> AsyncWebClient:
    client = AsyncWebClient(
        token=token,
        base_url=settings.api_url,
        timeout=int(settings.timeout_seconds) or 1,
        session=session,
        retry_handlers=[],  # the SDK's own repeat a POST whose connection broke: two visible replies
    )
    # Set, not passed: where none is passed, the SDK takes one from the environment.
    client.proxy = settings.proxy or None
    return client


def socket_handler(app: AsyncApp, settings: SlackSettings, session: aiohttp.ClientSession) -> AsyncSocketModeHandler:
    app_token = settings.app_token.get_secret_value()
    handler = AsyncSocketModeHandler(
        app,
        app_token,
        logger=_SDK_LOG,
        web_client=web_client(settings, session, app_token),
        ping_interval=PING_SECONDS,
    )
    handler.client.proxy = settings.proxy or None
    return handler


def bolt_app(settings: SlackSettings, us: Identity) -> AsyncApp:
    """Without listeners. Requests that come by HTTP are verified before they get here (`http_mode.py`)."""

    async def authorize() -> AuthorizeResult:
        # Known since the start. Bolt's own look-up answers 200 when it fails: acknowledged, and lost.
        return AuthorizeResult(
            enterprise_id=us.enterprise_id or None,
            team_id=us.team_id,
            bot_id=us.bot_id or None,
            bot_user_id=us.user_id,
            bot_token=settings.bot_token.get_secret_value(),
        )

    return AsyncApp(
        name="inthread",  # else it looks through the whole stack for the name of a file: a tenth of a second
        logger=_SDK_LOG,
        client=web_client(settings, None, None),
        authorize=authorize,
        signing_secret=settings.signing_secret.get_secret_value() or "unused-in-socket-mode",
        request_verification_enabled=False,
        # A listener that raises is not acknowledged, and Slack delivers again.
        process_before_response=True,
    )
