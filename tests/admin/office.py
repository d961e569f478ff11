"""The admin pages over a real database, and people who sign in to them as their browsers do."""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from aiohttp import web
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.admin.archive import Archive
from bot.admin.desk import KnowledgeDesk
from bot.admin.forgetting import Forgetting
from bot.admin.overview_pages import LineNow
from bot.admin.passwords import Passwords
from bot.admin.settings import AdminSettings
from bot.admin.site import AdminSite, Parts
from bot.clock import Calendar, Clock
from bot.conversation.knowledge.editing import Editor
from bot.conversation.learning.clustering import Matrix
from bot.conversation.learning.gaps import Gaps
from bot.conversation.learning.rehearsal import Rehearsal
from bot.conversation.learning.variants import LearningStores, Variants
from bot.jobs.board import JobBoard
from storage.admin.accounts import AccountStore
from storage.admin.records import Role
from storage.audit.checkpointing import CheckpointStore
from storage.audit.reading import AuditReader
from storage.audit.search_index import SearchIndex
from storage.audit.signing import Signer
from storage.audit.store import AuditStore
from storage.database import Database
from storage.feedback import FeedbackStore
from storage.forgetting.due import RetentionRule
from storage.forgetting.erasing import ErasureStore
from storage.forgetting.holds import HoldStore
from storage.forgetting.retention import RetentionStore
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Author
from storage.learning.dismissals import DismissalStore
from storage.learning.rejections import RejectionStore
from tests.conftest import TRAIL
from tests.shelf import Shelf

PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # real hashes, in a millisecond
SIGNER = Signer(Ed25519PrivateKey.generate())
CHIEF = Author("cli", "", "root")


@dataclass(frozen=True)
class Page:
    status: int
    text: str
    headers: Mapping[str, str]
    url: str


class Office:
    """The site, listening. `parts` and `settings` are those it was built with."""

    def __init__(self, settings: AdminSettings, parts: Parts) -> None:
        self.settings = settings
        self.parts = parts
        self.site = AdminSite(settings, "127.0.0.1", parts)
        app = web.Application(client_max_size=256 * 1024)
        app.router.add_routes(self.site.routes())
        self.server = TestServer(app)
        self.accounts = AccountStore(parts.database, parts.trail)

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    async def employ(self, name: str, *roles: Role, has_password: bool = True) -> None:
        password_hash = Passwords(QUICK).hash(PASSWORD) if has_password else None
        await self.accounts.add(name, roles, password_hash, CHIEF, self.parts.clock.now())


class Kennel(Shelf):
    """All about dogs is near to each other in meaning; nothing is everyday, and there is no encoder to try out with."""

    embedder = None

    async def nearness(self, texts: Sequence[str]) -> Matrix | None:
        about_dogs = np.array(["dog" in text.casefold() for text in texts])
        return np.maximum(np.eye(len(texts)), np.outer(about_dogs, about_dogs) * 0.6)

    async def is_everyday(self, text: str) -> bool:
        return False


def a_desk(database: Database, clock: Clock, zone: tzinfo = UTC) -> KnowledgeDesk:
    shelf, feedback, dismissals = Kennel(), FeedbackStore(database, TRAIL), DismissalStore(database, TRAIL)
    entries = EntryStore(database, TRAIL)
    folder = Path(str(database._url.database)).parent
    rehearsal = Rehearsal(database, lambda: None, lambda findings: findings, folder, CHIEF, Calendar(clock))
    return KnowledgeDesk(
        entries=entries,
        editor=Editor(entries, Calendar(clock, zone)),
        gaps=Gaps(feedback, dismissals, shelf),
        dismissals=dismissals,
        variants=Variants(LearningStores(entries, feedback, RejectionStore(database, TRAIL)), shelf, 2, clock),
        replay=rehearsal.replay,
    )


def an_archive(database: Database) -> Archive:
    return Archive(
        reader=AuditReader(database, TRAIL.pseudonym, TRAIL.keys),
        pseudonym=TRAIL.pseudonym,
        index=SearchIndex(database, TRAIL.pseudonym, TRAIL.keys),
        store=AuditStore(database, TRAIL.keys),
        checkpoints=CheckpointStore(database, SIGNER),
        signer=SIGNER,
        zone=UTC,
    )


def a_forgetting(database: Database) -> Forgetting:
    rule = RetentionRule(texts=180, headers=190, history=180, channels={"C0HR": 30})
    return Forgetting(
        erasures=ErasureStore(database, TRAIL, SearchIndex(database, TRAIL.pseudonym, TRAIL.keys)),
        holds=HoldStore(database, TRAIL),
        retention=RetentionStore(database, TRAIL, rule),
        rule=rule,
    )


@asynccontextmanager
async def an_office(
    database: Database, clock: Clock, parts: Mapping[str, Any] | None = None, **settings: Any
) -> AsyncGenerator[Office, None]:
    chosen = AdminSettings(enabled=True, **settings)
    given = Parts(
        database=database,
        trail=TRAIL,
        clock=clock,
        hasher=QUICK,
        desk=a_desk(database, clock, chosen.zone),
        archive=an_archive(database),
        forgetting=a_forgetting(database),
        jobs=JobBoard(clock),
        line=lambda: LineNow(1, 2),
    )
    office = Office(chosen, replace(given, **(parts or {})))
    await office.server.start_server()
    try:
        yield office
    finally:
        await office.server.close()


class Visitor:
    """Somebody at a browser: cookies, the pages they see, forms sent back with what stood hidden in them."""

    def __init__(self, office: Office, session: aiohttp.ClientSession) -> None:
        self.office = office
        self.session = session
        self.headers: dict[str, str] = {}

    async def get(self, path: str, *, follow: bool = True) -> Page:
        return await self._send("GET", path, None, follow)

    async def post(self, path: str, fields: Mapping[str, str], *, follow: bool = True) -> Page:
        return await self._send("POST", path, fields, follow)

    async def send(self, form_path: str, action: str, **fields: str) -> Page:
        """Open the page, and send its form with these fields."""
        page = await self.get(form_path)
        return await self.post(action, {"csrf": hidden(page.text, "csrf"), **fields})

    async def sign_in(self, name: str, password: str = PASSWORD) -> Page:
        page = await self.get("/admin/sign-in")
        token = hidden(page.text, "form_token")
        return await self.post("/admin/sign-in", {"form_token": token, "name": name, "password": password})

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self.session.cookie_jar}

    async def _send(self, method: str, path: str, fields: Mapping[str, str] | None, follow: bool) -> Page:
        url = path if path.startswith("http") else self.office.url + path
        async with self.session.request(
            method, url, data=fields, headers=self.headers, allow_redirects=follow
        ) as response:
            return Page(response.status, await response.text(), response.headers, str(response.url))


@asynccontextmanager
async def a_visitor(office: Office) -> AsyncGenerator[Visitor, None]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Visitor(office, session)


@asynccontextmanager
async def somebody(office: Office, *roles: Role, name: str = "") -> AsyncGenerator[Visitor, None]:
    """Signed in, with these roles."""
    name = name or "-".join(sorted(roles)) or "nobody"
    await office.employ(name, *roles)
    async with a_visitor(office) as visitor:
        page = await visitor.sign_in(name)
        assert page.status == 200, page.text
        yield visitor


def hidden(text: str, name: str) -> str:
    """What a hidden field of the page holds; empty if there is none such."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)">', text)
    return found.group(1) if found else ""
