"""Others say who somebody is: a provider by OpenID Connect, a reverse proxy in a header. And some only claim to."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from joserfc.jwk import ECKey
from pydantic import ValidationError

from bot.admin.settings import AdminSettings
from bot.http_server import HttpServer
from storage.admin.records import Role
from storage.database import Database
from tests.admin.office import Office, Page, Visitor, a_visitor, an_office, hidden
from tests.admin.provider_double import ProviderDouble, a_provider
from tests.clock import ManualClock

ANNA = "anna@acme.test"


@asynccontextmanager
async def with_provider(database: Database, clock: ManualClock) -> AsyncIterator[tuple[Office, ProviderDouble]]:
    async with a_provider(clock) as provider:
        settings: dict[str, Any] = {"oidc_issuer": provider.issuer, "oidc_client_id": "inthread"}
        async with an_office(database, clock, public_url="http://127.0.0.1:1", **settings) as office:
            await office.employ(ANNA, Role.ADMIN, has_password=False)
            yield office, provider


async def leave(visitor: Visitor, provider: ProviderDouble, path: str = "/admin/accounts") -> str:
    sent = await visitor.get(f"/admin/sign-in/provider?next={path}", follow=False)
    assert sent.status == 303
    return provider.visit(sent.headers["Location"])


async def sign_in(visitor: Visitor, provider: ProviderDouble) -> Page:
    return await visitor.get(f"/admin/sign-in/callback?{await leave(visitor, provider)}")


async def test_the_company_account_opens_the_page_that_was_wanted(database: Database, clock: ManualClock) -> None:
    async with with_provider(database, clock) as (office, provider), a_visitor(office) as visitor:
        page = await sign_in(visitor, provider)

    assert page.status == 200
    assert page.url.endswith("/admin/accounts")
    challenge = base64.urlsafe_b64encode(hashlib.sha256(provider.asked[0]["code_verifier"].encode()).digest())
    assert provider.begun["code_challenge"] == challenge.decode().rstrip("=")
    assert provider.begun["redirect_uri"] == "http://127.0.0.1:1/admin/sign-in/callback"


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"email": "nobody@acme.test"}, 403),
        ({"email_verified": False}, 502),
        ({"email_verified": None}, 502),
        ({"aud": "somebody-else"}, 502),
        ({"iss": "https://evil.test"}, 502),
        ({"nonce": "another"}, 502),
        ({"nonce": None}, 502),
        ({"exp": 1}, 502),
        ({"sub": None}, 502),
    ],
    ids=str,
)
async def test_a_token_that_proves_nothing_opens_nothing(
    database: Database, clock: ManualClock, claims: dict[str, Any], status: int
) -> None:
    async with with_provider(database, clock) as (office, provider), a_visitor(office) as visitor:
        provider.claims = claims
        page = await sign_in(visitor, provider)

        assert page.status == status
        assert "/admin/sign-in" in (await visitor.get("/admin/accounts")).url


async def test_a_token_of_another_key_opens_nothing(database: Database, clock: ManualClock) -> None:
    async with with_provider(database, clock) as (office, provider), a_visitor(office) as visitor:
        provider.forger = ECKey.generate_key("P-256", {"kid": "one"}, private=True)

        assert (await sign_in(visitor, provider)).status == 502


async def test_a_new_key_of_the_provider_is_learnt(database: Database, clock: ManualClock) -> None:
    async with with_provider(database, clock) as (office, provider), a_visitor(office) as visitor:
        query = await leave(visitor, provider)
        await clock.advance(61)
        provider.key = ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256", "use": "sig"}, private=True)

        assert (await visitor.get(f"/admin/sign-in/callback?{query}")).status == 200


async def test_the_way_back_is_for_the_browser_that_left_and_once(database: Database, clock: ManualClock) -> None:
    async with with_provider(database, clock) as (office, provider), a_visitor(office) as one:
        query = await leave(one, provider)
        async with a_visitor(office) as other:
            assert (await other.get(f"/admin/sign-in/callback?{query}")).status == 403
        assert (await one.get(f"/admin/sign-in/callback?{query}")).status == 200
        assert (await one.get(f"/admin/sign-in/callback?{query}")).status == 403
        late = await leave(one, provider)
        await clock.advance(601)
        assert (await one.get(f"/admin/sign-in/callback?{late}")).status == 502


async def test_a_provider_that_is_away_is_said_to_be(database: Database, clock: ManualClock) -> None:
    async with with_provider(database, clock) as (office, provider), a_visitor(office) as visitor:
        await provider.server.close()

        assert (await visitor.get("/admin/sign-in/provider")).status == 502


# ── a reverse proxy ───────────────────────────────────────────────────────────

PROXY = {"proxy_header": "X-Remote-User", "proxy_peers": ("127.0.0.1",)}


async def test_a_listed_peer_says_who_it_is_and_forms_work(database: Database, clock: ManualClock) -> None:
    async with an_office(database, clock, **PROXY) as office, a_visitor(office) as visitor:
        await office.employ("anna", Role.ADMIN, has_password=False)
        visitor.headers = {"X-Remote-User": "anna"}
        page = await visitor.get("/admin/accounts")
        assert page.status == 200
        fields = {"csrf": hidden(page.text, "csrf"), "name": "anna", "role-admin": "on", "role-viewer": "on"}

        assert (await visitor.post("/admin/accounts/roles", fields)).status == 200

    account = await office.accounts.find("anna")
    assert account is not None
    assert account.roles == {Role.ADMIN, Role.VIEWER}


@pytest.mark.parametrize("peers", [("10.0.0.1",), ("10.0.0.0/8", "::2"), ("unix",)])
async def test_from_anybody_else_the_header_is_nobody(
    database: Database, clock: ManualClock, peers: tuple[str, ...]
) -> None:
    async with (
        an_office(database, clock, proxy_header="X-Remote-User", proxy_peers=peers) as office,
        a_visitor(office) as visitor,
    ):
        await office.employ("anna", Role.ADMIN, has_password=False)
        visitor.headers = {"X-Remote-User": "anna", "X-Forwarded-For": "10.0.0.1"}

        assert (await visitor.get("/admin/accounts", follow=False)).status == 401


@pytest.mark.parametrize("name", ["nobody", "", "ANNA", "anna "])
async def test_a_name_without_an_account_opens_nothing(database: Database, clock: ManualClock, name: str) -> None:
    async with an_office(database, clock, **PROXY) as office, a_visitor(office) as visitor:
        await office.employ("anna", Role.ADMIN, has_password=False)
        visitor.headers = {"X-Remote-User": name}
        status = (await visitor.get("/admin/accounts", follow=False)).status

    assert status == (200 if name.strip() == "anna" else 401)  # HTTP itself takes blanks around a value away


async def test_without_the_setting_the_header_is_nothing(office: Office) -> None:
    await office.employ("anna", Role.ADMIN, has_password=False)
    async with a_visitor(office) as visitor:
        visitor.headers = {"X-Remote-User": "anna"}

        assert "/admin/sign-in" in (await visitor.get("/admin/accounts")).url


async def test_behind_a_listed_proxy_a_guesser_slows_down_nobody_else(database: Database, clock: ManualClock) -> None:
    async with an_office(database, clock, proxy_peers=("127.0.0.1",)) as office:
        await office.employ("anna", Role.ADMIN)
        async with a_visitor(office) as guesser, a_visitor(office) as anna:
            guesser.headers = {"X-Forwarded-For": "192.0.2.7, 203.0.113.9"}
            guesses = [(await guesser.sign_in("anna", f"guess {number}")).status for number in range(5)]
            anna.headers = {"X-Forwarded-For": "203.0.113.9, 192.0.2.1"}  # what she says herself stands before

            assert (await anna.sign_in("anna")).status == 200

    assert guesses == [401, 401, 401, 429, 429]


async def test_whoever_opens_the_unix_socket_is_the_proxy(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    path = tmp_path / "admin.sock"
    settings = {"proxy_header": "X-Remote-User", "proxy_peers": ("unix",)}
    async with an_office(database, clock, **settings) as office:
        await office.employ("anna", Role.ADMIN, has_password=False)
        for _ in range(2):  # the second time what the first has left stands there
            server = HttpServer("127.0.0.1", 0, dict, _no_status, office.site.routes(), path)
            await server.start()
            assert path.stat().st_mode & 0o777 == 0o660
            connector = aiohttp.UnixConnector(str(path))
            async with (
                aiohttp.ClientSession(connector=connector, headers={"X-Remote-User": "anna"}) as proxy,
                proxy.get("http://localhost/admin/accounts") as response,
            ):
                assert response.status == 200
            async with aiohttp.ClientSession(headers={"X-Remote-User": "anna"}) as outside:
                assert (await outside.get(f"{server.url}admin/accounts")).status == 401
            await server.close()


async def _no_status() -> dict[str, Any]:
    return {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"proxy_header": "X-Remote-User"},
        {"proxy_header": "X-Remote-User", "proxy_peers": ("anywhere",)},
        {"oidc_issuer": "https://id.acme.test"},
        {"time_zone": "Atlantis"},
        {"public_url": "https://faq.acme.test/admin"},
    ],
)
def test_settings_that_would_let_anybody_in_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AdminSettings(**wrong)
