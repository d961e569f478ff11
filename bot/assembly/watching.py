"""What is watched while the service runs, and what of it is told: health, figures, the service's own HTTP."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot import metrics
from bot.assembly.record import Record
from bot.assembly.replying import Replying
from bot.assembly.taking import Taking
from bot.clock import Clock
from bot.conversation.messages import Outcome
from bot.database_health import DatabaseHealth
from bot.error_tally import ErrorTally
from bot.http_server import HttpServer
from bot.loop_lag import LoopLag
from bot.platforms.base import Platform
from bot.settings import Settings
from bot.standing import Standing
from bot.versions import installed_versions
from inference.engine import Engine
from storage.errors import Trouble
from storage.records import ReplyState

# How a reply can end, as the metrics name it.
OUTCOMES = (*Outcome, ReplyState.WITHDRAWN.lower(), ReplyState.UNDELIVERABLE.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """`errors`: how many the log had. `http` tells of all of it, and serves the pages."""

    health: DatabaseHealth
    errors: ErrorTally
    loop_lag: LoopLag
    http: HttpServer


def build_watching(
    settings: Settings,
    engine: Engine,
    record: Record,
    replying: Replying,
    taking: Taking,
    platforms: Mapping[str, Platform],
    routes: Iterable[web.RouteDef],
    clock: Clock,
) -> Watching:
    """`routes`: of the pages. The figures begin at 0."""
    versions, errors = installed_versions(), ErrorTally(clock)

    async def go_on() -> None:
        """The database takes writes again: take up what was given up, look for what nobody could write down."""
        await replying.dispatcher.take_up_orphans()
        taking.catch_up.request()

    health = DatabaseHealth(record.database, clock, go_on)
    standing = Standing(
        version=versions["inthread"],
        engine=engine,
        line=replying.line,
        replies=replying.store,
        platforms=platforms,
        health=health,
        errors=errors,
        clock=clock,
    )
    _begin_metrics(versions, engine, replying, platforms)
    return Watching(health=health, errors=errors, loop_lag=LoopLag(clock), http=_http(settings, standing, routes))


def _begin_metrics(versions: Mapping[str, str], engine: Engine, replying: Replying, platforms: Iterable[str]) -> None:
    line = replying.line
    metrics.begin(platforms, OUTCOMES, Trouble)
    metrics.describe_build(versions["inthread"], versions["python"], versions["sqlite"])
    metrics.describe_model(engine.model.id, engine.model.sha256)
    metrics.watch_engine(lambda: engine.load)
    metrics.watch_line(lambda: line.waiting, lambda: line.active)


def _http(settings: Settings, standing: Standing, routes: Iterable[web.RouteDef]) -> HttpServer:
    service, admin = settings.service, settings.admin
    socket = Path(admin.proxy_socket) if admin.enabled and admin.proxy_socket else None
    return HttpServer(service.host, service.port, standing.readiness, standing.status, routes, socket)
