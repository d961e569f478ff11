"""Modals and home tabs. Owns every view and each person's stack of modals; checks what views.* may say."""

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.blocks import MAX_VIEW_BLOCKS, validate_blocks
from bot.sandbox.cast import APP_ID, BOT_ID, TEAM_ID
from bot.sandbox.clock import Ids
from bot.sandbox.errors import SlackError, invalid_arguments
from bot.sandbox.feed import Change, Feed

MAX_STACK = 3


@dataclass(slots=True)
class View:
    id: str
    user: str
    source: dict[str, Any]
    blocks: list[dict[str, Any]]
    hash: str
    root_id: str
    previous_id: str | None = None
    values: dict[str, Any] = field(default_factory=dict)

    def as_api(self) -> dict[str, Any]:
        names = ("title", "submit", "close")
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "type": self.source["type"],
            "blocks": self.blocks,
            "private_metadata": self.source.get("private_metadata", ""),
            "callback_id": self.source.get("callback_id", ""),
            "external_id": self.source.get("external_id", ""),
            "state": {"values": self.values},
            "hash": self.hash,
            "clear_on_close": self.source.get("clear_on_close", False),
            "notify_on_close": self.source.get("notify_on_close", False),
            "previous_view_id": self.previous_id,
            "root_view_id": self.root_id,
            "app_id": APP_ID,
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
            **{name: self.source.get(name) for name in names},
        }


class Views:
    def __init__(self, feed: Feed, ids: Ids) -> None:
        self._feed = feed
        self._ids = ids
        self._by_id: dict[str, View] = {}
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def find(self, view_id: str, external_id: str = "") -> View:
        """Raises: SlackError not_found."""
        if view := self._by_id.get(view_id):
            return view
        for view in self._by_id.values():
            if external_id and view.source.get("external_id") == external_id:
                return view
        raise SlackError("not_found")

    def stack_of(self, user: str) -> list[View]:
        return self._stacks.get(user, [])

    def home_of(self, user: str) -> View | None:
        return self._homes.get(user)

    def open(self, user: str, source: dict[str, Any]) -> View:
        """Raises: SlackError invalid_arguments, push_limit_reached."""
        blocks = self._checked(source, "modal")
        stack = self._stacks.setdefault(user, [])
        if len(stack) >= MAX_STACK:
            raise SlackError("push_limit_reached")
        view = self._made(user, source, blocks)
        if stack:
            view.root_id, view.previous_id = stack[0].id, stack[-1].id
        stack.append(view)
        self._publish(user)
        return view

    def publish_home(self, user: str, source: dict[str, Any]) -> View:
        view = self._made(user, source, self._checked(source, "home"))
        self._homes[user] = view
        self._publish(user)
        return view

    def change(self, view: View, source: dict[str, Any], expected_hash: str = "") -> None:
        """Raises: SlackError hash_conflict, invalid_arguments."""
        if expected_hash and expected_hash != view.hash:
            raise SlackError("hash_conflict")
        view.blocks = self._checked(source, view.source["type"])
        view.source, view.hash = source, self._ids.of("", 16)
        self._publish(view.user)

    def close(self, view: View) -> None:
        self._by_id.pop(view.id, None)
        stack = self._stacks.get(view.user, [])
        if view in stack:
            stack.remove(view)
        self._publish(view.user)

    def clear(self, user: str) -> None:
        for view in self._stacks.pop(user, []):
            self._by_id.pop(view.id, None)
        self._publish(user)

    def _made(self, user: str, source: dict[str, Any], blocks: list[dict[str, Any]]) -> View:
        view_id = self._ids.of("V")
        view = self._by_id[view_id] = View(view_id, user, source, blocks, self._ids.of("", 16), view_id)
        return view

    def _checked(self, source: Any, kind: str) -> list[dict[str, Any]]:
        if not isinstance(source, dict) or source.get("type") != kind:
            raise invalid_arguments(f"view must be an object of type {kind}")
        title = source.get("title")
        if kind == "modal" and not (isinstance(title, dict) and 0 < len(str(title.get("text", ""))) <= 24):
            raise invalid_arguments("must be between 1 and 24 characters [json-pointer:/view/title/text]")
        if len(source.get("private_metadata", "")) > 3000:
            raise invalid_arguments("must be less than 3001 characters [json-pointer:/view/private_metadata]")
        try:
            blocks = validate_blocks(source.get("blocks"), self._ids, limit=MAX_VIEW_BLOCKS, total_limit=False)
        except SlackError as error:
            messages = error.extra.get("response_metadata", {}).get("messages", [f"[ERROR] {error.code}"])
            raise SlackError("invalid_arguments", response_metadata={"messages": messages}) from error
        if kind == "modal" and not source.get("submit") and any(block["type"] == "input" for block in blocks):
            raise invalid_arguments("submit is required when blocks contain an input block")
        return blocks

    def _publish(self, user: str) -> None:
        self._feed.publish(Change("view", user=user))
