"""The composition root: the only place that knows all parts. Opens them in order, closes them in reverse."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from bot.assembly.admin import build_admin
from bot.assembly.conversation import build_conversation
from bot.assembly.data import hold_data
from bot.assembly.erasing import build_erasures
from bot.assembly.jobs import build_jobs
from bot.assembly.learning import build_loop
from bot.assembly.library import Library, open_library
from bot.assembly.model import open_model
from bot.assembly.platforms import build_platforms
from bot.assembly.record import Record, open_record
from bot.assembly.replying import build_replying, people_of
from bot.assembly.taking import build_taking
from bot.assembly.watching import build_watching
from bot.clock import Clock, SystemClock
from bot.delivery.failpoints import parse_failpoint
from bot.errors import StartFailed
from bot.jobs.board import JobBoard
from bot.platforms.base import Platform
from bot.running import Service
from bot.settings import Settings
from inference.switching import SwitchableEngine


async def serve(
    settings: Settings, stop: asyncio.Event, on_ready: Callable[[], None] = lambda: None, clock: Clock | None = None
) -> None:
    """Run until `stop` is set, then drain. A second stop is the caller's: it cancels.

    `on_ready` is called once, when every platform takes questions.

    Raises: ServiceError, StorageError, InferenceError, when the service cannot start or go on.
    """
    async with open_service(settings, clock or SystemClock()) as service:
        await service.run(stop, on_ready)


@asynccontextmanager
async def open_service(settings: Settings, clock: Clock) -> AsyncGenerator[Service, None]:
    """All parts, wired, none of them taking questions yet. What was opened last is closed first."""
    _require_platform(settings)
    async with AsyncExitStack() as opened:
        enter = opened.enter_async_context
        await enter(hold_data(settings))
        engine = await enter(open_model(settings))
        record = await enter(open_record(settings, clock))
        library = await enter(open_library(settings, record.database, record.trail, clock))
        service = _wire(settings, engine, record, library, clock)
        opened.push_async_callback(service.close)
        yield service


def _wire(settings: Settings, engine: SwitchableEngine, record: Record, library: Library, clock: Clock) -> Service:
    """Each family is handed what it needs of those above it."""
    platforms: dict[str, Platform] = {}  # filled below: they need delivery, and delivery looks them up when it shows
    reach, jobs = parse_failpoint(settings.delivery.failpoint), JobBoard(clock)
    conversation = build_conversation(settings, engine, record, library, clock)
    replying = build_replying(settings, record, library, conversation, platforms, reach, clock)
    taking = build_taking(settings, record, conversation, replying, platforms, reach, clock)
    submit, people = replying.dispatcher.submit, people_of(settings)
    loop = build_loop(settings, record, library.knowledge, people, submit, clock)
    erasures = build_erasures(record, replying.dispatcher, platforms)
    built = build_platforms(settings, record, conversation, replying, taking, loop, erasures, clock)
    platforms.update((platform.name, platform) for platform in built)
    admin = build_admin(settings, record, library.knowledge, loop, jobs, replying.line, erasures, clock)
    pages = [*built, admin] if admin else built
    routes = [route for page in pages for route in page.routes()]
    return Service(
        settings=settings,
        engine=engine,
        knowledge=library.knowledge,
        replying=replying,
        taking=taking,
        platforms=platforms,
        admin=admin,
        board=jobs,
        jobs=build_jobs(settings, engine, record, replying, taking, loop, admin, clock),
        watching=build_watching(settings, engine, record, replying, taking, platforms, routes, clock),
    )


def _require_platform(settings: Settings) -> None:
    """Raises: StartFailed, where nobody could ask."""
    if not settings.slack.is_on and not settings.web.enabled:
        raise StartFailed(
            "no platform to serve: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN in the environment, "
            "turn on the browser chat ([web] enabled), or try it without Slack: `inthread run --sandbox`"
        )
    if settings.slack.is_on and (missing := settings.slack.missing_secrets):
        raise StartFailed(
            f"Slack is on, and the environment has no {' and no '.join(missing)}: "
            f'[slack] mode = "{settings.slack.mode}" needs it (docs/slack.md says where it comes from)'
        )
