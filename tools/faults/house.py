"""A workspace, a data folder, and the service that comes and goes between them; and every question that was asked."""

import asyncio
import json
import os
import random
import signal
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.sandbox import Sandbox, SandboxSettings
from tools.faults.clock import SharedClock
from tools.faults.processes import LOG, Processes, ServiceProcess
from tools.faults.questions import Question, is_growing, is_over

READY_SECONDS = 10.0
STOP_SECONDS = 40.0
LOOK_SECONDS = 0.05
# Slack gives up after three; here none may be lost to that, however long the service is away.
REDELIVERY_SECONDS = (0.0, 0.3, 0.6, *[1.0] * 600)
SETTINGS = SandboxSettings(
    rate_limit_scale=100.0, post_tolerance=1.0, ack_seconds=1.0, redelivery_seconds=REDELIVERY_SECONDS
)
ENVIRONMENT = {
    "INTHREAD_SERVICE__DATA_DIR": ".",
    "INTHREAD_SERVICE__PORT": "0",
    "INTHREAD_LOG__LEVEL": "info",
    "INTHREAD_LOG__FORMAT": "json",
    "INTHREAD_WEB__ENABLED": "false",
    "INTHREAD_INFERENCE__ENGINE": "scripted",
    "INTHREAD_DELIVERY__WAITING_PER_USER": "100",
    "INTHREAD_DELIVERY__WAITING_TOTAL": "100000",
}
PLACES = ("C0GENERAL", "C0HELPHR", "C0HELPIT", "C0PEOPLEOPS")


@dataclass
class House:
    """`words` and `words_per_second` are the scripted engine's."""

    sandbox: Sandbox
    folder: Path
    processes: Processes
    clock: SharedClock
    rng: random.Random
    words: int = 30
    words_per_second: float = 300
    places: list[str] = field(default_factory=lambda: list(PLACES))
    questions: list[Question] = field(default_factory=list)
    service: ServiceProcess | None = None
    _open: list[Question] = field(default_factory=list)

    # ── the service ──────────────────────────────────────────────────────────

    async def start(self, **settings: object) -> ServiceProcess:
        """A service that is not ready yet. `settings`: delivery__grace_seconds=0, as in the environment."""
        assert self.service is None or not self.service.is_running
        own = {
            "SLACK_API_URL": self.sandbox.api_url,
            "SLACK_BOT_TOKEN": self.sandbox.bot_token,
            "SLACK_APP_TOKEN": self.sandbox.app_token,
            "INTHREAD_INFERENCE__SCRIPTED__WORDS": str(self.words),
            "INTHREAD_INFERENCE__SCRIPTED__WORDS_PER_SECOND": str(self.words_per_second),
        }
        changed = {f"INTHREAD_{name.upper()}": str(value) for name, value in settings.items()}
        inherited = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
        self.service = await self.processes.start(self.folder, inherited | ENVIRONMENT | own | changed, self.clock)
        return self.service

    async def ready(self) -> None:
        """Events are taken, over both sockets. Raises: TimeoutError, with what the service said last."""
        try:
            await self.sandbox.until(lambda: self.sandbox.sockets >= 2, READY_SECONDS)
        except TimeoutError:
            raise TimeoutError(f"the service is not ready:\n{self.log()[-2000:]}") from None

    def log(self) -> str:
        """What every run of the service has said."""
        return (self.folder / LOG).read_text("utf-8")

    def url(self) -> str:
        """Of the service's own HTTP."""
        said = [json.loads(line) for line in self.log().splitlines() if '"listening"' in line]
        return str(said[-1]["url"])

    async def kill(self) -> None:
        """SIGKILL now."""
        assert self.service is not None
        await self.service.kill()
        await self.note_death()

    async def note_death(self) -> None:
        """The process is gone: whose answers it interrupted is written down."""
        for question in self.open_questions():
            question.deaths += 1
            question.deaths_while_growing += is_growing(self.sandbox, question)
        await self.sandbox.until(lambda: not self.sandbox.sockets, READY_SECONDS)

    async def stop(self) -> int:
        """SIGTERM; the exit code. Raises: TimeoutError."""
        assert self.service is not None
        self.service.send(signal.SIGTERM)
        code = await self.service.wait(STOP_SECONDS)
        await self.note_death()
        return code

    # ── people ───────────────────────────────────────────────────────────────

    async def ask(self, user: str = "", channel: str = "", thread: str | None = None) -> Question:
        """A question with a number of its own, somewhere at random unless it is said where."""
        if not channel:
            channel, thread = self._somewhere()
        members = [person for person in self.sandbox.channels[channel].members if person in self.sandbox.people]
        user = user or self.rng.choice(members)
        text = f"question {len(self.questions) + 1} please"
        mention = f"<@{self.sandbox.bot_user_id}> "
        ts = await self.sandbox.post_as(user, channel, mention + text, thread)
        question = Question(channel, ts, thread or ts, text, self.words)
        self.questions.append(question)
        self._open.append(question)
        return question

    def _somewhere(self) -> tuple[str, str | None]:
        """A channel, or a direct message; one time in four a thread that somebody has asked in before."""
        if self.questions and self.rng.random() < 0.25:
            earlier = self.rng.choice(self.questions)
            return earlier.channel, earlier.thread
        if self.rng.random() < 0.25:
            return self.sandbox.dm_with(self.rng.choice(list(self.sandbox.people))), None
        return self.rng.choice(self.places), None

    def open_questions(self) -> list[Question]:
        """Asked, and not at an end."""
        self._open = [question for question in self._open if not is_over(self.sandbox, question)]
        return self._open

    async def settle(self, seconds: float, *, most_open: int = 0, of_this_life: bool = False) -> bool:
        """Wait until all but so many questions are at their end; whether they are.

        `of_this_life`: nobody starts the service again when it dies.
        """
        until = time.monotonic() + seconds
        while len(self.open_questions()) > most_open:
            is_gone = of_this_life and (self.service is None or not self.service.is_running)
            if is_gone or time.monotonic() > until:
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return True


@asynccontextmanager
async def house(
    processes: Processes,
    seed: int,
    settings: SandboxSettings = SETTINGS,
    *,
    speed: float = 20.0,
    words: int = 30,
    words_per_second: float = 300,
) -> AsyncGenerator[House, None]:
    """Not started yet. The service that runs at the end is killed."""
    clock = SharedClock.start(speed)
    with TemporaryDirectory(prefix="inthread-faults-") as folder:
        async with Sandbox(settings, clock=clock.timestamp, seed=seed) as sandbox:
            rng = random.Random(f"house {seed}")
            home = House(sandbox, Path(folder), processes, clock, rng, words, words_per_second)
            try:
                yield home
            finally:
                if home.service is not None:
                    await home.service.kill()
