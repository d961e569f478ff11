"""Two people find an answer helpful, and their words become a way in which the entry is asked."""

from bot.conversation.knowledge.findings import Route
from bot.platforms.slack.feedback import FEEDBACK_ACTION
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Entry, EntryStatus
from tests.clock import START
from tests.conftest import TRAIL
from tests.scenarios.house import ALICE, BRUNO, GENERAL, House
from tests.scenarios.knowing import says, the_reply
from tests.shelf import Shelf
from tests.storage.knowledge.samples import HR, a_text

WORDS = "where do i leave my bike overnight"


async def test_two_thumbs_up_teach_an_entry_a_new_variant(house: House, shelf: Shelf) -> None:
    async with await Database.open(f"sqlite:///{house.folder / 'inthread.db'}") as database:
        entries = EntryStore(database, TRAIL)
        entry = await entries.save("bicycles", a_text(), EntryStatus.PUBLISHED, HR, START)
        shelf.lay_out(WORDS, Route.DIRECT, entry)
        await house.start(jobs={"variants_seconds": 0.1})
        ts = await house.ask(ALICE, GENERAL, WORDS)
        reply = await the_reply(house, GENERAL, ts, says(entry.text.answer))

        for user in (ALICE, BRUNO):
            assert await house.sandbox.click(user, GENERAL, reply["ts"], FEEDBACK_ACTION, "positive")
        now: Entry | None = entry
        while now is not None and now.revision == 1:
            await house.clock.sleep(0.5)
            now = await entries.find("bicycles")

    assert now is not None
    assert now.text.variants == (*entry.text.variants, WORDS)
    assert now.author == "inthread"
