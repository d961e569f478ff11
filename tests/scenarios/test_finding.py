"""From entries in the database to verified answers in Slack: the service with its own retrieval."""

from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.conversation.knowledge.knowledge import Knowledge
from bot.conversation.knowledge.latest import KnowledgeStores
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.passages import PassageStore
from storage.knowledge.records import Entry
from storage.knowledge.vectors import VectorStore
from tests.clock import START
from tests.conftest import TRAIL
from tests.conversation.knowledge.concepts import ConceptEncoder
from tests.conversation.knowledge.retrieval.shelves import BADGE, OFFICE
from tests.conversation.knowledge.samples import an_entry
from tests.scenarios.house import ALICE, GENERAL, House, text_of
from tests.storage.knowledge.samples import HR


@pytest.fixture(autouse=True)
def _followable_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.assembly.library.open_embedder", lambda *_: ConceptEncoder())


async def keep(folder: Path, *entries: Entry) -> None:
    """As another process does: `inthread faq import`, `inthread faq encode`."""
    async with await Database.open(f"sqlite:///{folder / 'inthread.db'}") as database:
        stores = KnowledgeStores(EntryStore(database, TRAIL), PassageStore(database, TRAIL), VectorStore(database))
        for entry in entries:
            await stores.entries.save(entry.entry_id, entry.text, entry.status, HR, START)
        knowledge = Knowledge(stores, ConceptEncoder, SystemClock())
        await knowledge.encode_all(lambda done, total: None)
        await knowledge.close()


async def answer_to(house: House, text: str) -> str:
    ts = await house.ask(ALICE, GENERAL, text)
    (answer,) = await house.answered(GENERAL, ts)
    return answer


async def test_an_entry_answers_word_for_word(house: House) -> None:
    await house.start()
    await house.stop()  # the database is there
    await keep(house.folder, *OFFICE)
    await house.start()

    assert await answer_to(house, "somebody has stolen my card") == BADGE.text.answer


async def test_a_stop_right_after_the_start_still_answers(house: House) -> None:
    """Who asked waits for the first snapshot."""
    await house.start()
    await house.stop()
    await keep(house.folder, *OFFICE)
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "somebody has stolen my card")
    await house.until(lambda: house.ours(GENERAL, ts))

    await house.stop()

    assert [text_of(message) for message in house.ours(GENERAL, ts)] == [BADGE.text.answer]


async def test_what_is_imported_while_it_serves_is_known_soon(house: House) -> None:
    await house.start()
    printing = an_entry(
        "print", "How do I print?", variants=("printer", "print a page", "print"), answer="Press green."
    )
    await keep(house.folder, *OFFICE, printing)

    answers = []
    while answers[-1:] != ["Press green."]:
        answers.append(await answer_to(house, "how to print a page"))
        assert len(answers) < 20
        await house.clock.sleep(1)
