"""A service that runs: from its first question to the last one that it ends."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.admin.site import AdminSite
from bot.assembly.replying import Replying
from bot.assembly.taking import Taking
from bot.assembly.watching import Watching
from bot.conversation.knowledge.knowledge import Knowledge
from bot.errors import StartFailed
from bot.jobs.board import JobBoard
from bot.jobs.schedule import Job
from bot.platforms.base import Platform
from bot.platforms.errors import PlatformUnauthorized
from bot.settings import Settings
from inference.factory import preload
from inference.switching import SwitchableEngine

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What of its parts has a beginning and an end. `admin` None: without admin pages."""

    settings: Settings
    engine: SwitchableEngine
    knowledge: Knowledge
    replying: Replying
    taking: Taking
    platforms: Mapping[str, Platform]
    admin: AdminSite | None
    board: JobBoard
    jobs: list[Job]
    watching: Watching

    async def run(self, stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
        """Take questions and answer them until `stop` is set."""
        self.watching.errors.attach()
        await self.watching.http.start()
        log.info("listening", url=self.watching.http.url)
        # Importing a model's libraries holds the interpreter for seconds: done before anybody expects an answer.
        await asyncio.to_thread(preload, self.settings.inference)
        await self.replying.dispatcher.start(self.platforms)
        self.board.start(self.jobs)
        starts = {asyncio.create_task(self._start_platform(platform)) for platform in self.platforms.values()}
        following = asyncio.create_task(self.knowledge.keep_fresh(), name="knowledge")
        background = {
            asyncio.create_task(self.watching.loop_lag.watch(), name="loop lag"),
            asyncio.create_task(self.watching.health.watch(), name="database health"),
            asyncio.create_task(self._warm_up(), name="warm-up"),
            asyncio.create_task(self.taking.catch_up.run(), name="catch-up"),
            *starts,
            asyncio.create_task(_announce(starts, on_ready), name="announcement"),
        }
        try:
            await _until(stop, {following, *background})
        finally:
            await self._drain(following, background)

    async def _drain(self, following: asyncio.Task[None], background: set[asyncio.Task[None]]) -> None:
        """Take nothing more, end what has begun."""
        log.info("stopping")
        self.board.stop()
        self.taking.intake.close()
        for task in background:
            task.cancel()
        await asyncio.wait(background)
        await asyncio.gather(*(platform.stop_intake() for platform in self.platforms.values()))
        await self.replying.dispatcher.drain()
        following.cancel()  # not before: a reply that is being finished may wait for the first snapshot
        await asyncio.wait({following})
        log.info("stopped")

    async def close(self) -> None:
        """After `run`, or instead of it."""
        for platform in self.platforms.values():
            await platform.stop()
        await self.watching.http.close()
        if self.admin is not None:
            await self.admin.close()
        self.watching.errors.detach()

    async def _warm_up(self) -> None:
        await self.engine.warm_up()
        self.replying.line.open()
        self.watching.loop_lag.reset()
        log.info("model_ready", model=self.engine.model.id)

    async def _start_platform(self, platform: Platform) -> None:
        try:
            await platform.start()
        except PlatformUnauthorized as error:
            app_token = "" if self.settings.slack.mode == "http" else " and SLACK_APP_TOKEN (xapp-…, connections:write)"
            raise StartFailed(
                f"{platform.name} refuses the token ({error.code}): check SLACK_BOT_TOKEN (xoxb-…){app_token} "
                "and that the app is installed"
            ) from error
        log.info("ready", platform=platform.name)
        self.taking.catch_up.request()


async def _announce(starts: set[asyncio.Task[None]], on_ready: Callable[[], None]) -> None:
    await asyncio.wait(starts)
    if all(not start.cancelled() and start.exception() is None for start in starts):
        on_ready()


async def _until(stop: asyncio.Event, background: set[asyncio.Task[None]]) -> None:
    """Wait for the stop; a background task that fails ends the service with its error."""
    stopping: asyncio.Task[object] = asyncio.create_task(stop.wait())
    waiting: set[asyncio.Task[Any]] = {stopping, *background}
    try:
        while stopping in waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        stopping.cancel()
