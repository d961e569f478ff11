"""Entries written in a form: the rules of a file, an author, and nobody overwritten."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.clock import Calendar
from bot.conversation.knowledge.editing import Draft, Editor, FieldsWrong
from storage.database import Database
from storage.errors import EntryChanged
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Author, EntryStatus
from tests.clock import START, ManualClock
from tests.conftest import TRAIL
from tests.storage.knowledge.samples import HR, a_text

IT = Author("slack", "T1", "UIT")
TODAY = START.date()


@pytest.fixture
def entries(database: Database) -> EntryStore:
    return EntryStore(database, TRAIL)


@pytest.fixture
def editor(entries: EntryStore, clock: ManualClock) -> Editor:
    return Editor(entries, Calendar(clock))


def draft(entry_id: str = "bicycles", seen: int = 0, **changes: Any) -> Draft:
    outer = {name: changes.pop(name) for name in ("status", "is_confirmed") if name in changes}
    return Draft(entry_id=entry_id, text=a_text(**changes), seen=seen, **{"status": EntryStatus.PUBLISHED, **outer})


async def test_a_form_makes_an_entry_and_then_a_revision(editor: Editor, entries: EntryStore) -> None:
    first = await editor.save(draft(), HR)
    second = await editor.save(draft(seen=1, answer="They stand outside.", status=EntryStatus.DRAFT), IT)

    assert (first.revision, first.author, first.text.verified_at) == (1, "slack:T1:UHR", TODAY)
    assert (second.revision, second.author, second.status) == (2, "slack:T1:UIT", EntryStatus.DRAFT)
    assert await entries.find("bicycles") == second


async def test_what_nobody_means_is_tidied(editor: Editor) -> None:
    variants = (" where  do bikes\u200b go ", "", "Where do bikes go", "HOW do I park a bicycle?")
    saved = await editor.save(draft(variants=variants, answer="\n\n One.\r\n"), HR)
    assert saved.text.variants == ("where do bikes go",)
    assert saved.text.answer == " One."


async def test_all_that_is_wrong_is_named_and_nothing_is_written(editor: Editor, entries: EntryStore) -> None:
    wrong = draft("no id", question=" ", answer="", lang="de", audience=("all",), source_url="intranet")
    with pytest.raises(FieldsWrong) as raised:
        await editor.save(wrong, HR)
    assert {fault.field for fault in raised.value.faults} == {
        "entry_id",
        "lang",
        "question",
        "answer",
        "source_url",
        "audience",
    }
    assert await entries.list() == []


async def test_a_new_entry_takes_no_id_that_is_taken(editor: Editor) -> None:
    await editor.save(draft(), HR)
    with pytest.raises(FieldsWrong, match="bicycles already"):
        await editor.save(draft(answer="Mine."), IT)


async def test_nobody_is_overwritten(editor: Editor) -> None:
    await editor.save(draft(), HR)
    await editor.save(draft(seen=1, answer="One."), HR)
    with pytest.raises(EntryChanged, match="slack:T1:UHR"):
        await editor.save(draft(seen=1, answer="Another."), IT)


async def test_the_same_form_twice_is_saved_once(editor: Editor) -> None:
    for form in (draft(), draft(seen=1, answer="One.")):
        assert await editor.save(form, HR) == await editor.save(form, HR)


async def test_who_only_corrects_a_variant_has_not_verified_the_answer(editor: Editor, entries: EntryStore) -> None:
    old = date(2025, 1, 1)
    before = await entries.save("bicycles", a_text(verified_at=old), EntryStatus.PUBLISHED, HR, START)
    variants = (*before.text.variants, "bike rack")

    saved = await editor.save(draft(seen=1, variants=variants), IT)
    confirmed = await editor.save(draft(seen=2, variants=variants, is_confirmed=True), IT)

    assert (saved.text.verified_at, confirmed.text.verified_at) == (old, TODAY)
    assert confirmed.text == replace(saved.text, verified_at=TODAY)


async def test_a_variant_is_added_to_what_is_published(editor: Editor, entries: EntryStore) -> None:
    await editor.save(draft(), HR)
    saved = await editor.add_variant("bicycles", " bike  rack ", IT)
    assert saved is not None
    assert (saved.text.variants[-1], saved.author) == ("bike rack", "slack:T1:UIT")
    await editor.save(draft("lockers", question="How do I get a locker?"), HR)
    for refused in ("x" * 401, "how do I get a  LOCKER?"):
        with pytest.raises(FieldsWrong):
            await editor.add_variant("bicycles", refused, IT)
    await entries.set_status("bicycles", EntryStatus.RETIRED, HR, START)
    assert await editor.add_variant("bicycles", "another", IT) is None


async def test_entries_are_looked_through_by_words_by_id_or_by_what_changed_last(
    editor: Editor, clock: ManualClock
) -> None:
    await editor.save(draft("lockers", question="How do I get a locker?", answer="Ask.", variants=()), HR)
    await clock.advance(60)
    await editor.save(draft("bikes", status=EntryStatus.DRAFT), HR)

    async def ids(words: str) -> list[str]:
        return [entry.entry_id for entry in await editor.look_through(words, 10)]

    assert await ids("") == ["bikes", "lockers"]
    assert await ids("a locker please") == ["lockers"]
    assert await ids("bikes") == ["bikes"]
    assert await ids("nothing of the kind") == []
