"""Whoever looks after the answers writes them in Slack: forms that say what is wrong, revisions with a name."""

import json
from contextlib import closing
from datetime import date
from typing import Any

import pytest

from bot.conversation.phrases import phrase
from bot.platforms.slack.commands import COMMAND
from bot.platforms.slack.editing import Wish, parse_wish
from bot.platforms.slack.entry_list import EDIT_ACTION
from storage import sqlite
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Entry, EntryStatus
from tests.clock import START
from tests.conftest import TRAIL
from tests.scenarios.forms import shown_in, submit, the_modal
from tests.scenarios.house import ALICE, BRUNO, CHENWEI, DANA, GENERAL, House, scripted, text_of
from tests.storage.knowledge.samples import HR, a_text

EDITORS = {"editors": (DANA, CHENWEI)}
ADD, EDIT, SAVED, LIST = (phrase(key, "en") for key in ("form_add", "form_edit", "saved_title", "list_title"))
BIKES = {
    "entry_id": "bicycles",
    "question": "Where can I park my bicycle?",
    "variants": "is there a bike cellar\nwhere do bikes go\n",
    "answer": "In the cellar of **building B**.\n\n- The gate opens at 6:30.",
    "owner": "facilities@acme.test",
    "source_url": "https://intranet.acme.test/bikes",
    "review_by": "2027-06-30",
}


async def write(house: House, entry_id: str = "bicycles", **changes: Any) -> Entry:
    async with await Database.open(f"sqlite:///{house.folder / 'inthread.db'}") as database:
        return await EntryStore(database, TRAIL).save(entry_id, a_text(**changes), EntryStatus.PUBLISHED, HR, START)


async def entry_of(house: House, entry_id: str = "bicycles") -> Entry | None:
    async with await Database.open(f"sqlite:///{house.folder / 'inthread.db'}") as database:
        return await EntryStore(database, TRAIL).find(entry_id)


async def command(house: House, user: str, text: str) -> None:
    assert await house.sandbox.employees.command(user, GENERAL, COMMAND, text), "not acknowledged in time"


def whispers(house: House, user: str) -> list[str]:
    return [text_of(message) for message in house.sandbox.ephemerals(GENERAL, user)]


def audited(house: House) -> list[dict[str, Any]]:
    with closing(sqlite.load_driver().connect(house.folder / "inthread.db", timeout=10)) as connection:
        rows = connection.execute("SELECT header FROM audit_entry ORDER BY seq").fetchall()
    return [json.loads(header) for (header,) in rows]


# ── which words are a command ────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("add", Wish(adds=True)),
        ("EDIT bicycles_zh", Wish(entry_id="bicycles_zh")),
        ("list", Wish()),
        ("list  badge of a guest", Wish(words="badge of a guest")),
        ("add a visitor to the WiFi", None),
        ("edit my time sheet", None),
        ("listing", None),
        ("how do I add one", None),
        ("", None),
    ],
)
def test_what_is_a_wish_and_what_is_a_question(text: str, wish: Wish | None) -> None:
    assert parse_wish(text) == wish


# ── add ──────────────────────────────────────────────────────────────────────


async def test_a_new_entry_is_written_in_a_form(house: House) -> None:
    await house.start(slack=EDITORS)
    await command(house, DANA, "add")
    form = await the_modal(house, DANA, ADD)

    assert await submit(house, DANA, form, **BIKES, status="draft") == {}

    saved = await the_modal(house, DANA, SAVED)
    assert "`bicycles` is saved: revision 1, draft" in shown_in(saved)
    entry = await entry_of(house)
    assert entry is not None
    assert (entry.author, entry.status) == ("slack:T0NORTHWIND:U0DANA", EntryStatus.DRAFT)
    assert entry.text.variants == ("is there a bike cellar", "where do bikes go")
    assert (entry.text.answer, entry.text.review_by) == (BIKES["answer"], date(2027, 6, 30))
    assert (entry.text.audience, entry.text.lang) == (("everyone",), "en")
    last = audited(house)[-1]
    assert (last["kind"], last["entry_id"], last["via"]) == ("entry_added", "bicycles", "slack")


async def test_mistakes_stand_below_their_fields_and_nothing_is_saved(house: House) -> None:
    await write(house, "lockers")
    await house.start(slack=EDITORS)
    await command(house, DANA, "add")
    form = await the_modal(house, DANA, ADD)

    wrong = {**BIKES, "entry_id": "no id", "answer": " ", "source_url": "intranet", "variants": "x" * 401}
    errors = await submit(house, DANA, form, **wrong, audience="all")
    assert {field: error.split(":")[0] for field, error in errors.items()} == {
        "entry_id": "'no id' is no id",
        "answer": "There is no answer",
        "source_url": "'intranet' is no address",
        "audience": "Unknown audience 'all'",
        "variants": "'xxxxxxxxxxxxxxxxxxxx'… has 401 characters, 400 are the most in a question",
    }
    taken = await submit(house, DANA, form, **{**BIKES, "entry_id": "lockers"})
    assert "lockers already" in taken["entry_id"]
    assert await entry_of(house) is None

    assert await submit(house, DANA, form, **BIKES) == {}


async def test_a_form_in_chinese_says_what_is_wrong_in_chinese(house: House) -> None:
    await house.start(slack=EDITORS)
    await command(house, CHENWEI, "add")
    form = await the_modal(house, CHENWEI, phrase("form_add", "zh"))
    errors = await submit(house, CHENWEI, form, **{**BIKES, "source_url": "x"})
    assert errors["source_url"] == "“x”不是网址：请填写 https://… 格式的地址，或留空"


# ── edit, list ───────────────────────────────────────────────────────────────


async def test_an_entry_is_changed_from_what_it_says(house: House) -> None:
    await write(house, verified_at=date(2025, 1, 1))
    await house.start(slack=EDITORS)
    await command(house, DANA, "edit bicycles")
    form = await the_modal(house, DANA, EDIT)
    assert "`bicycles`, revision 1 by slack:T1:UHR, 2 Mar 2026" in shown_in(form)

    assert await submit(house, DANA, form, review_by="2028-01-01", confirmed=True) == {}

    entry = await entry_of(house)
    assert entry is not None
    assert entry.revision == 2
    assert entry.text.verified_at == house.clock.now().date()
    assert entry.text == a_text(review_by=date(2028, 1, 1), verified_at=entry.text.verified_at)
    assert audited(house)[-1]["kind"] == "entry_revised"


async def test_two_who_change_the_same_do_not_overwrite_each_other(house: House) -> None:
    await write(house)
    await house.start(slack=EDITORS)
    for user in (DANA, CHENWEI):
        await command(house, user, "edit bicycles")
    first = await the_modal(house, DANA, EDIT)
    second = await the_modal(house, CHENWEI, phrase("form_edit", "zh"))

    assert await submit(house, DANA, first, answer="One.") == {}
    assert await submit(house, CHENWEI, second, answer="另一个。") == {"question": phrase("entry_changed", "zh")}

    entry = await entry_of(house)
    assert entry is not None
    assert entry.text.answer == "One."


async def test_entries_are_listed_found_and_opened_over_the_list(house: House) -> None:
    await write(house)
    await write(house, "lockers", question="How do I get a <!channel> locker?", answer="Ask.", variants=())
    await house.start(slack=EDITORS)
    await command(house, DANA, "list")
    everything = await the_modal(house, DANA, LIST)
    assert "How do I get a <!channel> locker?" in shown_in(everything)
    await house.sandbox.employees.close_view(DANA, everything.id)

    await command(house, DANA, "list where is a locker")
    found = await the_modal(house, DANA, LIST)
    assert "bicycles" not in shown_in(found)
    await house.sandbox.employees.click_in_view(DANA, found.id, EDIT_ACTION)

    form = await the_modal(house, DANA, EDIT)
    assert "`lockers`" in shown_in(form)
    assert await submit(house, DANA, form, answer="Ask reception.") == {}


async def test_what_cannot_be_opened_is_said(house: House) -> None:
    await write(house, "long", answer="x" * 3_001)
    await house.start(slack=EDITORS)
    for text, words in (("edit nothing_of_the_kind", "There is no entry"), ("edit long", "3,000 characters")):
        await command(house, DANA, text)
        notice = await the_modal(house, DANA, LIST)
        assert words in shown_in(notice)
        await house.sandbox.employees.close_view(DANA, notice.id)


# ── who may ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["add", "list", "edit bicycles"])
async def test_everybody_else_is_told_who_may(house: House, text: str) -> None:
    await write(house)
    await house.start(slack=EDITORS)
    await command(house, BRUNO, text)
    assert whispers(house, BRUNO) == [phrase("editors_only", "en")]
    assert house.sandbox.views.stack_of(BRUNO) == []


@pytest.mark.parametrize("text", ["list of public holidays", "edit profile", "add a visitor"])
async def test_what_may_be_a_question_stays_one(house: House, text: str) -> None:
    await house.start(slack=EDITORS)
    await command(house, BRUNO, text)
    await house.until(lambda: scripted(text) in whispers(house, BRUNO))


async def test_members_of_a_user_group_may(house: House) -> None:
    await house.start(slack={"editors": ("S0PEOPLE",)})
    for user in (ALICE, DANA):
        await command(house, user, "add")
        await the_modal(house, user, ADD)
    await command(house, BRUNO, "add")
    assert whispers(house, BRUNO) == [phrase("editors_only", "en")]
    asked = [call for call in house.sandbox.calls if call.method == "usergroups.users.list"]
    assert len(asked) == 1, "once for all, in five minutes"


async def test_nobody_may_where_nobody_is_named(house: House) -> None:
    await house.start(slack={"editors": ("S0GONE",)})
    await command(house, DANA, "add")
    assert whispers(house, DANA) == [phrase("editors_only", "en")]


async def test_a_form_of_somebody_who_may_no_longer_saves_nothing(house: House) -> None:
    await house.start(slack=EDITORS)
    await command(house, DANA, "add")
    form = await the_modal(house, DANA, ADD)
    await house.stop()
    await house.start(slack={"editors": (CHENWEI,)})

    assert await submit(house, DANA, form, **BIKES) == {"question": phrase("editors_only", "en")}
    assert await entry_of(house) is None


async def test_help_tells_editors_what_they_can_do(house: House) -> None:
    await house.start(slack=EDITORS)
    await command(house, DANA, "help")
    await command(house, BRUNO, "help")
    assert f"{COMMAND} list WORDS" in whispers(house, DANA)[0]
    assert "list WORDS" not in whispers(house, BRUNO)[0]
