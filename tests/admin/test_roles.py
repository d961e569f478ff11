"""Which role opens which page: every route of the router against every role. A route that is not listed here fails."""

import re

import pytest

from storage.admin.records import Role
from storage.database import Database
from tests.admin.office import Office, a_visitor, an_office, hidden, somebody
from tests.clock import ManualClock

EVERYBODY = frozenset({*Role, None})  # None: nobody is signed in
SIGNED_IN = frozenset(Role)
ADMIN = frozenset({Role.ADMIN})
AUDITORS = frozenset({Role.AUDITOR})
ERASERS = frozenset({Role.ERASER})
GRANTING = frozenset({Role.AUDITOR, Role.ERASER, Role.ADMIN})
EDITORS = frozenset({Role.ADMIN, Role.EDITOR})
WHO = {
    "GET /admin/files/{name}": EVERYBODY,
    "GET /admin/sign-in": EVERYBODY,
    "POST /admin/sign-in": EVERYBODY,
    "GET /admin/sign-in/provider": EVERYBODY,
    "GET /admin/sign-in/callback": EVERYBODY,
    "POST /admin/language": EVERYBODY,
    "POST /admin/sign-out": SIGNED_IN,
    "GET /admin/": SIGNED_IN,
    "GET /admin": SIGNED_IN,
    "* /admin/{rest:.*}": SIGNED_IN,
    "GET /admin/overview": SIGNED_IN,
    "GET /admin/audit": AUDITORS,
    "POST /admin/audit/reason": AUDITORS,
    "GET /admin/audit/conversation": AUDITORS,
    "GET /admin/audit/looks": AUDITORS,
    "GET /admin/audit/export": AUDITORS,
    "POST /admin/audit/export": AUDITORS,
    "POST /admin/audit/export/granted": AUDITORS,
    "GET /admin/data": ERASERS,
    "POST /admin/data/retention": ERASERS,
    "POST /admin/data/hold": ERASERS,
    "POST /admin/data/lift": ERASERS,
    "POST /admin/data/preview": ERASERS,
    "POST /admin/data/erase": ERASERS,
    "POST /admin/data/erase/granted": ERASERS,
    "GET /admin/requests": GRANTING,
    "POST /admin/requests/decide": GRANTING,
    "GET /admin/integrity": SIGNED_IN,
    "POST /admin/integrity/verify": SIGNED_IN,
    "GET /admin/jobs": ADMIN,
    "POST /admin/jobs/run": ADMIN,
    "GET /admin/entries": EDITORS,
    "GET /admin/entries/new": EDITORS,
    "GET /admin/entries/edit": EDITORS,
    "POST /admin/entries/preview": EDITORS,
    "POST /admin/entries/save": EDITORS,
    "GET /admin/entries/history": EDITORS,
    "GET /admin/gaps": EDITORS,
    "POST /admin/gaps/look": EDITORS,
    "POST /admin/gaps/variant": EDITORS,
    "POST /admin/gaps/dismiss": EDITORS,
    "POST /admin/gaps/restore": EDITORS,
    "GET /admin/variants": EDITORS,
    "POST /admin/variants/accept": EDITORS,
    "POST /admin/variants/reject": EDITORS,
    "GET /admin/reviews": EDITORS,
    "POST /admin/reviews/confirm": EDITORS,
    "GET /admin/replay": EDITORS,
    "POST /admin/replay": EDITORS,
    "GET /admin/accounts": ADMIN,
    "POST /admin/accounts/roles": ADMIN,
    "POST /admin/accounts/sign-out": ADMIN,
    "POST /admin/accounts/remove": ADMIN,
}


async def test_every_route_is_listed_here(office: Office) -> None:
    routed = {
        f"{route.method} {route.resource.canonical if route.resource else ''}"
        for route in office.server.app.router.routes()
    }
    listed = {what.replace("{rest:.*}", "{rest}") for what in WHO}

    assert {what for what in routed if not what.startswith("HEAD ")} == listed


@pytest.mark.parametrize("role", sorted(EVERYBODY, key=str), ids=str)
async def test_a_role_opens_its_pages_and_no_others(database: Database, clock: ManualClock, role: Role | None) -> None:
    """With a form of its own where there is one to send: what is refused is refused for the role."""
    async with an_office(database, clock) as office:
        opened = {what for what in WHO if await _opens(office, what, role)}

    assert opened == {what for what, roles in WHO.items() if role in roles}


async def _opens(office: Office, what: str, role: Role | None) -> bool:
    method, path = what.split(" ")
    path = re.sub(r"\{[^}]*\}", "nothing-of-that-name", path)
    if role is None:
        async with a_visitor(office) as visitor:
            page = await visitor.get(path) if method != "POST" else await visitor.post(path, {}, follow=False)
            return page.status != 401 and (method == "POST" or "/admin/sign-in" in path or "/sign-in" not in page.url)
    name = f"{role} at {what}"
    async with somebody(office, role, name=name) as visitor:
        token = hidden((await visitor.get("/admin/")).text, "csrf")
        assert token
        page = await visitor.get(path) if method != "POST" else await visitor.post(path, {"csrf": token}, follow=False)
    assert page.status < 500, page.text
    return "Your roles do not open this page" not in page.text
