"""Entries, gaps, variants, reviews: what an HR editor does at the pages, and what is on record afterwards."""

import asyncio
import re
from dataclasses import replace
from datetime import date

from storage.admin.records import Role
from storage.basis import Basis, BasisKind
from storage.database import Database
from storage.forgetting.erasing import ErasureStore
from storage.forgetting.traces import Person
from storage.knowledge.records import EntryStatus
from tests.admin.office import CHIEF, Office, Visitor, an_office, hidden, somebody
from tests.audit_log import audited
from tests.clock import START, ManualClock
from tests.conftest import TRAIL
from tests.conversation.learning.bench import Bench
from tests.storage.knowledge.samples import HR, a_text

FIELDS = {
    "entry_id": "bicycles",
    "seen": "0",
    "lang": "en",
    "question": "Where do I park a bicycle?",
    "variants": "bike parking\nWhere can I leave my bike?",
    "answer": "In the **yard**, behind the gate.",
    "owner": "facilities@acme.test",
    "audience": "everyone",
    "status": "published",
    "review_by": "2027-01-31",
}


async def save(editor: Visitor, **fields: str) -> tuple[int, str]:
    page = await editor.send("/admin/entries/new", "/admin/entries/save", **{**FIELDS, **fields})
    return page.status, page.text


async def test_an_entry_is_written_found_changed_and_its_past_is_there(office: Office) -> None:
    async with somebody(office, Role.EDITOR, name="hana") as hana:
        assert (await save(hana))[0] == 200
        listed = await hana.get("/admin/entries?words=bicycle")
        assert "Where do I park a bicycle?" in listed.text
        status, _ = await save(hana, seen="1", answer="In the **cellar**.")
        assert status == 200

        history = await hana.get("/admin/entries/history?id=bicycles")

    entry = await office.parts.desk.entries.find("bicycles")
    assert entry is not None
    assert (entry.revision, entry.author, entry.text.variants) == (
        2,
        "admin:hana",
        tuple(FIELDS["variants"].split("\n")),
    )
    assert 'class="went"' in history.text
    assert "In the **yard**" in history.text


async def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(office: Office) -> None:
    async with somebody(office, Role.EDITOR) as editor:
        status, text = await save(editor, entry_id="a b", answer="", audience="all")

    assert status == 422
    assert "is no id" in text
    assert "There is no answer" in text
    assert "Unknown audience" in text
    assert "Where can I leave my bike?" in text
    for field in ("entry_id", "answer", "audience"):
        assert re.search(rf'id="{field}"[^>]* aria-invalid="true" aria-describedby="fault-{field}"', text)
        assert text.count(f' id="fault-{field}"') == 1
    assert await office.parts.desk.entries.list() == []


async def test_what_is_wrong_is_said_in_the_language_of_the_page(office: Office) -> None:
    async with somebody(office, Role.EDITOR) as editor:
        editor.headers["Accept-Language"] = "zh"
        _, text = await save(editor, entry_id="a b", answer="", audience="all")
        await save(editor)
        again = await editor.send("/admin/gaps", "/admin/gaps/variant", entry_id="bicycles", words="x" * 401)
        assert (await editor.send("/admin/gaps", "/admin/gaps/variant", entry_id="bicycles", words=" ")).status == 400
        odd = await editor.send("/admin/entries/new", "/admin/entries/preview", **{**FIELDS, "seen": "²"})
        assert odd.status == 400

    assert "“a b”不是有效的编号：只能用字母" in text
    assert "没有答案" in text
    assert "is no id" not in text
    assert "不能作为问法：“xxxxxxxxxxxxxxxxxxxx…”有 401 个字符" in again.text


async def test_somebody_elses_change_is_not_overwritten(office: Office) -> None:
    async with somebody(office, Role.EDITOR) as editor:
        await save(editor)
        await office.parts.desk.entries.save("bicycles", a_text(), EntryStatus.PUBLISHED, HR, START)
        status, text = await save(editor, seen="1", answer="mine")

    assert status == 409
    assert str(HR) in text
    assert "mine" in text


async def test_a_preview_shows_the_answer_and_warns_of_a_near_duplicate_and_saves_nothing(office: Office) -> None:
    async with somebody(office, Role.EDITOR) as editor:
        await save(editor)
        fields = {**FIELDS, "entry_id": "bike_sheds", "question": "Where do I park my bicycle?"}
        page = await editor.send("/admin/entries/new", "/admin/entries/preview", **fields)

    assert "<strong>yard</strong>" in page.text
    assert 'data-testid="near"' in page.text
    assert "bike_sheds" not in [entry.entry_id for entry in await office.parts.desk.entries.list()]


async def test_hostile_markdown_is_shown_and_does_nothing(office: Office) -> None:
    answer = (
        "<script>alert(1)</script> [x](javascript:alert(1)) ![y](https://evil.test/p.png) <img src=x onerror=alert(1)>"
    )
    async with somebody(office, Role.EDITOR) as editor:
        page = await editor.send("/admin/entries/new", "/admin/entries/preview", **{**FIELDS, "answer": answer})

    shown = page.text.partition('data-testid="preview"')[2]
    assert "<script" not in shown
    assert "<img" not in shown
    assert 'href="javascript' not in shown.lower()
    assert "&lt;script&gt;" in shown


async def test_a_gap_becomes_an_entry_or_a_variant_or_is_put_aside(
    office: Office, database: Database, clock: ManualClock
) -> None:
    bench = Bench(database, clock)
    for user in ("U1", "U2"):
        await bench.ask("May I bring my dog?", Basis(kind=BasisKind.NONE), user=user)
    await bench.publish("pets", question="Are pets allowed?")
    async with somebody(office, Role.EDITOR) as editor:
        await editor.send("/admin/gaps", "/admin/gaps/look")
        gaps = await _until(editor, "/admin/gaps", "gap")
        assert "2 times" in gaps
        assert "/admin/entries/new?question=May%20I%20bring%20my%20dog%3F" in gaps
        added = await editor.send("/admin/gaps", "/admin/gaps/variant", entry_id="pets", words="May I bring my dog?")
        assert added.status == 200
        gap = hidden(gaps, "gap")
        await editor.send("/admin/gaps", "/admin/gaps/dismiss", gap=gap)
        assert 'data-testid="gap"' not in (await editor.get("/admin/gaps")).text
        restored = await editor.send("/admin/gaps", "/admin/gaps/restore", gap=gap)
        assert 'data-testid="gap"' in restored.text

    entry = await office.parts.desk.entries.find("pets")
    assert entry is not None
    assert entry.text.variants[-1] == "May I bring my dog?"
    read = [(header["report"], header["questions"]) for header, _ in await audited(database) if "report" in header]
    assert ("gaps", 2) in read
    assert ("gaps", 1) in read, "what was put aside is read too"
    assert {report for report, _ in read} == {"gaps"}


async def test_whoever_is_erased_goes_from_what_was_found_before(
    office: Office, database: Database, clock: ManualClock
) -> None:
    """By whatever process: the pages keep what they have found."""
    await Bench(database, clock).ask("May I bring my dog?", Basis(kind=BasisKind.NONE), user="U1")
    async with somebody(office, Role.EDITOR) as editor:
        await editor.send("/admin/gaps", "/admin/gaps/look")
        await _until(editor, "/admin/gaps", "gap")
        await editor.send("/admin/entries/new", "/admin/replay", **FIELDS)
        await _until(editor, "/admin/replay", "moved")
        await ErasureStore(database, TRAIL).erase(Person("slack", "U1"), "asked for it", CHIEF, clock.now())
        pages = [(await editor.get(f"/admin/{name}")).text for name in ("gaps", "overview", "replay")]

    assert not [page for page in pages if "dog" in page]


async def test_nobody_is_shown_what_another_tries_out(office: Office, database: Database, clock: ManualClock) -> None:
    await Bench(database, clock).ask("Where do I park a bicycle?", Basis(kind=BasisKind.NONE))
    async with somebody(office, Role.EDITOR, name="edith") as edith, somebody(office, Role.ADMIN, name="anna") as anna:
        await edith.send("/admin/entries/new", "/admin/replay", **FIELDS)
        await anna.send("/admin/entries/new", "/admin/replay", **{**FIELDS, "entry_id": "parking"})
        shown = [await _until(one, "/admin/replay", "moved") for one in (edith, anna)]

    assert [hidden(page, "entry_id") for page in shown] == [FIELDS["entry_id"], "parking"]


async def test_who_reads_what_people_asked_is_on_record_at_each_page(
    office: Office, database: Database, clock: ManualClock
) -> None:
    bench = Bench(database, clock)
    entry = await bench.publish("bicycles", question="Where do I park a bicycle?")
    await bench.choose("U1", entry, "bikes overnight, where?")
    await bench.ask("May I bring my dog?", Basis(kind=BasisKind.NONE))
    async with somebody(office, Role.EDITOR, Role.AUDITOR) as editor:
        await editor.get("/admin/overview")
        await editor.get("/admin/gaps")
        before = await audited(database)
        await editor.send("/admin/gaps", "/admin/gaps/look")
        await _until(editor, "/admin/gaps", "gap")
        for page in ("/admin/overview", "/admin/variants"):
            await editor.get(page)
        looks = await editor.get("/admin/audit/looks")

    assert not [header for header, _ in before if header["kind"] == "questions_read"], "nobody's words were shown"
    read = [header["report"] for header, _ in await audited(database) if header["kind"] == "questions_read"]
    assert read[-3:] == ["gaps", "overview", "variants"]
    assert "proposed variants · 1 question" in looks.text


async def test_proposed_variants_are_taken_or_rejected(office: Office, database: Database, clock: ManualClock) -> None:
    bench = Bench(database, clock)
    entry = await bench.publish()
    await bench.choose("U1", entry, "bikes overnight, where?")
    async with somebody(office, Role.EDITOR) as editor:
        page = await editor.get("/admin/variants")
        assert "bikes overnight, where?" in page.text
        rejected = await editor.send("/admin/variants", "/admin/variants/reject", key=hidden(page.text, "key"))
        assert "somebody has rejected it" in rejected.text


async def test_the_calendar_shows_what_is_overdue_and_confirming_moves_it(office: Office) -> None:
    entries = office.parts.desk.entries
    text = replace(a_text(), review_by=date(2026, 1, 31))
    await entries.save("bicycles", text, EntryStatus.PUBLISHED, HR, START)
    async with somebody(office, Role.EDITOR) as editor:
        assert "overdue" in (await editor.get("/admin/reviews")).text
        fields = {"entry_id": "bicycles", "seen": "1", "review_by": "2027-03-02"}
        page = await editor.send("/admin/reviews", "/admin/reviews/confirm", **fields)

    assert "overdue" not in page.text
    entry = await entries.find("bicycles")
    assert entry is not None
    assert (entry.text.review_by, entry.text.verified_at) == (date(2027, 3, 2), START.date())


async def test_the_day_is_that_of_the_pages_not_of_the_machine(database: Database, clock: ManualClock) -> None:
    """Five in the afternoon in UTC: in Shanghai the next day has begun."""
    await clock.advance(8 * 3600)
    async with an_office(database, clock, time_zone="Asia/Shanghai") as office, somebody(office, Role.EDITOR) as editor:
        await save(editor, review_by=START.date().isoformat())
        reviews = await editor.get("/admin/reviews")
        listed = await editor.get("/admin/entries")
        entry = await office.parts.desk.entries.find("bicycles")

    assert "overdue" in reviews.text
    assert 'name="review_by" value="2027-03-03"' in reviews.text
    assert 'class="tag bad">2026-03-02' in listed.text
    assert entry is not None
    assert entry.text.verified_at == date(2026, 3, 3)


async def test_a_change_is_tried_on_past_questions_then_saved(
    office: Office, database: Database, clock: ManualClock
) -> None:
    await Bench(database, clock).ask("Where do I park a bicycle?", Basis(kind=BasisKind.NONE))
    async with somebody(office, Role.EDITOR) as editor:
        await editor.send("/admin/entries/new", "/admin/replay", **FIELDS)
        tried = await _until(editor, "/admin/replay", "moved")
        assert "1 of the last 1 questions" in tried
        assert await office.parts.desk.entries.list() == []
        fields = {name: hidden(tried, name) for name in FIELDS}
        assert fields != {**FIELDS, "variants": "", "answer": ""}
        await editor.post("/admin/entries/save", {"csrf": hidden(tried, "csrf"), **FIELDS})

    assert [entry.entry_id for entry in await office.parts.desk.entries.list()] == ["bicycles"]


async def _until(visitor: Visitor, path: str, testid: str) -> str:
    """The page as soon as it shows this. Each look gives the work another turn of the loop."""
    async with asyncio.timeout(20):
        while f'data-testid="{testid}"' not in (text := (await visitor.get(path)).text):
            assert "notice bad" not in text, text
            await asyncio.sleep(0)
    return text
