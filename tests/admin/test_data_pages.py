"""Holds, what would go by age, and erasing a person: previewed, typed twice, granted by somebody else, on record."""

import asyncio

import pytest
from sqlalchemy import text

from storage.admin.records import Role
from storage.database import Database
from tests.admin.office import Office, Visitor, an_office, hidden, somebody
from tests.audit_log import audited
from tests.clock import ManualClock
from tests.storage.test_audit_search import Record

WHO = {"platform": "slack", "user": "U1", "reason": "has left and asked for it"}


async def test_a_person_is_erased_after_a_look_at_what_would_go(office: Office, database: Database) -> None:
    record = Record(database)
    await record.ask("the canary sings", user="U1")
    await record.ask("Where do I park?", user="U2")
    async with somebody(office, Role.ERASER, name="emil") as emil:
        shown = await emil.send("/admin/data", "/admin/data/preview", **WHO)
        assert 'data-testid="would-go"' in shown.text
        wrong = await emil.send("/admin/data", "/admin/data/erase", **WHO, again="U2")
        assert wrong.status == 400
        assert await record.questions(text="canary") == ["the canary sings"]

        erased = await emil.send("/admin/data", "/admin/data/erase", **WHO, again="U1")
        again = await emil.send("/admin/data", "/admin/data/preview", **WHO)
        data = await emil.get("/admin/data")

    assert 'data-testid="erased"' in erased.text
    assert 'data-testid="nothing"' in again.text
    assert WHO["reason"] in data.text
    assert await record.questions(text="canary") == []
    assert await record.questions(text="park") == ["Where do I park?"]


async def test_erasing_waits_for_a_second_person_and_the_request_forgets_whom(
    database: Database, clock: ManualClock
) -> None:
    record = Record(database)
    await record.ask("the canary sings", user="U1")
    async with (
        an_office(database, clock, second_person=("erasure",)) as office,
        somebody(office, Role.ERASER, name="emil") as emil,
        somebody(office, Role.ADMIN, name="anna") as anna,
    ):
        asked = await emil.send("/admin/data", "/admin/data/erase", **WHO, again="U1")
        assert "waiting" in asked.text
        assert await record.questions(text="canary") == ["the canary sings"]
        request = hidden((await anna.get("/admin/requests")).text, "request")
        await anna.send("/admin/requests", "/admin/requests/decide", request=request, answer="grant")
        done = await emil.send("/admin/requests", "/admin/data/erase/granted", request=request)
        once_more = await emil.send("/admin/requests", "/admin/data/erase/granted", request=request)

    assert 'data-testid="erased"' in done.text
    assert once_more.status == 404
    assert await record.questions(text="canary") == []
    kept = await database.read(
        lambda connection: connection.execute(text("SELECT details, reason FROM admin_request")).one()
    )
    assert tuple(kept) == ("{}", "")


async def test_a_granted_erasure_that_meets_a_hold_waits_for_its_end(database: Database, clock: ManualClock) -> None:
    record = Record(database)
    await record.ask("the canary sings", user="U1")
    held = {"scope": "person", "platform": "slack", "name": "U1", "reason": "a lawsuit is expected"}
    async with (
        an_office(database, clock, second_person=("erasure",)) as office,
        somebody(office, Role.ERASER, name="emil") as emil,
        somebody(office, Role.ADMIN, name="anna") as anna,
    ):
        request = await _granted(emil, anna)
        await emil.send("/admin/data", "/admin/data/hold", **held)
        refused = await emil.send("/admin/requests", "/admin/data/erase/granted", request=request)
        hopeless = await emil.send("/admin/data", "/admin/data/erase", **WHO, again="U1")
        await emil.send("/admin/data", "/admin/data/lift", **held)
        done = await emil.send("/admin/requests", "/admin/data/erase/granted", request=request)

    assert (refused.status, hopeless.status) == (400, 400)
    assert 'data-testid="erased"' in done.text
    assert await record.questions(text="canary") == []


async def test_an_erasure_that_leaves_copies_is_said_and_its_request_is_done(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that reads keeps what was erased in the write-ahead log."""
    record = Record(database)
    await record.ask("the canary sings", user="U1")

    async def in_the_way() -> bool:
        return False

    async with (
        an_office(database, clock, second_person=("erasure",)) as office,
        somebody(office, Role.ERASER, name="emil") as emil,
        somebody(office, Role.ADMIN, name="anna") as anna,
    ):
        request = await _granted(emil, anna)
        monkeypatch.setattr(database, "scrub", in_the_way)
        left = await emil.send("/admin/requests", "/admin/data/erase/granted", request=request)
        shown = (await emil.get("/admin/requests")).text

    assert (left.status, "Something is left" in left.text) == (503, True)
    assert 'data-testid="erase"' not in shown
    assert await record.questions(text="canary") == []


async def test_a_grant_that_has_expired_says_so(database: Database, clock: ManualClock) -> None:
    await Record(database).ask("one", user="U1")
    async with (
        an_office(database, clock, second_person=("erasure",)) as office,
        somebody(office, Role.ERASER, name="emil") as emil,
        somebody(office, Role.ADMIN, name="anna") as anna,
    ):
        await _granted(emil, anna)
        await clock.advance(8 * 86_400)
        await emil.sign_in("emil")
        shown = (await emil.get("/admin/requests")).text

    assert 'data-testid="expired"' in shown
    assert 'data-testid="erase"' not in shown


async def test_a_hold_is_stronger_until_it_is_lifted(office: Office, database: Database) -> None:
    await Record(database).ask("one", user="U1")
    held = {"scope": "person", "platform": "slack", "name": "U1", "reason": "a lawsuit is expected"}
    async with somebody(office, Role.ERASER) as eraser:
        placed = await eraser.send("/admin/data", "/admin/data/hold", **held)
        assert "a lawsuit is expected" in placed.text
        refused = await eraser.send("/admin/data", "/admin/data/preview", **WHO)
        assert (refused.status, "There is a hold" in refused.text) == (400, True)
        assert (await eraser.send("/admin/data", "/admin/data/hold", **held)).status == 400
        await eraser.send("/admin/data", "/admin/data/lift", **held)
        assert (await eraser.send("/admin/data", "/admin/data/preview", **WHO)).status == 200

    kinds = [header["kind"] for header, _ in await audited(database)]
    assert {"hold_placed", "hold_lifted"} <= set(kinds)


async def test_what_would_go_by_age_is_shown_and_stays(office: Office, database: Database, clock: ManualClock) -> None:
    await Record(database).ask("one")
    await clock.advance(170 * 86_400)
    async with somebody(office, Role.ERASER) as eraser:
        await eraser.send("/admin/data", "/admin/data/retention")
        shown = await _outlook(eraser)

    assert "today" in shown
    assert await Record(database).questions() == ["one"]


async def _outlook(visitor: Visitor) -> str:
    async with asyncio.timeout(20):
        while 'data-testid="outlook"' not in (page := await visitor.get("/admin/data")).text:
            assert "notice bad" not in page.text
    return page.text


async def _granted(emil: Visitor, anna: Visitor) -> str:
    """Emil's request to erase U1, which Anna has granted."""
    await emil.send("/admin/data", "/admin/data/erase", **WHO, again="U1")
    request = hidden((await anna.get("/admin/requests")).text, "request")
    await anna.send("/admin/requests", "/admin/requests/decide", request=request, answer="grant")
    return request
