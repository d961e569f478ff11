"""A chat platform in memory and a service that can be ended at any moment, by a clock that tests move.

The service is the real one from the intake to the writer, on real SQLite. What would run in threads runs in the loop,
so that a history happens the same way every time.
"""

import asyncio
import shutil
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.clock import Calendar
from bot.conversation.answering import Answerer
from bot.conversation.knowledge.looking_up import NoKnowledge
from bot.conversation.librarian import Librarian
from bot.conversation.messages import IncomingMessage, ThreadKey
from bot.conversation.settings import AnswerSettings
from bot.delivery.audience import Audiences
from bot.delivery.catch_up import CatchUp
from bot.delivery.composing import Composer
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.duplicates import DuplicateCheck
from bot.delivery.failpoints import parse_failpoint
from bot.delivery.final_content import Furnishing
from bot.delivery.intake import Intake
from bot.delivery.line import Line
from bot.delivery.settings import DeliverySettings
from bot.delivery.worker import Worker
from bot.platforms.base import Capabilities, Content, PastPost, Place, Posted
from inference.engine import Sampling
from inference.scripted import ScriptedEngine
from inference.settings import ScriptedSettings
from storage.database import Database
from storage.looking_back import LookBackStore
from storage.records import Reply
from storage.replies import ReplyStore
from storage.threads import ThreadStore
from storage.watermarks import WatermarkStore
from tests.clock import ManualClock
from tests.conftest import TRAIL
from tests.delivery.fake_surface import FakeSurface, Fault

PLACE = Place("T1", "C1")
# The window is wide open: when an edit comes too late is told by other tests.
SETTINGS = DeliverySettings(waiting_per_user=100, edit_window_seconds=1e8, lease_seconds=600, grace_seconds=5)
MOST_TURNS = 5_000  # of the loop, at one moment of the clock


class ProcessDied(BaseException):
    """What a SIGKILL is to the code that runs: nothing that it could catch."""


class Inline(ThreadPoolExecutor):
    """Runs what it is given at once, where it stands."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - as a thread would
            future.set_exception(error)
        return future


class SmallPlatform:
    """Implements `Platform` and `History`. What stands here outlives the service.

    `faults` fall on whoever calls next.
    """

    name = "slack"
    capabilities = Capabilities(edits_per_minute=48, min_edit_interval_seconds=1.0, max_length=100, length_of=len)
    is_ready = True

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.surfaces: dict[str, FakeSurface] = {}
        self.posts_of_people: dict[str, PastPost] = {}
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.is_connected = True

    def surface(self, reply: Reply) -> "LivingSurface":
        if reply.reply_id not in self.surfaces:
            self.surfaces[reply.reply_id] = FakeSurface(self._clock, faults=self.faults)  # type: ignore[arg-type]
        return LivingSurface(self.surfaces[reply.reply_id], self)

    async def groups_of(self, user: str, among: Collection[str]) -> frozenset[str]:
        return frozenset()

    def texts_of(self, reply_id: str) -> list[str]:
        """What stands of a reply."""
        surface = self.surfaces.get(reply_id)
        return surface.texts if surface is not None else []

    def contents_of(self, reply_id: str) -> list[Content]:
        surface = self.surfaces.get(reply_id)
        return [message.content for message in surface.messages.values()] if surface is not None else []

    @property
    def history(self) -> "SmallPlatform":
        return self

    async def places(self) -> list[Place]:
        return [PLACE]

    async def posts(self, place: Place, since: datetime) -> AsyncGenerator[PastPost, None]:
        for post in list(self.posts_of_people.values()):
            if post.message.sent_at >= since:
                yield post

    async def start(self) -> None: ...

    async def stop_intake(self) -> None: ...

    async def stop(self) -> None: ...


class LivingSurface:
    """Calls reach the platform while the process that makes them lives."""

    takes_growth = True

    def __init__(self, surface: FakeSurface, platform: SmallPlatform) -> None:
        self._surface = surface
        self._platform = platform

    async def post(self, part: int, content: Content) -> str:
        self._require_life()
        return await self._surface.post(part, content)

    async def edit(self, ref: str, content: Content) -> None:
        self._require_life()
        await self._surface.edit(ref, content)

    async def find_posted(self, since: datetime) -> list[Posted]:
        self._require_life()
        return await self._surface.find_posted(since)

    async def delete(self, ref: str) -> None:
        self._require_life()
        await self._surface.delete(ref)

    def _require_life(self) -> None:
        if not self._platform.is_connected:
            raise ProcessDied


class SmallService:
    """One process: from `start` to `kill` or `drain`."""

    def __init__(self, path: Path, platform: SmallPlatform, clock: ManualClock, failpoint: str = "") -> None:
        self._path = path
        self._platform = platform
        self._clock = clock
        self._reach = parse_failpoint(failpoint, self._die)
        self.died = False
        platform.is_connected = True

    async def start(self) -> "SmallService":
        self.database = await Database.open(f"sqlite:///{self._path}")
        self.database._write_thread = self.database._read_threads = Inline()
        clock, database = self._clock, self.database
        engine = ScriptedEngine(ScriptedSettings(words=3, words_per_second=2), clock=clock.monotonic, sleep=clock.sleep)
        store = self.replies = ReplyStore(database, TRAIL)
        answers = AnswerSettings(disclaimer=False)
        line = Line(max_active=engine.limits.max_concurrent, waiting_per_user=100, waiting_total=10_000)
        threads, nothing = ThreadStore(database), NoKnowledge()
        composer = Composer(
            store=store,
            librarian=Librarian(nothing, nothing, threads, answers, Calendar(clock)),
            audiences=Audiences(nothing, {}),
            answerer=Answerer(engine, threads, answers, Sampling(), 100_000),
            line=line,
            lease=timedelta(seconds=SETTINGS.lease_seconds),
            clock=clock,
            new_incident_id=lambda: "incident",
        )
        worker = Worker(
            store=store,
            composer=composer,
            line=line,
            settings=SETTINGS,
            answers=answers,
            furnishing=Furnishing(disclaimer=False),
            clock=clock,
            new_incident_id=lambda: "incident",
            on_undeliverable=self._nobody_minds,
            reach=self._reach,
        )
        self.dispatcher = Dispatcher(store, worker, line, SETTINGS, clock)
        self.intake = Intake(store, self.dispatcher.submit, SETTINGS, clock, self._reach)
        platforms = {self._platform.name: self._platform}
        self.duplicates = DuplicateCheck(store, platforms, clock)
        watermarks, looking_back = WatermarkStore(database), LookBackStore(database)
        self.catch_up = CatchUp(platforms, self.intake, watermarks, looking_back, SETTINGS, clock)
        line.open()
        await self.dispatcher.start(platforms)
        return self

    async def _nobody_minds(self, reply: Reply) -> None: ...

    async def kill(self) -> None:
        """As SIGKILL: nothing that runs gets a word in edgeways."""
        self._die_quietly()
        tasks = list(self.dispatcher._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
            for task in tasks:
                task.cancelled() or task.exception()
        await self.database.close()

    async def drain(self) -> None:
        """As SIGTERM."""
        self.intake.close()
        await self.dispatcher.drain()
        await self.database.close()

    def _die(self) -> None:
        self._die_quietly()
        raise ProcessDied

    def _die_quietly(self) -> None:
        self.died = True
        self._platform.is_connected = False


def a_post(
    number: int, text: str, thread: str, sent_at: datetime, edited_at: datetime | None = None
) -> IncomingMessage:
    return IncomingMessage(
        thread=ThreadKey("slack", PLACE.tenant, PLACE.channel, thread),
        message_key=f"slack:T1:C1:{number}.0",
        user=f"U{number % 3}",
        text=text,
        sent_at=sent_at,
        edited_at=edited_at,
        address={"channel": PLACE.channel, "thread_ts": thread},
    )


class SmallWorld:
    """Owns the loop, the clock, the platform and the service's successive processes."""

    def __init__(self, migrated_file: Path, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(Inline())
        self.clock = ManualClock(self._come_to_rest)
        self.platform = SmallPlatform(self.clock)
        self._path = Path(shutil.copy(migrated_file, folder / "inthread.db"))
        self.service: SmallService = self.run(self._new("").start())

    def run(self, work: Awaitable[Any]) -> Any:
        return self._loop.run_until_complete(work)  # type: ignore[arg-type]

    def pass_time(self, seconds: float) -> None:
        """A process that dies on the way is followed by another."""
        self.run(self.clock.advance(seconds))
        if self.service.died:
            self.crash()

    def crash(self, failpoint: str = "") -> None:
        """End it without warning and start anew. `failpoint`: where the new one will end."""
        self.run(self.service.kill())
        self.service = self.run(self._new(failpoint).start())

    def restart(self) -> None:
        """End it with SIGTERM and start anew."""
        draining = self._loop.create_task(self.service.drain())
        self.run(self.clock.advance(60))
        self.run(draining)
        self.service = self.run(self._new("").start())

    async def _come_to_rest(self) -> None:
        """Until no task can go on: nothing runs in threads here, so the loop knows."""
        for _ in range(MOST_TURNS):
            await asyncio.sleep(0)
            if not self._loop._ready:  # type: ignore[attr-defined]
                return
        raise AssertionError(f"something turns in circles: {[str(task) for task in asyncio.all_tasks()]}")

    def close(self) -> None:
        self.run(self.service.kill())
        self._loop.close()

    def _new(self, failpoint: str) -> SmallService:
        return SmallService(self._path, self.platform, self.clock, failpoint)
