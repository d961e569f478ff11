"""Looking for conversations, reading one, taking them away: with a reason, on record, and harmless wherever they go."""

import asyncio
import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import rfc8785

from bot.admin.transcripts import FIGURES
from bot.conversation.knowledge import citing
from storage.admin.records import Role
from storage.basis import Basis, BasisKind
from storage.database import Database
from storage.feedback import Verdict
from storage.records import ReplyFigures, ReplyState
from tests.admin.office import SIGNER, Office, Visitor, an_office, hidden, somebody
from tests.audit_log import audited
from tests.clock import START, ManualClock
from tests.shelf import an_entry
from tests.storage.test_audit_search import Record

REASON = "ticket 4711: a complaint about leave"
HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "[a](javascript:alert(1))", "{{7*7}}")


@pytest.fixture
def record(database: Database) -> Record:
    return Record(database)


@asynccontextmanager
async def an_auditor(office: Office, name: str = "audrey") -> AsyncGenerator[Visitor, None]:
    """Signed in, and with a reason."""
    async with somebody(office, Role.AUDITOR, name=name) as auditor:
        page = await auditor.send("/admin/audit", "/admin/audit/reason", reason=REASON, next="/admin/audit")
        assert 'role="search"' in page.text
        yield auditor


async def test_nothing_is_shown_before_a_reason_is_given_and_the_link_leads_on(office: Office, record: Record) -> None:
    await record.ask("How many days of leave do I have?")
    async with somebody(office, Role.AUDITOR) as auditor:
        asked = await auditor.get("/admin/audit?text=leave")
        assert "How many days" not in asked.text
        assert "Why do you look?" in (await auditor.get("/admin/audit/conversation?number=1")).text
        fields = {"csrf": hidden(asked.text, "csrf"), "next": hidden(asked.text, "next"), "reason": REASON}

        shown = await auditor.post("/admin/audit/reason", fields)

    assert shown.url.endswith("/admin/audit?text=leave")
    assert "How many days of leave do I have?" in shown.text


async def test_a_reason_is_for_an_hour_and_for_its_session(office: Office, clock: ManualClock) -> None:
    async with an_auditor(office) as auditor, somebody(office, Role.AUDITOR, name="arno") as other:
        assert "Why do you look?" in (await other.get("/admin/audit")).text
        for _ in range(6):
            await clock.advance(600)
            page = await auditor.get("/admin/audit")
        assert "Why do you look?" in page.text
        short = await auditor.send("/admin/audit", "/admin/audit/reason", reason="why", next="/admin/audit")
        assert short.status == 400


async def test_what_was_looked_for_and_opened_is_on_record_with_the_reason(
    office: Office, record: Record, database: Database
) -> None:
    await record.ask("How many days of leave do I have?")
    async with an_auditor(office) as auditor:
        await auditor.get("/admin/audit?text=leave&channel=C1")
        await auditor.get("/admin/audit/conversation?number=1")
        looks = await auditor.get("/admin/audit/looks")

    deeds = {header["kind"]: (header, body) for header, body in await audited(database)}
    searched, opened = deeds["conversations_searched"], deeds["conversation_opened"]
    assert searched[0]["filters"] == "channel text"
    assert searched[1] == {"text": "leave", "channel": "C1", "reason": REASON}
    assert (opened[0]["opened_reply"], opened[1]) == ("reply of slack:T1:C1:1", {"reason": REASON})
    assert "leave" not in json.dumps(searched[0])
    assert "audrey" in looks.text
    assert REASON in looks.text


async def test_searches_in_two_languages_with_filters_and_pages(office: Office, record: Record) -> None:
    await record.ask("今年的年假还剩几天？", user="U7")
    for number in range(30):
        await record.ask(f"question {number} about parking", channel="C2")
    async with an_auditor(office) as auditor:
        assert "今年的年假还剩几天？" in (await auditor.get("/admin/audit?text=年假")).text
        assert "今年的年假还剩几天？" in (await auditor.get("/admin/audit?person=U7")).text
        first = await auditor.get("/admin/audit?text=parking&channel=C2")
        older = re.search(r'href="([^"]*before=[^"]*)"', first.text)
        assert older
        second = await auditor.get(older.group(1).replace("&amp;", "&"))
        assert "Nothing was found" in (await auditor.get("/admin/audit?text=parking&until=2026-03-01")).text
        assert (await auditor.get("/admin/audit?since=yesterday")).status == 400

    numbers = [re.findall(r"question (\d+) about", page.text) for page in (first, second)]
    assert [len(set(found)) for found in numbers] == [25, 5]


async def end(record: Record, reply_id: str, text: str | None, at: datetime, outcome: str = "answered") -> None:
    """The reply ends; without a text it was taken away."""
    reply = await record.replies.claim(reply_id, at, timedelta(minutes=1))
    assert reply is not None
    if text is not None:
        await record.replies.record_final(reply, text, outcome, at, ReplyFigures())
    await record.replies.record_closed(reply, ReplyState.DONE if text else ReplyState.WITHDRAWN, at)


async def test_a_transcript_shows_every_revision_with_its_time_and_why(office: Office, record: Record) -> None:
    reply_id = await record.ask("How many days?", "**25** days.", thread="1.0", basis=Basis(kind=BasisKind.PLAIN))
    await record.ask("And half days?", "Yes.", thread="1.0")
    await record.feedback.record(reply_id, "U9", Verdict.DOWN, START + timedelta(minutes=30), "it is 30 by now")
    edited = START + timedelta(hours=1)
    await record.replies.edit("slack:T1:C1:1", "How many days of leave?", edited, edited, timedelta(days=1))
    await end(record, reply_id, "Thirty days.", edited)
    again = await record.replies.ask_again(reply_id, lambda key: f"reply of {key}", edited)
    assert again is not None
    await end(record, again.reply_id, "Thirty, as I", edited + timedelta(hours=1), "stopped")
    await record.replies.withdraw("slack:T1:C1:2", edited)
    await end(record, "reply of slack:T1:C1:2", None, edited + timedelta(hours=2))
    async with an_auditor(office) as auditor:
        page = await auditor.get("/admin/audit/conversation?number=1")

    assert "<strong>25</strong>" in page.text
    first, second, third = (words_of(turn) for turn in page.text.split('data-testid="turn"')[1:])
    assert_in_order(first, "09:01 · #1", "How many days?")
    assert_in_order(first, "09:01 · answered · revision 1 of 2 · until 2026-03-02 10:00", "25 days.", "the model alone")
    assert_in_order(first, "25 days.", "feedback thumb down", "it is 30 by now", "10:00 · the question was edited")
    assert_in_order(first, "How many days of leave?", "revision 2 of 2 the question was edited · #", "Thirty days.")
    assert_in_order(second, "And half days?", "revision 1 of 2", "Yes.", "question deleted", "12:00 · taken away ·")
    assert_in_order(second, "revision 2 of 2 the question was deleted")
    assert_in_order(third, "asked again · #", "How many days of leave?", "11:00 · stopped · #", "Thirty, as I")


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def assert_in_order(text: str, *parts: str) -> None:
    at = 0
    for part in parts:
        found = text.find(part, at)
        assert found >= 0, f"{part!r} is not in {text[at:]!r}"
        at = found + len(part)


async def test_figures_have_names_that_one_can_read_in_either_language(
    office: Office, record: Record, database: Database
) -> None:
    await record.ask("How many days?", basis=citing.verified(an_entry(), START.date()), model="m1")
    async with an_auditor(office) as auditor:
        auditor.headers["Accept-Language"] = "zh"
        page = await auditor.get("/admin/audit/conversation?number=1")

    header = next(header for header, _ in await audited(database) if header["kind"] == "reply")
    place = "seq time kind platform tenant channel thread reply_id exchange actor state outcome".split()
    assert set(FIGURES) == set(header) - set(place)
    assert "<dt>依据</dt><dd>条目原文</dd>" in page.text
    assert "<dt>模型</dt><dd>m1</dd>" in page.text


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_hostile_words_are_words(office: Office, record: Record, hostile: str) -> None:
    await record.ask(f"leave {hostile}", hostile, basis=citing.verified(an_entry(), START.date()))
    async with an_auditor(office) as auditor:
        pages = [await auditor.get(path) for path in ("/admin/audit", "/admin/audit/conversation?number=1")]

    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert 'href="javascript' not in page.text


async def take(auditor: Visitor, form: str, query: str = "", **fields: str) -> str:
    page = await auditor.send(
        f"/admin/audit/export?{query}", "/admin/audit/export", format=form, reason=REASON, **fields
    )
    assert page.status == 200, page.text
    return page.text


async def test_a_selection_is_taken_as_json_lines_that_anybody_can_check(office: Office, record: Record) -> None:
    await record.ask("How many days of leave do I have?")
    await record.ask("Where do I park?")
    await record.index.catch_up()
    async with an_auditor(office) as auditor:
        text = await take(auditor, "jsonl", text="leave")

    lines = text.splitlines(keepends=True)
    head, one, end = (json.loads(line) for line in lines)
    assert (head["by"], head["reason"], head["filters"]) == ("audrey", REASON, {"text": "leave"})
    assert (one["question"], one["answer"], one["person"]) == ("How many days of leave do I have?", "the answer", "U1")
    signature = base64.b64decode(end.pop("signature"))
    assert end.pop("type") == "end"
    assert end["sha256"] == hashlib.sha256("".join(lines[:-1]).encode()).hexdigest()
    assert SIGNER.public_key.has_signed(rfc8785.dumps(end), signature)


@pytest.mark.parametrize(
    "formula", ["=1+1", "+1", "-1", "@SUM(A1)", "  =cmd|'/c calc'!A1", "＝1+1", "\t=1", "\x1b]0;x\x07=1"]
)
async def test_a_table_starts_no_formula_and_no_escape(office: Office, record: Record, formula: str) -> None:
    await record.ask(formula, formula)
    await record.index.catch_up()
    async with an_auditor(office) as auditor:
        text = await take(auditor, "csv")

    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0]["question"].startswith(("'", "]"))
    assert not set(text) & {"\x1b", "\x07", "\x9b"}
    assert rows[-1]["number"] == "end"


async def test_many_conversations_need_a_second_person_once(
    database: Database, clock: ManualClock, record: Record
) -> None:
    for number in range(3):
        await record.ask(f"question {number}")
    await record.index.catch_up()
    async with (
        an_office(database, clock, second_person=("export",), bulk_export_from=3) as office,
        an_auditor(office) as audrey,
        somebody(office, Role.ERASER, name="emil") as emil,
    ):
        assert "question 1" in await take(audrey, "jsonl", text="question 1")
        waiting = await take(audrey, "jsonl")
        assert "waiting" in waiting
        assert 'data-testid="grant"' not in waiting
        shown = (await emil.get("/admin/requests")).text
        request = hidden(shown, "request")
        own = await audrey.send("/admin/requests", "/admin/requests/decide", request=request, answer="grant")
        assert own.status == 400
        early = await audrey.send("/admin/requests", "/admin/audit/export/granted", request=request)
        assert early.status == 404
        assert (
            await emil.send("/admin/requests", "/admin/requests/decide", request=request, answer="grant")
        ).status == 200
        taken = await audrey.send("/admin/requests", "/admin/audit/export/granted", request=request)
        again = await audrey.send("/admin/requests", "/admin/audit/export/granted", request=request)

    assert [json.loads(line).get("question") for line in taken.text.splitlines()][1:4] == [
        "question 2",
        "question 1",
        "question 0",
    ]
    assert json.loads(taken.text.splitlines()[0])["granted_by"] == "emil"
    assert again.status == 404


async def test_a_file_holds_what_was_there_when_it_was_asked_for_and_a_checkpoint_covers_it(
    database: Database, clock: ManualClock, record: Record
) -> None:
    await record.ask("the first")
    await record.index.catch_up()
    async with (
        an_office(database, clock, second_person=("export",), bulk_export_from=1) as office,
        an_auditor(office) as audrey,
        somebody(office, Role.ERASER, name="emil") as emil,
    ):
        await take(audrey, "jsonl")
        request = hidden((await emil.get("/admin/requests")).text, "request")
        await record.ask("the second")
        await record.index.catch_up()
        await emil.send("/admin/requests", "/admin/requests/decide", request=request, answer="grant")
        taken = await audrey.send("/admin/requests", "/admin/audit/export/granted", request=request)

    lines = [json.loads(line) for line in taken.text.splitlines()]
    assert [line["question"] for line in lines if line["type"] == "conversation"] == ["the first"]
    assert lines[-1]["checkpoint_size"] >= max(line["number"] for line in lines if line["type"] == "conversation")


async def test_counting_what_would_be_taken_is_a_search_with_its_reason(office: Office, record: Record) -> None:
    await record.ask("How many days of leave do I have?")
    async with somebody(office, Role.AUDITOR, name="audrey") as audrey:
        asked = await audrey.get("/admin/audit/export?text=leave")
        assert 'data-testid="go-on"' in asked.text
        assert "1 conversation" not in asked.text
        await audrey.send("/admin/audit/export?text=leave", "/admin/audit/reason", reason=REASON, next="/admin/audit")
        await audrey.get("/admin/audit/export?text=leave")
        looks = await audrey.get("/admin/audit/looks")

    assert REASON in looks.text
    assert "leave" in looks.text


async def test_the_last_day_that_there_is_ends_nothing(office: Office) -> None:
    async with an_auditor(office) as auditor:
        pages = [await auditor.get(f"/admin/audit?until={day}") for day in ("9999-12-31", "2026-01-01x", "0001-01-01")]

    assert [page.status for page in pages] == [400, 400, 200]


async def test_a_sound_log_is_called_sound_and_a_changed_one_is_named(
    office: Office, record: Record, database: Database
) -> None:
    await record.ask("one")
    async with somebody(office, Role.VIEWER) as viewer:
        sound = await _checked(viewer)
        assert "entries verified" in sound
        await database.write(
            lambda connection: connection.exec_driver_sql("UPDATE audit_entry SET prev = hash WHERE seq = 2")
        )
        await viewer.send("/admin/integrity", "/admin/integrity/verify")
        broken = await _checked(viewer)

    assert "Entry 2 is not as it was written." in broken


async def _checked(viewer: Visitor) -> str:
    async with asyncio.timeout(20):
        while 'data-testid="running"' in (text := (await viewer.get("/admin/integrity")).text):
            pass
    return text


async def test_an_export_goes_on_in_constant_memory(office: Office, record: Record, monkeypatch: Any) -> None:
    """Pages of it are read one after the other: what was sent is not kept."""
    monkeypatch.setattr("bot.admin.export_pages.PAGE", 2)
    for number in range(5):
        await record.ask(f"question {number}")
    await record.index.catch_up()
    async with an_auditor(office) as auditor:
        text = await take(auditor, "jsonl")

    assert len(text.splitlines()) == 7
