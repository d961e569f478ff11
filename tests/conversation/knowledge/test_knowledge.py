"""What the company knows about a question: real SQLite, an encoder that a test can follow."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

import pytest

from bot.conversation.knowledge import latest
from bot.conversation.knowledge.findings import Findings, Inquiry, Route
from bot.conversation.knowledge.knowledge import Knowledge
from bot.conversation.knowledge.latest import KnowledgeStores, OpenEmbedder
from inference.errors import ModelUnusable
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.passages import PassageStore
from storage.knowledge.records import Entry, EntryStatus, GivenDocument, Passage
from storage.knowledge.vectors import VectorStore
from tests.clock import START, ManualClock
from tests.conftest import TRAIL
from tests.conversation.knowledge.concepts import ConceptEncoder
from tests.conversation.knowledge.retrieval.shelves import BADGE, BALANCE, OFFICE, REQUEST
from tests.conversation.knowledge.samples import an_entry
from tests.storage.knowledge.samples import HR

MakeKnowledge = Callable[..., Knowledge]


@pytest.fixture
def stores(database: Database) -> KnowledgeStores:
    return KnowledgeStores(EntryStore(database, TRAIL), PassageStore(database, TRAIL), VectorStore(database))


@pytest.fixture
async def make(stores: KnowledgeStores, clock: ManualClock) -> AsyncIterator[MakeKnowledge]:
    made: list[Knowledge] = []

    def make_it(opening: OpenEmbedder = ConceptEncoder) -> Knowledge:
        made.append(Knowledge(stores, opening, clock))
        return made[-1]

    yield make_it
    for knowledge in made:
        await knowledge.close()


async def save(stores: KnowledgeStores, *entries: Entry) -> None:
    for entry in entries:
        await stores.entries.save(entry.entry_id, entry.text, entry.status, HR, START)


@pytest.fixture
async def knowledge(stores: KnowledgeStores, make: MakeKnowledge) -> Knowledge:
    """Of the whole office, everything encoded."""
    await save(stores, *OFFICE)
    knowledge = make()
    await knowledge.open()
    await knowledge.refresh()
    return knowledge


async def ask(knowledge: Knowledge, text: str, previous: str = "", audience: Sequence[str] = ()) -> Findings:
    return await knowledge.look_up(Inquiry(text=text, previous=previous, audience=frozenset(audience)))


def first(findings: Findings) -> str:
    return findings.entries[0].entry.entry_id


# ── what is found ────────────────────────────────────────────────────────────


async def test_a_question_that_an_entry_answers(knowledge: Knowledge) -> None:
    findings = await ask(knowledge, "how much pto is remaining?")

    assert findings.route is Route.DIRECT
    assert first(findings) == "balance"
    assert findings.entries[0].entry.text == BALANCE.text
    assert 0.7 < findings.score < 1


async def test_a_question_that_nothing_answers(knowledge: Knowledge) -> None:
    findings = await ask(knowledge, "who wrote the song about the zebra")

    assert findings.route is Route.NONE
    assert len(findings.entries) == len(OFFICE), "their order is told all the same"


async def test_the_very_words_of_an_entry_mean_it(knowledge: Knowledge, stores: KnowledgeStores) -> None:
    """Whatever the gate thinks of it: both these entries are about paid leave."""
    alike = ("the remaining pto", "balance of leave", "how much holiday remaining")
    await save(stores, an_entry("twin", "How much vacation have I left?", variants=alike))
    await knowledge.refresh()

    loosely, exactly = await ask(knowledge, "pto left"), await ask(knowledge, "My REMAINING　pto")

    assert loosely.route is not Route.DIRECT
    assert (exactly.route, first(exactly), exactly.score) == (Route.DIRECT, "balance", 1.0)


async def test_a_chinese_entry_with_few_variants_is_only_suggested(
    knowledge: Knowledge, stores: KnowledgeStores
) -> None:
    few = an_entry("print_zh", "打印机怎么打印", lang="zh", variants=("打印文件", "在哪里打印"), answer="按绿色的键。")
    await save(stores, few)
    await knowledge.refresh()
    assert (await ask(knowledge, "打印机在哪里打印")).route is Route.SUGGEST

    await save(stores, replace(few, text=replace(few.text, variants=(*few.text.variants, "怎么打印"))))
    await knowledge.refresh()
    assert (await ask(knowledge, "打印机在哪里打印")).route is Route.DIRECT


@pytest.mark.parametrize("text", ["", " ", "\ud800", "\0", "x" * 100_000, "年" * 5_000, '"*) OR (', "👍"])
async def test_whatever_is_asked(knowledge: Knowledge, text: str) -> None:
    assert (await ask(knowledge, text)).route is Route.NONE


# ── who asks ─────────────────────────────────────────────────────────────────


async def test_it_knows_for_which_user_groups_something_is_kept(knowledge: Knowledge, stores: KnowledgeStores) -> None:
    assert await knowledge.groups() == frozenset()
    shown_to = ("channel:C1", "group:S0PEOPLE")
    await save(stores, replace(REQUEST, entry_id="secret", text=replace(REQUEST.text, audience=shown_to)))
    await knowledge.refresh()
    assert await knowledge.groups() == {"S0PEOPLE"}


async def test_entries_are_for_their_audience(knowledge: Knowledge, stores: KnowledgeStores) -> None:
    secret = replace(REQUEST, entry_id="secret", text=replace(REQUEST.text, audience=("channel:C1",)))
    await save(stores, replace(REQUEST, status=EntryStatus.RETIRED), secret)
    await knowledge.refresh()

    outside, inside = (
        await ask(knowledge, "apply for holiday"),
        await ask(knowledge, "apply for holiday", "", ["channel:C1"]),
    )

    assert "secret" not in [found.entry.entry_id for found in outside.entries]
    assert (inside.route, first(inside)) == (Route.DIRECT, "secret")
    exactly = await ask(knowledge, "How do I request vacation?")
    assert "secret" not in [found.entry.entry_id for found in exactly.entries]


# ── follow-ups ───────────────────────────────────────────────────────────────


async def test_a_follow_up_is_looked_for_with_the_question_before(knowledge: Knowledge) -> None:
    alone = await ask(knowledge, "and on monday morning?")
    after = await ask(knowledge, "and on monday morning?", previous="request holiday")

    assert alone.route is Route.NONE
    assert (after.route, first(after)) == (Route.SUGGEST, "request"), "a guess is never a direct answer"


async def test_a_question_that_stands_for_itself_is_answered_for_itself(knowledge: Knowledge) -> None:
    findings = await ask(knowledge, "i lost my card", previous="How much vacation do I have left?")

    assert (findings.route, first(findings)) == (Route.DIRECT, "badge")


async def test_thanks_ask_for_nothing(knowledge: Knowledge) -> None:
    assert (await ask(knowledge, "thank you very much", previous="request holiday")).route is Route.NONE


# ── what changes ─────────────────────────────────────────────────────────────


async def test_a_change_is_known_after_a_refresh(knowledge: Knowledge, stores: KnowledgeStores) -> None:
    await save(stores, an_entry("print", "How do I print?", variants=("printer", "printing at work", "print a page")))
    assert (await ask(knowledge, "printing")).route is Route.NONE

    await knowledge.refresh()

    findings = await ask(knowledge, "printing")
    assert (findings.route, first(findings)) == (Route.DIRECT, "print")


async def test_what_is_taken_back_is_shown_to_nobody_from_then_on(
    knowledge: Knowledge, stores: KnowledgeStores
) -> None:
    """Before any refresh."""
    await stores.entries.set_status("badge", EntryStatus.RETIRED, HR, START)

    findings = await ask(knowledge, "i lost my card")

    assert findings.route is not Route.DIRECT
    assert "badge" not in [found.entry.entry_id for found in findings.entries]


async def test_what_is_reworded_is_suggested_as_it_is_now(knowledge: Knowledge, stores: KnowledgeStores) -> None:
    await save(stores, replace(BADGE, text=replace(BADGE.text, answer="Call extension 501.")))

    findings = await ask(knowledge, "i lost my card")

    assert findings.route is Route.SUGGEST
    assert findings.entries[0].entry.text.answer == "Call extension 501."


async def test_nothing_that_was_encoded_is_encoded_again(stores: KnowledgeStores, make: MakeKnowledge) -> None:
    await save(stores, *OFFICE)
    encoder = ConceptEncoder()
    await make(lambda: encoder).refresh()
    before = len(encoder.asked)

    await make(lambda: encoder).refresh()

    assert len(encoder.asked) == before > len(OFFICE)


async def test_it_follows_the_store(knowledge: Knowledge, stores: KnowledgeStores, clock: ManualClock) -> None:
    following = asyncio.create_task(knowledge.keep_fresh())
    await save(stores, an_entry("print", "How do I print?", variants=("printer", "printing at work", "print a page")))

    async with asyncio.timeout(10):
        while (await ask(knowledge, "printing")).route is not Route.DIRECT:
            await clock.advance(latest.POLL_SECONDS)

    following.cancel()


async def test_until_much_is_encoded_words_find_it(stores: KnowledgeStores, make: MakeKnowledge) -> None:
    """Everyday sentences alone are more than what is encoded at once."""
    may_encode = asyncio.Event()

    class Slow(ConceptEncoder):
        def embed_passages(self, texts: Sequence[str]) -> object:  # type: ignore[override]
            asyncio.run_coroutine_threadsafe(may_encode.wait(), loop).result(10)
            return super().embed_passages(texts)

    loop = asyncio.get_running_loop()
    await save(stores, *OFFICE)
    knowledge = make(Slow)
    refreshing = asyncio.create_task(knowledge.refresh())

    meanwhile = await ask(knowledge, "badge stolen")
    may_encode.set()
    await refreshing

    assert (meanwhile.route, first(meanwhile)) == (Route.SUGGEST, "badge")
    assert (await ask(knowledge, "card stolen")).route is Route.DIRECT


# ── nothing there ────────────────────────────────────────────────────────────


async def test_nothing_stored_is_empty_and_encodes_nothing(make: MakeKnowledge) -> None:
    def not_needed() -> ConceptEncoder:
        raise AssertionError("nothing is to be encoded")

    knowledge = make(not_needed)
    await knowledge.open()
    await knowledge.refresh()

    assert knowledge.is_empty
    assert (await ask(knowledge, "how do i request leave")).route is Route.NONE


async def test_drafts_are_nothing(stores: KnowledgeStores, make: MakeKnowledge) -> None:
    await save(stores, replace(BADGE, status=EntryStatus.DRAFT))
    knowledge = make()
    await knowledge.open()

    assert knowledge.is_empty


async def test_a_passage_alone_is_something(stores: KnowledgeStores, make: MakeKnowledge) -> None:
    passage = Passage(passage_id="p1", document="b/a.md", heading_path=("Leave",), text="PTO carries over.", lang="en")
    other = [
        replace(passage, passage_id=f"r{at}", heading_path=("Rooms",), text=f"Room {at} is here.") for at in range(9)
    ]
    await stores.passages.replace("b", [GivenDocument(name="b/a.md", text="…", passages=(passage, *other))], HR, START)
    knowledge = make()
    await knowledge.open()
    await knowledge.refresh()

    findings = await ask(knowledge, "does vacation carry over")

    assert not knowledge.is_empty
    assert findings.route is Route.NONE
    assert findings.passages[0].passage.passage_id == "p1"


# ── without an encoder ───────────────────────────────────────────────────────


def _broken() -> ConceptEncoder:
    raise ModelUnusable("the weights are not what they should be: install them anew")


@pytest.mark.parametrize("opening", [lambda: None, _broken])
async def test_without_an_encoder_words_suggest(
    stores: KnowledgeStores, make: MakeKnowledge, opening: OpenEmbedder
) -> None:
    await save(stores, *OFFICE)
    knowledge = make(opening)
    await knowledge.refresh()

    found, exactly = await ask(knowledge, "is my badge stolen"), await ask(knowledge, "I lost my badge")

    assert (found.route, first(found)) == (Route.SUGGEST, "badge")
    assert (exactly.route, first(exactly)) == (Route.SUGGEST, "badge")
    assert (await ask(knowledge, "who wrote hamlet")).route is Route.NONE


async def test_closing_waits_for_no_snapshot(
    stores: KnowledgeStores, make: MakeKnowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun = threading.Event()

    def take_for_ever(*given: object) -> None:
        check = given[-1]
        assert callable(check)
        has_begun.set()
        while True:
            check()

    monkeypatch.setattr(latest, "take_snapshot", take_for_ever)
    await save(stores, *OFFICE)
    knowledge = make()
    await knowledge.open()
    following = asyncio.create_task(knowledge.keep_fresh())
    await asyncio.to_thread(has_begun.wait)
    following.cancel()

    await knowledge.close()
