"""Whatever is sent to whatever page: never an error of ours. Values are drawn by hypothesis, for every role at once."""

import logging
import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.admin.records import Role
from storage.database import Database
from tests.admin.office import Office, Visitor, an_office, hidden, somebody
from tests.clock import ManualClock
from tests.storage.test_audit_search import Record

FIELDS = (
    "id entry_id seen lang question variants answer owner audience source_url review_by status confirmed words after "
    "saved gap key text person channel platform outcome basis verdict model_id since until before number reason next "
    "format request answer job days asked scope name user again language form_token password state code role-admin"
).split()
NASTY = st.sampled_from(
    (
        *(
            "",
            "0",
            "-1",
            "1",
            "9" * 30,
            "１２",
            "²",
            "2026-13-40",
            "9999-12-31",
            "0001-01-01",
            "2026-03-02T25:00",
            "None",
        ),
        *("'", '"', "%", "%00", "\x00", "a\r\nb: c", "../../etc/passwd", "//evil.test", "/admin/audit", "slack:T1:U1"),
        *(
            "<script>alert(1)</script>",
            "{{7*7}}",
            "{name}",
            "' OR 1=1 --",
            '"a" AND NEAR(b',
            "*",
            "\ud800",
            "年假",
            "::",
        ),
        *(
            "draft",
            "published",
            "everyone",
            "slack",
            "person",
            "grant",
            "csv",
            "jsonl",
            "bicycles",
            "x" * 600,
            "😀" * 50,
        ),
    )
)
VALUES = NASTY | st.text(max_size=30) | st.integers().map(str)
FORMS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8)


@pytest.fixture
async def everything(database: Database, clock: ManualClock) -> AsyncIterator[tuple[Office, Visitor, str]]:
    """Somebody whom everything is open to, and something to look at."""
    record = Record(database)
    await record.ask("How many days of leave do I have?", "**25**")
    async with an_office(database, clock) as office, somebody(office, *Role, name="anna") as anna:
        await anna.send("/admin/audit", "/admin/audit/reason", reason="looking for errors", next="/admin/")
        yield office, anna, hidden((await anna.get("/admin/accounts")).text, "csrf")


@pytest.mark.parametrize("seed", range(3))
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_no_route_fails_whatever_it_is_sent(
    everything: tuple[Office, Visitor, str], data: st.DataObject, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    office, anna, token = everything
    caplog.set_level(logging.ERROR)
    for route in office.site.table:
        form = data.draw(FORMS, label=f"{route.method} {route.path}")
        path = re.sub(r"\{[^}]*\}", lambda _: quote(data.draw(VALUES).encode("utf-8", "replace"), safe=""), route.path)
        if route.path == "/admin/sign-out":
            continue
        status = await _send(anna, route.method, path, form, token)
        assert status < 500 or status == 502, (route.method, path, form)


async def _send(anna: Visitor, method: str, path: str, form: dict[str, str], token: str) -> int:
    """With what no client would let through made into what it sends instead."""
    sound = {name: value.encode("utf-8", "replace").decode() for name, value in form.items()}
    url = anna.office.url + path
    query = sound if method != "POST" else {}
    fields = {**sound, "csrf": token} if method == "POST" else None
    async with anna.session.request(
        "POST" if method == "POST" else "GET", url, params=query, data=fields, allow_redirects=False
    ) as response:
        await response.read()
        return response.status


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("text/plain", b"csrf=x"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("multipart/form-data", b""),
        ("application/x-www-form-urlencoded", b"\xff\xfe=%ff%zz&csrf=%ud800"),
        ("application/x-www-form-urlencoded; charset=no-such-charset", b"a=b"),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 300_000),
    ],
)
async def test_no_form_breaks_a_page(everything: tuple[Office, Visitor, str], content_type: str, body: bytes) -> None:
    office, anna, _ = everything
    headers = {"Content-Type": content_type}
    for path in ("/admin/entries/save", "/admin/sign-in"):
        async with anna.session.post(office.url + path, data=body, headers=headers) as response:
            assert 400 <= response.status < 500


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_other_methods_open_nothing(everything: tuple[Office, Visitor, str], method: str) -> None:
    office, _, _ = everything
    async with aiohttp.ClientSession() as session, session.request(method, office.url + "/admin/entries") as response:
        assert 400 <= response.status < 500
        assert "Content-Security-Policy" in response.headers
