"""Asking Slack whether it would take us: reachable, token good, scopes complete, clocks alike. Changes nothing."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from bot.platforms.slack.clients import web_client
from bot.platforms.slack.files import SCOPE
from bot.platforms.slack.settings import SlackSettings

# Without them something is less comfortable, and nothing is missing: what, by scope.
OPTIONAL_SCOPES = {SCOPE: "people get their own data as messages instead of a file"}
MANIFEST = Path(__file__).with_name("manifest.json")


@dataclass(frozen=True, slots=True)
class Examined:
    """`error` is Slack's code, or why it was not reached.

    `missing_scopes` is None when Slack did not say which there are. `seconds_ahead`: how far our clock is before
    Slack's; None when it is not known.
    """

    is_reached: bool
    error: str = ""
    team: str = ""
    user: str = ""
    missing_scopes: tuple[str, ...] | None = None
    seconds_ahead: float | None = None


def manifest_scopes() -> frozenset[str]:
    """What the app asks for when it is installed."""
    return frozenset(json.loads(MANIFEST.read_text("utf-8"))["oauth_config"]["scopes"]["bot"])


async def examine_bot_token(settings: SlackSettings, clock: Clock) -> Examined:
    """auth.test, once."""
    async with _client(settings) as client:
        try:
            response = await client.auth_test(token=settings.bot_token.get_secret_value())
        except SlackApiError as error:
            return _refused(error, clock)
        except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return Examined(is_reached=False, error=_reason(error))
        headers = response.headers
        return Examined(
            is_reached=True,
            team=str(response.get("team", "")),
            user=str(response.get("user", "")),
            missing_scopes=_missing_scopes(headers),
            seconds_ahead=_seconds_ahead(headers, clock.now()),
        )


async def examine_app_token(settings: SlackSettings, clock: Clock) -> Examined:
    """apps.connections.open, once: Slack counts it (Tier 1), so only when asked. The ticket is let go."""
    async with _client(settings) as client:
        try:
            await client.apps_connections_open(app_token=settings.app_token.get_secret_value())
        except SlackApiError as error:
            return _refused(error, clock)
        except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return Examined(is_reached=False, error=_reason(error))
        return Examined(is_reached=True)


@asynccontextmanager
async def _client(settings: SlackSettings) -> AsyncGenerator[AsyncWebClient, None]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=settings.timeout_seconds)) as session:
        yield web_client(settings, session, None)


def _refused(error: SlackApiError, clock: Clock) -> Examined:
    response: Any = error.response
    data = response.data if isinstance(getattr(response, "data", None), dict) else {}
    code = str(data.get("error") or f"HTTP {getattr(response, 'status_code', '')}")
    return Examined(is_reached="error" in data, error=code, seconds_ahead=_seconds_ahead(response.headers, clock.now()))


def _reason(error: Exception) -> str:
    """Without the address: it is in the settings."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or type(error.os_error).__name__
    return type(error).__name__


def _missing_scopes(headers: Any) -> tuple[str, ...] | None:
    granted = _header(headers, "x-oauth-scopes")
    if granted is None:
        return None
    return tuple(sorted(manifest_scopes() - {scope.strip() for scope in granted.split(",")}))


def _seconds_ahead(headers: Any, now: datetime) -> float | None:
    text = _header(headers, "date")
    try:
        return None if text is None else (now - parsedate_to_datetime(text)).total_seconds()
    except (ValueError, TypeError):
        return None


def _header(headers: Any, name: str) -> str | None:
    return next((str(value) for key, value in headers.items() if key.lower() == name), None)
