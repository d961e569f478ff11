"""Who gets in, for how long, and what another site, a guesser or a thief can do."""

import re

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import event

from bot.admin.guessing import Guessing
from bot.admin.passwords import find_fault
from bot.admin.signing_in import safe_path
from storage.admin.records import Role
from storage.audit.keys import BodyKeys, MemoryKeys
from storage.audit.store import AuditStore
from storage.audit.trail import AuditTrail
from storage.database import Database
from tests.admin.office import CHIEF, PASSWORD, Office, a_visitor, an_office, hidden, somebody
from tests.clock import ManualClock
from tests.conftest import KEYS, TRAIL


async def test_a_page_asks_who_it_is_then_shows_itself(office: Office) -> None:
    await office.employ("anna", Role.ADMIN)
    async with a_visitor(office) as anna:
        asked = await anna.get("/admin/accounts")
        assert "/admin/sign-in?next=/admin/accounts" in asked.url
        token = hidden(asked.text, "form_token")
        fields = {"form_token": token, "next": "/admin/accounts", "name": "anna", "password": PASSWORD}

        shown = await anna.post("/admin/sign-in", fields)

    assert shown.status == 200
    assert shown.url.endswith("/admin/accounts")


async def test_a_wrong_name_and_a_wrong_password_read_the_same(office: Office) -> None:
    await office.employ("anna", Role.VIEWER)
    async with a_visitor(office) as visitor:
        answers = [await visitor.sign_in(name, "wrong password") for name in ("anna", "nobody")]

    assert [answer.status for answer in answers] == [401, 401]
    texts = [answer.text.replace('value="anna"', "").replace('value="nobody"', "") for answer in answers]
    assert [_without_tokens(text) for text in texts] == [_without_tokens(texts[0])] * 2


async def test_the_session_cookie_is_of_this_host_over_https_and_not_for_scripts(
    database: Database, clock: ManualClock
) -> None:
    async with an_office(database, clock, public_url="https://faq.acme.test") as office:
        await office.employ("anna", Role.VIEWER)
        async with a_visitor(office) as visitor:
            visitor.headers = {"Origin": "https://faq.acme.test"}
            page = await visitor.get("/admin/sign-in")
            # The jar keeps Secure cookies to itself on http: the header says what a browser would send.
            visitor.headers["Cookie"] = f"__Host-inthread-admin-form={hidden(page.text, 'form_token')}"
            fields = {"form_token": hidden(page.text, "form_token"), "name": "anna", "password": PASSWORD}
            answer = await visitor.post("/admin/sign-in", fields, follow=False)

    cookie = answer.headers["Set-Cookie"]
    assert answer.status == 303
    assert cookie.startswith("__Host-inthread-admin=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


async def test_signing_in_gives_a_new_token_and_signing_out_ends_it(office: Office) -> None:
    async with somebody(office, Role.ADMIN) as admin:
        first = admin.cookies["inthread-admin"]
        assert "/sign-in" not in (await admin.get("/admin/sign-in")).url, "whoever is signed in is not asked again"
        await admin.send("/admin/accounts", "/admin/sign-out")
        assert "inthread-admin" not in admin.cookies

        admin.session.cookie_jar.update_cookies({"inthread-admin": first})

        assert "/admin/sign-in" in (await admin.get("/admin/accounts")).url


async def test_a_token_that_was_laid_out_before_is_not_taken_over(office: Office) -> None:
    await office.employ("anna", Role.ADMIN)
    async with a_visitor(office) as anna:
        anna.session.cookie_jar.update_cookies({"inthread-admin": "laid-out-by-somebody"})
        await anna.sign_in("anna")

        assert anna.cookies["inthread-admin"] != "laid-out-by-somebody"


@pytest.mark.parametrize(("visits", "pause_minutes", "is_in"), [(3, 14, True), (1, 16, False), (40, 14, False)])
async def test_a_session_ends_when_idle_and_after_its_day(
    office: Office, clock: ManualClock, visits: int, pause_minutes: int, is_in: bool
) -> None:
    async with somebody(office, Role.ADMIN) as admin:
        for _ in range(visits):
            await clock.advance(pause_minutes * 60)
            page = await admin.get("/admin/accounts")

    assert ("/sign-in" not in page.url) is is_in


async def test_a_new_password_and_a_removed_account_end_what_was_open(office: Office, clock: ManualClock) -> None:
    async with somebody(office, Role.ADMIN, name="anna") as anna, somebody(office, Role.ADMIN, name="ben") as ben:
        await office.accounts.set_password("anna", "x", CHIEF, clock.now())
        await office.accounts.remove("ben", CHIEF, clock.now())

        assert [("/sign-in" in (await one.get("/admin/accounts")).url) for one in (anna, ben)] == [True, True]


async def test_a_browser_that_was_lost_is_signed_out_from_elsewhere(office: Office) -> None:
    async with somebody(office, Role.EDITOR, name="ben") as ben, somebody(office, Role.ADMIN, name="anna") as anna:
        await anna.send("/admin/accounts", "/admin/accounts/sign-out", name="ben")

        assert "/sign-in" in (await ben.get("/admin/entries")).url
        assert "/sign-in" not in (await anna.get("/admin/entries")).url


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_other_sites_change_nothing(office: Office, headers: dict[str, str]) -> None:
    async with somebody(office, Role.ADMIN) as admin:
        token = hidden((await admin.get("/admin/accounts")).text, "csrf")
        admin.headers = headers
        posts = [route.path for route in office.site.table if route.method == "POST"]

        answers = [await admin.post(path, {"csrf": token, "name": "admin"}) for path in posts]

        assert {answer.status for answer in answers} == {403}


async def test_a_form_without_the_token_of_the_session_changes_nothing(office: Office) -> None:
    async with somebody(office, Role.ADMIN) as admin:
        for token in ("", "x", "…"):
            page = await admin.post("/admin/accounts/remove", {"csrf": token, "name": "admin"})
            assert page.status == 403
        assert (await admin.post("/admin/accounts/remove", {"name": "admin"})).status == 403


async def test_a_made_up_host_name_reaches_nothing(office: Office) -> None:
    async with a_visitor(office) as visitor:
        visitor.headers = {"Host": "evil.test"}

        assert (await visitor.get("/admin/sign-in", follow=False)).status == 403


async def test_guessing_is_slowed_down_and_the_owner_still_gets_in(office: Office, clock: ManualClock) -> None:
    await office.employ("anna", Role.VIEWER)
    async with a_visitor(office) as guesser:
        statuses = [(await guesser.sign_in("anna", f"guess {number}")).status for number in range(20)]
        assert statuses == [401] * 3 + [429] * 17
        await clock.advance(3600)
        assert (await guesser.sign_in("anna")).status == 200


async def test_a_thousand_guesses_take_days(clock: ManualClock) -> None:
    guessing, seconds = Guessing(clock), 0.0
    for _ in range(1_000):
        while wait := guessing.begin("anna", "203.0.113.9"):
            seconds += wait
            await clock.advance(wait)

    assert seconds > 5 * 86_400


async def test_an_account_that_everybody_guesses_at_opens_for_its_owner_within_seconds(clock: ManualClock) -> None:
    guessing = Guessing(clock)
    for number in range(500):
        await clock.advance(guessing.begin("anna", f"203.0.113.{number}") and 0.1)

    wait = guessing.begin("anna", "192.0.2.1")

    assert wait <= 4


class Worked(PasswordHasher):
    """What a refused sign-in has cost: hashes with the parameters of each, statements of SQL, keys that were written.

    Times would say the same, and something about the machine besides.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.done: list[object] = []
        for engine in (database._writer, database._reader):
            event.listen(engine, "before_cursor_execute", lambda *of: self.done.append(of[2]))

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        self.done.append(("verify", extract_parameters(str(hash))))
        return super().verify(hash, password)

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.done.append("hash")
        return super().hash(password, salt=salt)


class KeysInAFile(MemoryKeys):
    """Each that is put there waits for the disk."""

    def __init__(self, done: list[object]) -> None:
        super().__init__()
        self._done = done

    def put(self, key_id: bytes, key: bytes) -> None:
        self._done.append("a key is written")
        super().put(key_id, key)


async def test_a_name_that_nobody_has_costs_exactly_what_a_wrong_password_costs(
    database: Database, clock: ManualClock
) -> None:
    worked = Worked(database)
    keys = KeysInAFile(worked.done)
    trail = AuditTrail(TRAIL.pseudonym, BodyKeys(keys))
    costs = {}
    async with an_office(database, clock, {"hasher": worked, "trail": trail}) as office:
        for name, has_password in (("anna", True), ("olaf", False)):
            await office.employ(name, Role.VIEWER, has_password=has_password)
        for name in ("the first since the start", "anna", "olaf", "nobody", "anna again", "anna"):
            async with a_visitor(office) as visitor:
                worked.done.clear()
                assert (await visitor.sign_in(name, "a wrong password")).status == 401
                costs[name] = list(worked.done)

    assert ("verify", extract_parameters(worked.hash("x"))) in costs["anna"]
    assert any("INSERT INTO audit_entry" in str(one) for one in costs["anna"])
    for name in ("olaf", "nobody", "anna again"):
        assert costs[name] == costs["anna"]


async def test_an_old_hash_is_renewed_when_its_owner_signs_in(office: Office, clock: ManualClock) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    await office.accounts.add("anna", [Role.VIEWER], old, CHIEF, clock.now())
    async with a_visitor(office) as anna:
        assert (await anna.sign_in("anna")).status == 200

    assert await office.accounts.password_hash("anna") != old


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "anna-is-my-name", "x" * 257])
def test_passwords_that_are_easy_to_guess_are_not_taken(password: str) -> None:
    assert find_fault(password, "anna")
    assert find_fault(PASSWORD, "anna") is None


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.test/",
        "//evil.test",
        "/admin//evil.test",
        "/admin/\\evil.test",
        "/admin/../web",
        "/admin/\n",
        "/x",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(path: str) -> None:
    assert safe_path(path) == "/admin/"
    assert safe_path("/admin/audit?text=年假") == "/admin/audit?text=年假"


async def test_signing_in_and_guessing_are_on_record(office: Office, database: Database) -> None:
    async with somebody(office, Role.ADMIN, name="anna") as anna:
        await anna.send("/admin/accounts", "/admin/sign-out")
        await anna.sign_in("anna", "wrong password")

    lines = b"".join([chunk async for chunk in AuditStore(database, KEYS).export(office.parts.clock.now())]).decode()
    kinds = [
        kind for kind in ("account_added", "signed_in", "signed_out", "sign_in_refused") if f'"kind":"{kind}"' in lines
    ]
    assert kinds == ["account_added", "signed_in", "signed_out", "sign_in_refused"]
    assert (await AuditStore(database, KEYS).verify()).first_bad is None
    assert "wrong password" not in lines


async def test_every_answer_carries_the_headers_and_a_nonce_of_its_own(office: Office) -> None:
    async with somebody(office, Role.ADMIN) as admin:
        pages = [await admin.get(path) for path in ("/admin/accounts", "/admin/accounts", "/admin/nowhere")]

    policies = [page.headers["Content-Security-Policy"] for page in pages]
    assert len(set(policies)) == 3
    assert all("default-src 'none'" in policy and "frame-ancestors 'none'" in policy for policy in policies)
    assert all("unsafe" not in policy for policy in policies)
    assert {page.headers["X-Content-Type-Options"] for page in pages} == {"nosniff"}


async def test_chinese_by_the_browser_and_by_choice(office: Office) -> None:
    async with a_visitor(office) as visitor:
        visitor.headers = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
        assert "登录" in (await visitor.get("/admin/sign-in")).text
        english = await visitor.post("/admin/language", {"language": "en", "next": "/admin/sign-in"})
        assert "Sign in" in english.text


def _without_tokens(text: str) -> str:
    return re.sub(r'(nonce|value)="[^"]*"', "", text)
