"""The arguments of one call, whether they came as JSON, a form or a query.

Owns reading them as the type a method needs.
"""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.sandbox.clock import as_microseconds
from bot.sandbox.errors import SlackError, invalid_arguments

_TRUE = ("1", "true")


class Arguments:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {name: value for name, value in values.items() if name != "token"}

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        """Raises: SlackError invalid_arguments, in Slack's words."""
        if not (value := self.text(name)):
            raise invalid_arguments(f"missing required field: {name}")
        return value

    def truth(self, name: str) -> bool:
        return str(self.values.get(name, "")).lower() in _TRUE

    def integer(self, name: str, default: int, *, least: int = 1, most: int = 1000) -> int:
        """Raises: SlackError invalid_limit."""
        try:
            value = int(self.text(name) or default)
        except ValueError as error:
            raise SlackError(f"invalid_{name}") from error
        if value < least:
            raise SlackError(f"invalid_{name}")
        return min(value, most)

    def moment(self, name: str, default: int) -> int:
        """A `ts` in microseconds, for comparing. Raises: SlackError invalid_ts_oldest, invalid_ts_latest."""
        if not (value := self.text(name)) or value == "now":
            return default
        try:
            return as_microseconds(value)
        except ValueError as error:
            raise SlackError(f"invalid_ts_{name}") from error

    def json(self, name: str) -> Any:
        """A structure that a form carries as JSON text. Raises: SlackError invalid_<name>_format."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise SlackError("invalid_arguments" if name == "view" else f"invalid_{name}_format") from error


async def read_arguments(request: web.Request) -> tuple[Arguments, str]:
    """(arguments, token). Raises: SlackError invalid_json, json_not_object."""
    values: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        values |= await _read_json(request)
    elif request.method == "POST":
        values |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    token = bearer.strip() if scheme.lower() == "bearer" else str(values.get("token", ""))
    return Arguments(values), token


async def _read_json(request: web.Request) -> dict[str, Any]:
    body = await request.text()
    try:
        values = json.loads(body or "{}")
    except ValueError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(values, dict):
        raise SlackError("json_not_object")
    return values
