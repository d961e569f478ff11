"""The table of methods: name, the kind of token it takes, the function behind it.

Every function is synchronous: what a call changes, it changes at once, so that "before" and "after the commit" mean
something.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from bot.sandbox.clock import Clock, Ids
from bot.sandbox.files import Files
from bot.sandbox.interactions import Interactions
from bot.sandbox.settings import SandboxSettings
from bot.sandbox.socket_mode import SocketMode
from bot.sandbox.statuses import Statuses
from bot.sandbox.views import Views
from bot.sandbox.web_api.arguments import Arguments
from bot.sandbox.workspace import Workspace

TokenKind = Literal["bot", "app", "none"]


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of the sandbox that methods act on."""

    settings: SandboxSettings
    workspace: Workspace
    statuses: Statuses
    views: Views
    interactions: Interactions
    socket_mode: SocketMode
    files: Files
    ids: Ids
    clock: Clock


Answer = dict[str, Any]
Function = Callable[[Context, Arguments], Answer]


@dataclass(frozen=True, slots=True)
class Method:
    name: str
    token: TokenKind
    function: Function
    scope: str = ""
    """What the token has to have; empty where the sandbox does not look."""


class Methods:
    """Filled by decorator: `@methods.add("chat.update")` above `def update_message(context, arguments)`."""

    def __init__(self) -> None:
        self._by_name: dict[str, Method] = {}

    def add(self, name: str, *, token: TokenKind = "bot", scope: str = "") -> Callable[[Function], Function]:
        def register(function: Function) -> Function:
            self._by_name[name] = Method(name, token, function, scope)
            return function

        return register

    def merge(self, *others: "Methods") -> "Methods":
        for other in others:
            self._by_name |= other._by_name
        return self

    def find(self, name: str) -> Method | None:
        return self._by_name.get(name)
