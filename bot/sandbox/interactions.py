"""Buttons, slash commands and modals: trigger ids, response URLs, and the payloads that carry them to the app.

Owns what an interaction may be answered with and for how long. Refuses to know sockets beyond "ask and get the ack".
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.blocks import find_element
from bot.sandbox.cast import APP_ID, TEAM_DOMAIN, TEAM_ID
from bot.sandbox.clock import Clock, Ids
from bot.sandbox.errors import SlackError
from bot.sandbox.messages import CHANNEL, IM, Channel, Message
from bot.sandbox.views import View, Views
from bot.sandbox.workspace import Workspace

TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS, RESPONSE_URL_USES = 1800.0, 5

Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any] | None]]


@dataclass(slots=True)
class ResponseUrl:
    channel: str
    user: str
    expires: float
    message_ts: str = ""
    thread_ts: str | None = None
    uses: int = 0


class Interactions:
    def __init__(self, workspace: Workspace, views: Views, ids: Ids, clock: Clock, ask: Ask) -> None:
        self._workspace = workspace
        self._views = views
        self._ids = ids
        self._clock = clock
        self._ask = ask
        self._triggers: dict[str, tuple[str, float]] = {}
        self._spent_triggers: set[str] = set()
        self._response_urls: dict[str, ResponseUrl] = {}
        self.base_url = ""

    # ── what an app may answer with ──────────────────────────────────────────

    def use_trigger(self, trigger_id: str) -> str:
        """The person who acted. Good once, for three seconds. Raises: SlackError."""
        if trigger_id in self._spent_triggers:
            raise SlackError("exchanged_trigger_id")
        user, expires = self._triggers.pop(trigger_id, ("", 0.0))
        if not user:
            raise SlackError("invalid_trigger_id")
        if expires < self._clock():
            raise SlackError("expired_trigger_id")
        self._spent_triggers.add(trigger_id)
        return user

    def use_response_url(self, key: str) -> ResponseUrl:
        """Raises: SlackError expired_url, used_url."""
        url = self._response_urls.get(key)
        if url is None or url.expires < self._clock():
            raise SlackError("expired_url")
        if url.uses >= RESPONSE_URL_USES:
            raise SlackError("used_url")
        url.uses += 1
        return url

    def _trigger(self, user: str) -> str:
        trigger_id = self._ids.trigger()
        self._triggers[trigger_id] = (user, self._clock() + TRIGGER_SECONDS)
        return trigger_id

    def _response_url(self, channel: str, user: str, message: Message | None = None) -> str:
        key = self._ids.of("", 24)
        url = ResponseUrl(channel, user, self._clock() + RESPONSE_URL_SECONDS)
        if message is not None:
            url.message_ts, url.thread_ts = message.ts, message.thread_ts
        self._response_urls[key] = url
        return f"{self.base_url}response/{TEAM_ID}/{key}"

    # ── what a person does ───────────────────────────────────────────────────

    async def click(self, user: str, channel_id: str, ts: str, action_id: str, chosen: Any = None) -> bool:
        """A click in a message; whether the app acknowledged it. Raises: SlackError."""
        channel = self._workspace.channel(channel_id)
        message = channel.ephemerals.get(ts) or self._workspace.message(channel_id, ts)
        block, element = find_element(message.blocks, action_id)
        payload = self._common(user, "block_actions") | {
            "container": {
                "type": "message",
                "message_ts": ts,
                "channel_id": channel_id,
                "is_ephemeral": message.only_for is not None,
            },
            "channel": {"id": channel_id, "name": _name_of(channel)},
            "message": self._workspace.shown(message),
            "state": {"values": {}},
            "response_url": self._response_url(channel_id, user, message),
            "actions": [self._action(block, element, chosen)],
        }
        if message.thread_ts:
            payload["container"]["thread_ts"] = message.thread_ts
        return await self._ask("interactive", payload) is not None

    async def click_in_view(self, user: str, view: View, action_id: str, chosen: Any = None) -> bool:
        block, element = find_element(view.blocks, action_id)
        payload = self._common(user, "block_actions") | {
            "container": {"type": "view", "view_id": view.id},
            "view": view.as_api(),
            "actions": [self._action(block, element, chosen)],
        }
        return await self._ask("interactive", payload) is not None

    async def submit_view(self, user: str, view: View, values: dict[str, Any]) -> dict[str, Any] | None:
        """Submits a modal and does what the ack says; the errors by block_id for the page, None if nobody
        acknowledged.
        """
        view.values = values
        payload = self._common(user, "view_submission") | {"view": view.as_api(), "response_urls": []}
        answer = await self._ask("interactive", payload)
        if answer is None:
            return None
        match answer.get("response_action"):
            case "errors":
                return _errors_of(view, answer)
            case "update":
                self._views.change(view, answer["view"])
            case "push":
                self._views.open(user, answer["view"])
            case "clear":
                self._views.clear(user)
            case _:
                self._views.close(view)
        return {}

    async def close_view(self, user: str, view: View) -> None:
        self._views.close(view)
        if view.source.get("notify_on_close"):
            closed = {"view": view.as_api(), "is_cleared": False}
            await self._ask("interactive", self._common(user, "view_closed") | closed)

    async def slash(self, user: str, channel_id: str, command: str, text: str) -> dict[str, Any] | None:
        """The payload of the ack; None if nobody acknowledged."""
        channel = self._workspace.channel(channel_id)
        person = self._workspace.person(user)
        payload = {
            "token": "sandbox-verification",
            "team_id": TEAM_ID,
            "team_domain": TEAM_DOMAIN,
            "channel_id": channel_id,
            "channel_name": _name_of(channel),
            "user_id": user,
            "user_name": person.name,
            "command": command,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._response_url(channel_id, user),
            "trigger_id": self._trigger(user),
        }
        return await self._ask("slash_commands", payload)

    def _common(self, user: str, kind: str) -> dict[str, Any]:
        person = self._workspace.person(user)
        return {
            "type": kind,
            "user": {"id": user, "username": person.name, "name": person.name, "team_id": TEAM_ID},
            "api_app_id": APP_ID,
            "token": "sandbox-verification",
            "trigger_id": self._trigger(user),
            "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _action(self, block: dict[str, Any], element: dict[str, Any], chosen: Any) -> dict[str, Any]:
        names = ("type", "action_id", "text", "value", "style", "url")
        action = {name: element[name] for name in names if name in element}
        action |= {"block_id": block["block_id"], "action_ts": self._workspace.timestamps.next()}
        if element["type"] == "feedback_buttons":
            side = element["negative_button" if chosen == "negative" else "positive_button"]
            action |= {"text": side["text"], "value": side.get("value", "")}
        elif element["type"].endswith("select") or element["type"] in ("overflow", "radio_buttons"):
            action["selected_option"] = chosen
        return action


def _errors_of(view: View, answer: dict[str, Any]) -> dict[str, Any] | None:
    """Slack shows errors below the inputs that they name, and takes no others: the person is told that it failed."""
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    errors = answer.get("errors")
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs or not all(errors.values()):
        return None
    return dict(errors)


def _name_of(channel: Channel) -> str:
    if channel.kind == IM:
        return "directmessage"
    return channel.name if channel.kind == CHANNEL else "privategroup"
