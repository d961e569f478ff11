"""Who hears of a change. Owns the subscribers; knows nothing of what a change means to them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.sandbox.messages import Message


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened.

    `kind`: posted, updated, deleted, ephemeral, ephemeral_gone, reaction, joined, status, view, home, stopped, log.
    `message` is the message as it is now, `previous` as Slack's API showed it before.
    `silent` changes reach the page, but no event is sent for them.
    """

    kind: str
    channel: str = ""
    message: "Message | None" = None
    previous: dict[str, Any] | None = None
    user: str = ""
    silent: bool = False
    data: dict[str, Any] = field(default_factory=dict)


class Feed:
    """Synchronous: a change is told to all before the caller goes on, so every listener sees the same order."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Change], None]] = []

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Returns the function that ends the subscription."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            listener(change)
