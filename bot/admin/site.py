"""The admin pages as the service mounts them: which parts there are, and the table of all routes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from argon2 import PasswordHasher

from bot.admin.account_pages import AccountPages
from bot.admin.archive import Archive
from bot.admin.audit_pages import AuditPages
from bot.admin.data_pages import DataPages
from bot.admin.desk import KnowledgeDesk
from bot.admin.entry_pages import EntryPages
from bot.admin.errands import Errand
from bot.admin.errors import not_found
from bot.admin.export_pages import ExportPages
from bot.admin.files import Files, load_files
from bot.admin.forgetting import Forgetting
from bot.admin.gap_pages import GapPages
from bot.admin.guard import Guard
from bot.admin.guessing import Guessing
from bot.admin.integrity_pages import IntegrityPages
from bot.admin.job_pages import JobPages
from bot.admin.openid import OpenId
from bot.admin.overview_pages import LineNow, OverviewPages
from bot.admin.passwords import Passwords
from bot.admin.permissions import Permission
from bot.admin.provider_pages import ProviderPages
from bot.admin.proxy import TrustedProxy
from bot.admin.reasons import Reasons
from bot.admin.rendering import Renderer
from bot.admin.request_pages import RequestPages
from bot.admin.review_pages import ReviewPages
from bot.admin.sessions import Sessions
from bot.admin.settings import AdminSettings
from bot.admin.signing_in import SigningIn
from bot.admin.visits import Route, Visit
from bot.clock import Calendar, Clock
from bot.jobs.board import JobBoard
from storage.admin.accounts import AccountStore, DeedStore
from storage.admin.requests import RequestStore
from storage.admin.sessions import SessionStore
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.figures import FiguresStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the pages need of the rest of the service. `line`: how busy it is.

    `hasher`: for tests, where the real one takes too long.
    """

    database: Database
    trail: AuditTrail
    clock: Clock
    desk: KnowledgeDesk
    archive: Archive
    forgetting: Forgetting
    jobs: JobBoard
    line: Callable[[], LineNow]
    hasher: PasswordHasher | None = None


class AdminSite:
    """`host`: the address that its routes are served on."""

    def __init__(self, settings: AdminSettings, host: str, parts: Parts) -> None:
        database, trail, clock = parts.database, parts.trail, parts.clock
        accounts, deeds = AccountStore(database, trail), DeedStore(database, trail)
        sessions = Sessions(SessionStore(database), settings, clock)
        proxy = TrustedProxy(settings, accounts, sessions)
        renderer = Renderer(settings.title, settings.zone)
        self._guard = Guard(settings, host, sessions, proxy, renderer)
        calendar = Calendar(clock, settings.zone)
        erased = parts.archive.reader.last_removal
        gap_pages = GapPages(parts.desk, deeds, clock, erased)
        self._reviews = review_pages = ReviewPages(parts.desk, deeds, calendar, erased)
        self._index = parts.archive.index
        integrity = IntegrityPages(parts.archive, clock)
        reasons, requests = Reasons(clock), RequestStore(database, trail)
        data_pages = DataPages(settings, parts.forgetting, requests, parts.archive.reader, clock)
        self._errands: list[Errand[Any]] = [gap_pages.looking, integrity.checking, data_pages.looking]
        self.table: list[Route] = [
            *Files(load_files()).routes(),
            *_signing_in(settings, parts, accounts, deeds, sessions, proxy).routes(),
            *ProviderPages(OpenId(settings, clock), sessions, accounts, deeds, clock).routes(),
            *OverviewPages(
                FiguresStore(database), gap_pages.looking.look, parts.line, deeds, parts.archive.zone, clock
            ).routes(),
            *AuditPages(parts.archive, accounts, reasons, deeds, clock).routes(),
            *ExportPages(settings, parts.archive, reasons, deeds, requests, clock).routes(),
            *data_pages.routes(),
            *RequestPages(requests, clock).routes(),
            *integrity.routes(),
            *EntryPages(parts.desk, calendar).routes(),
            *gap_pages.routes(),
            *review_pages.routes(),
            *JobPages(parts.jobs, deeds, clock).routes(),
            *AccountPages(accounts, clock).routes(),
            Route("GET", "/admin/", _home),
            Route("GET", "/admin", _home),
            Route("*", "/admin/{rest:.*}", _nothing),
        ]

    def routes(self) -> list[web.RouteDef]:
        return [self._guard.definition(route) for route in self.table]

    async def keep_indexed(self) -> None:
        """For a job: what was written since is found too."""
        await self._index.catch_up()

    async def close(self) -> None:
        """Give up what was begun and is not done."""
        await self._reviews.close()
        for errand in self._errands:
            await errand.close()


def _signing_in(
    settings: AdminSettings,
    parts: Parts,
    accounts: AccountStore,
    deeds: DeedStore,
    sessions: Sessions,
    proxy: TrustedProxy,
) -> SigningIn:
    return SigningIn(
        settings,
        accounts=accounts,
        deeds=deeds,
        sessions=sessions,
        passwords=Passwords(parts.hasher),
        guessing=Guessing(parts.clock),
        proxy=proxy,
        clock=parts.clock,
    )


async def _home(visit: Visit) -> web.StreamResponse:
    """Everybody with a role may see figures."""
    return visit.go("/admin/overview") if visit.may(Permission.FIGURES) else visit.page("home.html")


async def _nothing(_visit: Visit) -> web.StreamResponse:
    raise not_found()
