"""A whole house: the local Slack workspace, and the service that answers in it, with a model that recites.

Both live by one clock that runs ten times as fast as the wall's, so that Slack's limits hold and nobody waits.
"""

import asyncio
import html
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.platforms.slack.blocks import STOP_ACTION
from bot.sandbox import Sandbox
from bot.service import serve
from bot.settings import Settings
from tests.clock import QuickClock

ALICE, BRUNO, CHENWEI, DANA = PEOPLE = ("U0ALICE", "U0BRUNO", "U0CHENWEI", "U0DANA")
GENERAL, HELP_HR, HELP_IT, PRIVATE = "C0GENERAL", "C0HELPHR", "C0HELPIT", "C0PEOPLEOPS"
US = "U0INTHREAD"
SECONDS = 20.0  # the longest that anything may take before the test says what it is waiting for

Message = dict[str, Any]


class House:
    """`start` and `stop` the service as often as a test likes: the data folder stays."""

    def __init__(self, sandbox: Sandbox, folder: Path, clock: QuickClock) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.clock = clock
        self.port = 0
        self.shows_notice = False  # at first contact, of what is kept: one message more, beside what a test looks at
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    # ── the service ──────────────────────────────────────────────────────────

    def settings(self, **tables: Mapping[str, object]) -> Settings:
        """Of this house; `tables` go over it, such as `scripted={"words": 5}`, `delivery`, `slack`, `answers`."""
        scripted = {"words": 5, "words_per_second": 0, **tables.pop("scripted", {})}
        house = {
            "service": {"data_dir": self.folder, "port": self.port},
            "slack": {
                "enabled": True,
                "api_url": self.sandbox.api_url,
                "bot_token": self.sandbox.bot_token,
                "app_token": self.sandbox.app_token,
            },
            "audit": {"notice": self.shows_notice},
            "inference": {"engine": "scripted", "scripted": scripted, "max_new_tokens": 30_000},
        }
        merged = {name: {**house.get(name, {}), **tables.get(name, {})} for name in {*house, *tables}}
        return Settings.model_validate(merged)

    async def start(self, **tables: Mapping[str, object]) -> "House":
        """Returns when events are taken. Raises: what the service raises when it cannot start."""
        assert self._running is None
        self.port = free_port()
        ready = asyncio.Event()
        self._stop = asyncio.Event()
        settings = self.settings(**tables)
        self._running = asyncio.create_task(serve(settings, self._stop, ready.set, self.clock))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({self._running, waiting}, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._running.done():
            running, self._running = self._running, None
            running.result()
        assert ready.is_set(), "the service does not become ready"
        if settings.slack.mode == "socket":
            await self.until(lambda: self.sandbox.sockets >= 2)
        return self

    async def stop(self) -> None:
        """As SIGTERM does."""
        self._stop.set()
        if self._running is not None:
            running, self._running = self._running, None
            await asyncio.wait_for(running, SECONDS)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # ── people ───────────────────────────────────────────────────────────────

    async def ask(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """Post `text` with a mention; the ts."""
        return await self.sandbox.post_as(user, channel, f"<@{US}> {text}", thread_ts)

    async def until(self, predicate: Any, seconds: float = SECONDS) -> Any:
        return await self.sandbox.until(predicate, seconds)

    # ── what stands there ────────────────────────────────────────────────────

    def ours(self, channel: str, thread_ts: str | None = None) -> list[Message]:
        return [message for message in self.sandbox.messages(channel, thread_ts) if message["user"] == US]

    async def answered(self, channel: str, thread_ts: str | None, messages: int = 1) -> list[str]:
        """The texts of our messages in a thread, as soon as there are so many and all are finished."""
        await self.until(
            lambda: (
                len(found := self.ours(channel, thread_ts)) >= messages
                and all(is_finished(message) for message in found)
            )
        )
        return [text_of(message) for message in self.ours(channel, thread_ts)]

    def versions(self, channel: str, message: Message) -> list[str]:
        """What a message showed over time."""
        return [html.unescape(version.text) for version in self.sandbox.history_of(channel, message["ts"])]


def text_of(message: Message) -> str:
    return html.unescape(message["text"])


def note_of(message: Message) -> str:
    """The small line below the text."""
    blocks = message.get("blocks", [])
    return " ".join(
        html.unescape(element["text"])
        for block in blocks[1:]
        if block["type"] == "context"
        for element in block["elements"]
    )


def is_finished(message: Message) -> bool:
    """Nothing about it says that something is still to come."""
    blocks = message.get("blocks", [])
    return not any(element.get("action_id") == STOP_ACTION for block in blocks for element in block.get("elements", []))


def scripted(question: str, words: int = 5, turn: int = 1) -> str:
    """What the scripted engine says: its contract."""
    numbers = "".join(f" {number}" for number in range(1, words + 1))
    return f"Scripted reply to: {question}.{numbers}" + (f" (turn {turn})" if turn > 1 else "")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
