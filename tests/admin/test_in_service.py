"""The pages in a whole service: what somebody asks in the browser chat, an auditor finds; all parts are wired."""

from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.admin.settings import AdminSettings
from bot.clock import SystemClock
from bot.desks.accounts import add_account
from storage.admin.records import Role
from tests.admin.office import PASSWORD, Visitor
from tests.web.chat import a_person, prepared, running_service, web_settings


class _Reachable:
    """What a visitor needs to know of an office."""

    def __init__(self, url: str) -> None:
        self.url = url


@pytest.fixture
def data_dir(migrated_file: Path, tmp_path: Path) -> Path:
    return prepared(migrated_file, tmp_path / "data")


async def test_what_somebody_asked_an_auditor_finds_and_every_page_opens(data_dir: Path) -> None:
    settings = web_settings(data_dir).model_copy(update={"admin": AdminSettings(enabled=True)})
    await add_account(settings, "anna", list(Role), PASSWORD, SystemClock())
    async with (
        running_service(settings) as service,
        a_person(service, "Alice") as alice,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
    ):
        asked = await alice.ask("今年的年假还剩几天？")
        await alice.answered(asked["thread"])
        anna = Visitor(_Reachable(service.url), session)  # type: ignore[arg-type]
        assert (await anna.sign_in("anna")).status == 200
        await anna.send("/admin/audit", "/admin/audit/reason", reason="trying the whole of it", next="/admin/")

        assert "今年的年假还剩几天？" in (await anna.get("/admin/audit?text=年假")).text
        assert "audit_index" in (await anna.get("/admin/jobs")).text
        pages = "overview integrity data requests accounts entries gaps variants reviews replay audit/looks".split()
        statuses = {page: (await anna.get(f"/admin/{page}")).status for page in pages}

    assert set(statuses.values()) == {200}, statuses


async def test_without_the_setting_there_are_no_pages(data_dir: Path) -> None:
    async with running_service(web_settings(data_dir)) as service, aiohttp.ClientSession() as session:
        assert (await session.get(f"{service.url}/admin/sign-in")).status == 404


async def test_pages_that_are_open_to_the_network_without_tls_are_warned_of(data_dir: Path) -> None:
    settings = web_settings(data_dir)
    open_to_all = settings.service.model_copy(update={"host": "0.0.0.0"})
    admin = AdminSettings(enabled=True)
    with capture_logs() as logs:
        async with running_service(settings.model_copy(update={"admin": admin, "service": open_to_all})):
            pass

    assert "admin_pages_open_to_the_network" in [line["event"] for line in logs]
