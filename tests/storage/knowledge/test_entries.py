"""Entries: what is said now, what was said then, and the record of who changed it."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar, cast

import pytest
from sqlalchemy import Connection

from storage.audit.store import AuditStore
from storage.database import Database
from storage.errors import EntryChanged
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Author, EntryStatus
from storage.knowledge.words import words_of
from tests.audit_log import audited
from tests.clock import START
from tests.conftest import KEYS, TRAIL
from tests.storage.knowledge.samples import HR, a_text, given

T = TypeVar("T")
DRAFT, PUBLISHED, RETIRED = EntryStatus
TODAY = date(2026, 3, 2)
LATER = START + timedelta(days=3)
ALL = {"everyone"}


async def save(entries: EntryStore, entry_id: str = "bicycles", **changes: object) -> None:
    await entries.save(entry_id, a_text(**changes), PUBLISHED, HR, START)


async def found(entries: EntryStore, question: str, audience: set[str] = ALL) -> list[str]:
    return [entry_id for entry_id, _ in await entries.search(words_of(question), audience, 10)]


# ── saving ───────────────────────────────────────────────────────────────────


async def test_what_is_saved_comes_back_to_the_letter(entries: EntryStore) -> None:
    text = a_text(
        "年假 有多少天?\n🏖️",
        lang="zh",
        variants=("年假几天", "a\x00b 'quote\" -- ;"),
        answer="**10** 天\n\n- a\n- b  ",
        audience=("channel:C1", "group:S1"),
        verified_at=date(2026, 2, 1),
        review_by=date(2027, 2, 1),
    )

    saved = await entries.save("annual_leave", text, DRAFT, HR, START)

    assert saved == await entries.find("annual_leave") == await entries.find_revision("annual_leave", 1)
    assert (saved.text, saved.status, saved.revision) == (text, DRAFT, 1)
    assert (saved.author, saved.revised_at) == ("slack:T1:UHR", START)


async def test_a_changed_text_is_a_new_revision_and_the_old_one_stays(entries: EntryStore) -> None:
    first = await entries.save("bicycles", a_text(), PUBLISHED, HR, START)

    second = await entries.save("bicycles", a_text(answer="In the yard."), PUBLISHED, Author("cli", "", "eve"), LATER)

    assert (second.revision, second.author, second.revised_at) == (2, "cli:eve", LATER)
    assert await entries.find_revision("bicycles", 1) == first
    assert list(await entries.revisions("bicycles")) == [second, first]
    assert await entries.find_revision("bicycles", 3) is None


async def test_the_same_text_again_changes_nothing(entries: EntryStore, database: Database) -> None:
    first = await entries.save("bicycles", a_text(), PUBLISHED, HR, START)
    generation = await entries.generation()

    assert await entries.save("bicycles", a_text(), PUBLISHED, HR, LATER) == first
    assert await entries.generation() == generation
    assert len(await audited(database)) == 1


async def test_nobody_overwrites_what_they_have_not_seen(entries: EntryStore) -> None:
    await save(entries)
    await entries.save("bicycles", a_text(answer="In the yard."), PUBLISHED, HR, LATER, seen=1)

    with pytest.raises(EntryChanged, match=r"meanwhile, by slack:T1:UHR"):
        await entries.save("bicycles", a_text(answer="On the roof."), PUBLISHED, HR, LATER, seen=1)
    with pytest.raises(EntryChanged):
        await entries.save("bicycles", a_text(), PUBLISHED, HR, LATER, seen=0)
    with pytest.raises(EntryChanged, match="not there"):
        await entries.save("gone", a_text(), PUBLISHED, HR, LATER, seen=1)

    kept = await entries.find("bicycles")
    assert kept is not None
    assert kept.text.answer == "In the yard."


async def test_a_status_is_no_revision(entries: EntryStore) -> None:
    await save(entries)

    retired = await entries.set_status("bicycles", RETIRED, HR, LATER)

    assert retired is not None
    assert (retired.revision, retired.status, retired.revised_at) == (1, RETIRED, START)
    assert await entries.find("bicycles") == retired
    assert await entries.published() == []
    assert await entries.list() == await entries.list(RETIRED) == [retired]
    assert await entries.set_status("unknown", RETIRED, HR, LATER) is None


async def test_the_generation_moves_with_every_change(entries: EntryStore) -> None:
    seen = [await entries.generation()]
    await save(entries)
    seen.append(await entries.generation())
    await entries.set_status("bicycles", DRAFT, HR, LATER)
    seen.append(await entries.generation())
    await entries.take_all([given(answer="New.")], HR, LATER, TODAY)
    seen.append(await entries.generation())

    assert seen == [0, 1, 2, 3]


# ── finding ──────────────────────────────────────────────────────────────────


async def test_published_entries_are_found_by_question_variant_and_answer(entries: EntryStore) -> None:
    await save(entries)
    await save(entries, "annual_leave", question="年假有多少天?", variants=(), answer="10天。")

    assert await found(entries, "parking my BICYCLE") == ["bicycles"]
    assert await found(entries, "a bike?") == ["bicycles"]
    assert await found(entries, "badges") == ["bicycles"]
    assert await found(entries, "休年假") == ["annual_leave"]
    assert await found(entries, "?!") == []
    assert await entries.search(words_of("bicycle"), set(), 10) == []


async def test_the_better_match_comes_first_and_no_more_than_asked_for(entries: EntryStore) -> None:
    for number in range(12):
        await save(entries, f"e{number:02}", question=f"Question {number}", variants=(), answer="Ask the desk.")
    await save(entries, question="Where is the bicycle cellar?", variants=("bicycle cellar",))

    results = await entries.search(words_of("question about the bicycle cellar"), ALL, 5)

    assert results[0][0] == "bicycles"
    assert len(results) == 5
    assert [score for _, score in results] == sorted((score for _, score in results), reverse=True)


async def test_the_index_follows_the_revision_that_holds_and_the_status(entries: EntryStore) -> None:
    await save(entries)
    await save(entries, question="Where is the yard?", variants=(), answer="Behind B.")
    assert await found(entries, "bicycle") == []
    assert await found(entries, "yard") == ["bicycles"]

    await entries.set_status("bicycles", RETIRED, HR, LATER)
    assert await found(entries, "yard") == []

    await entries.set_status("bicycles", PUBLISHED, HR, LATER)
    assert await found(entries, "yard") == ["bicycles"]


async def test_what_somebody_may_not_see_is_not_found(entries: EntryStore) -> None:
    await save(entries, "theirs", audience=("channel:C1", "group:S1"))
    await save(entries, "everyones")

    assert await found(entries, "bicycle") == ["everyones"]
    assert sorted(await found(entries, "bicycle", {"everyone", "group:S1"})) == ["everyones", "theirs"]
    for other in ("channel:S1", "group:s1", "group:S", "channel:C10", "c1", "everyon"):
        assert await found(entries, "bicycle", {other}) == []


async def test_words_that_everything_has_find_nothing_unless_there_are_no_others(entries: EntryStore) -> None:
    await save(entries, "a", question="How is it in the yard?", variants=(), answer="Cold.")
    await save(entries, "b", question="Which gate?", variants=(), answer="North.")

    assert await found(entries, "how is it in the gate") == ["b"]
    assert await found(entries, "how is it") == ["a"]


@pytest.mark.parametrize("hostile", ['" OR 1', "NEAR(a b)", "asked:bicycle", "audience : everyone", "a AND NOT b", "*"])
async def test_a_question_is_no_query_language(entries: EntryStore, hostile: str) -> None:
    await save(entries, audience=("group:S1",))

    assert await found(entries, hostile) == []
    assert await found(entries, f"{hostile} bicycle", {"group:S1"}) == ["bicycles"]


async def test_exactly_the_same_words_are_found_at_once(entries: EntryStore) -> None:
    await save(entries)
    await save(entries, "other", question="Where do  BIKES go")

    assert list(await entries.asked_as("where do bikes go")) == ["bicycles", "other"]
    assert list(await entries.asked_as("where do the bikes go")) == []
    await entries.set_status("other", DRAFT, HR, LATER)
    assert list(await entries.asked_as("Where do bikes go")) == ["bicycles"]


# ── importing ────────────────────────────────────────────────────────────────


async def test_an_import_says_what_was_added_changed_and_left_alone(entries: EntryStore) -> None:
    await entries.take_all([given("a"), given("b")], HR, START, TODAY)

    changes = await entries.take_all([given("a"), given("b", answer="New.", lang="zh"), given("c")], HR, LATER, TODAY)

    assert [change.after.entry_id for change in changes] == ["a", "b", "c"]
    assert [change.before is None for change in changes] == [False, False, True]
    assert [change.fields for change in changes] == [(), ("lang", "answer"), ()]
    assert [entry.revision for entry in await entries.published()] == [1, 2, 1]


async def test_what_is_new_is_published_and_verified_today_unless_the_file_says_otherwise(entries: EntryStore) -> None:
    day = date(2025, 12, 24)
    await entries.take_all(
        [given("plain"), given("dated", verified_at=day), given("draft", status=DRAFT)], HR, START, TODAY
    )

    imported = {entry.entry_id: (entry.status, entry.text.verified_at) for entry in await entries.list()}

    assert imported == {"plain": (PUBLISHED, TODAY), "dated": (PUBLISHED, day), "draft": (DRAFT, TODAY)}


async def test_what_a_file_leaves_open_stays(entries: EntryStore) -> None:
    tomorrow = date(2026, 3, 3)
    await entries.take_all([given("a"), given("b"), given("c")], HR, START, TODAY)
    await entries.set_status("a", RETIRED, HR, START)

    await entries.take_all([given("a"), given("b", variants=("one",)), given("c", answer="New.")], HR, LATER, tomorrow)

    stands = {entry.entry_id: (entry.status, entry.text.verified_at, entry.revision) for entry in await entries.list()}
    assert stands == {"a": (RETIRED, TODAY, 1), "b": (PUBLISHED, TODAY, 2), "c": (PUBLISHED, tomorrow, 2)}


async def test_a_preview_says_the_same_and_does_nothing(entries: EntryStore, database: Database) -> None:
    await entries.take_all([given("a")], HR, START, TODAY)
    new = [given("a", answer="New."), given("b")]

    preview = await entries.preview(new, HR, LATER, TODAY)

    assert [entry.entry_id for entry in await entries.list()] == ["a"]
    assert len(await audited(database)) == 1
    assert list(preview) == list(await entries.take_all(new, HR, LATER, TODAY))


async def test_an_import_stands_as_a_whole_or_not_at_all(entries: EntryStore, database: Database) -> None:
    await entries.take_all([given("a")], HR, START, TODAY)

    with pytest.raises(ValueError):
        await entries.take_all([given("a", answer="New."), given("b", answer="\ud800")], HR, LATER, TODAY)

    (entry,) = await entries.list()
    assert (entry.revision, await entries.generation(), len(await audited(database))) == (1, 1, 1)
    assert await found(entries, "new") == []


class Interrupted:
    """A database in which somebody else saves right after each look."""

    def __init__(self, database: Database, entries: EntryStore) -> None:
        self._database = database
        self._entries = entries
        self.write = database.write

    async def read(self, work: Callable[[Connection], T]) -> T:
        result = await self._database.read(work)
        await self._entries.save("a", a_text(answer="Theirs."), PUBLISHED, HR, START)
        return result


async def test_who_saves_while_an_import_is_made_ready_is_not_overlooked(
    entries: EntryStore, database: Database
) -> None:
    await entries.take_all([given("a")], HR, START, TODAY)
    importing = EntryStore(cast(Database, Interrupted(database, entries)), TRAIL)

    (change,) = await importing.take_all([given("a", answer="Ours.")], HR, LATER, TODAY)

    assert change.before is not None
    assert (change.before.text.answer, change.after.revision) == ("Theirs.", 3)
    assert [entry.text.answer for entry in await entries.revisions("a")][:2] == ["Ours.", "Theirs."]


# ── the record ───────────────────────────────────────────────────────────────


async def test_every_change_is_on_record_with_its_words_in_the_body_alone(
    entries: EntryStore, database: Database
) -> None:
    await entries.save("bicycles", a_text(), DRAFT, HR, START)
    await entries.save("bicycles", a_text(answer="In the yard."), PUBLISHED, HR, LATER)
    await entries.set_status("bicycles", RETIRED, HR, LATER)
    await entries.set_status("bicycles", DRAFT, HR, LATER)

    log = await audited(database)

    kinds = ["entry_added", "entry_revised", "entry_published", "entry_retired", "entry_withheld"]
    assert [header["kind"] for header, _ in log] == kinds
    assert [header["revision"] for header, _ in log] == [1, 2, 2, 2, 2]
    assert {name: log[1][0][name] for name in ("entry_id", "status", "lang", "via", "actor")} == {
        "entry_id": "bicycles",
        "status": "published",
        "lang": "en",
        "via": "slack",
        "actor": "pseudonym of UHR",
    }
    assert log[1][1] is not None
    assert log[1][1]["answer"] == "In the yard."
    assert log[1][1]["variants"] == "where do bikes go\nis there a bike cellar"
    assert [body is None for _, body in log] == [False, False, True, True, True]
    assert not any("bike" in str(header) or "UHR" in str(header["via"]) for header, _ in log)


async def test_the_chain_holds_over_an_import_of_many(entries: EntryStore, database: Database) -> None:
    await save(entries)
    await entries.take_all([given(f"e{number}") for number in range(30)], HR, LATER, TODAY)

    verdict = await AuditStore(database, KEYS).verify()

    assert (verdict.first_bad, verdict.entries) == (None, 31)
