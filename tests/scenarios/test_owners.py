"""Owners read in their channel what nothing answered and what is to be reviewed, and do something about it there."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from bot.conversation.knowledge.findings import Route
from bot.conversation.phrases import phrase
from bot.platforms.slack.blocks import ADD_VARIANT_ACTION, CREATE_ENTRY_ACTION, DISMISS_GAP_ACTION, OPEN_ENTRY_ACTION
from bot.sandbox import Fault
from storage.basis import Basis, BasisKind
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Entry, EntryStatus
from storage.learning.dismissals import DismissalStore
from tests.clock import START
from tests.conftest import TRAIL
from tests.conversation.learning.bench import Bench
from tests.scenarios.forms import shown_in, submit, the_modal
from tests.scenarios.house import ALICE, BRUNO, DANA, HELP_HR, House, Message, text_of
from tests.scenarios.knowing import labels_of
from tests.shelf import Shelf
from tests.storage.knowledge.samples import HR, a_text

DOG, WIFI = "may I bring my dog to work", "how do guests get on the wifi"
TELLING = {
    "answers": {"ask_channel": HELP_HR},
    "slack": {"editors": (DANA, ALICE)},
    "jobs": {"owners_seconds": 0.1, "reviews": {"days_ahead": 10}},
}
DIGEST = phrase("digest_head", "en", days=30)
CREATE, VARIANT, DISMISS = (phrase(key, "en") for key in ("gap_create", "gap_variant", "gap_dismiss"))


async def asked(house: House, *texts: str) -> None:
    """Nothing answered them."""
    async with await Database.open(f"sqlite:///{house.folder / 'inthread.db'}") as database:
        bench = Bench(database, house.clock)  # type: ignore[arg-type]
        for text in texts:
            await bench.ask(text, Basis(kind=BasisKind.NONE))


async def written(house: House, entry_id: str = "wifi", **changes: Any) -> Entry:
    fields = {"question": "What is the guest WiFi called?", "variants": (), "owner": "it@acme.test", **changes}
    async with await Database.open(f"sqlite:///{house.folder / 'inthread.db'}") as database:
        entries = EntryStore(database, TRAIL)
        return await entries.save(entry_id, a_text(**fields), EntryStatus.PUBLISHED, HR, START)


async def entry_of(house: House, entry_id: str) -> Entry | None:
    async with await Database.open(f"sqlite:///{house.folder / 'inthread.db'}") as database:
        return await EntryStore(database, TRAIL).find(entry_id)


async def told(house: House, is_it: Callable[[Message], object] = lambda message: True) -> Message:
    """The one message in the owners' channel, as soon as this is true of it."""

    def found() -> Message | None:
        ours = house.ours(HELP_HR)
        return ours[0] if len(ours) == 1 and is_it(ours[0]) else None

    message: Message = await house.until(found)
    return message


def items_of(message: Message) -> str:
    return "\n".join(block["text"]["text"] for block in message["blocks"] if block["type"] == "section")


@pytest.fixture
async def digest(house: House, shelf: Shelf) -> Message:
    """The message, with two gaps: one of two questions, and one that an entry is near to."""
    await asked(house, DOG, DOG, WIFI)
    shelf.lay_out(WIFI, Route.SUGGEST, await written(house))
    await house.start(**TELLING)
    return await told(house)


async def test_what_nothing_answered_stands_in_the_owners_channel_with_buttons(digest: Message) -> None:
    assert text_of(digest).startswith(DIGEST)
    items = items_of(digest)
    assert items.index(f"“{DOG}”\nAsked 2 ×") < items.index(f"“{WIFI}”\nAsked 1 ×")
    assert "Nearest: “What is the guest WiFi called?” (wifi)" in items
    assert labels_of(digest) == [CREATE, DISMISS, CREATE, VARIANT, DISMISS]


async def test_an_entry_is_created_from_the_gap(house: House, digest: Message) -> None:
    assert await house.sandbox.click(DANA, HELP_HR, digest["ts"], f"{CREATE_ENTRY_ACTION}_1")
    form = await the_modal(house, DANA, phrase("form_add", "en"))

    assert await submit(house, DANA, form, entry_id="dogs", answer="Dogs stay at home.") == {}

    done = await told(house, lambda message: "✓ dana has written an entry" in items_of(message))
    assert labels_of(done) == [CREATE, VARIANT, DISMISS]
    entry = await entry_of(house, "dogs")
    assert entry is not None
    assert (entry.text.question, entry.author) == (DOG, "slack:T0NORTHWIND:U0DANA")


async def test_words_are_added_to_the_nearest_entry(house: House, digest: Message) -> None:
    assert await house.sandbox.click(DANA, HELP_HR, digest["ts"], f"{ADD_VARIANT_ACTION}_2")
    await told(house, lambda message: "✓ dana has added it to wifi" in items_of(message))
    entry = await entry_of(house, "wifi")
    assert entry is not None
    assert (entry.text.variants, entry.author) == ((WIFI,), "slack:T0NORTHWIND:U0DANA")


async def test_what_is_put_aside_stays_away(house: House, digest: Message) -> None:
    assert await house.sandbox.click(ALICE, HELP_HR, digest["ts"], f"{DISMISS_GAP_ACTION}_1")
    done = await told(house, lambda message: "✓ alice has put it aside" in items_of(message))
    assert labels_of(done) == [CREATE, VARIANT, DISMISS]
    async with await Database.open(f"sqlite:///{house.folder / 'inthread.db'}") as database:
        assert len(await DismissalStore(database, TRAIL).all()) == 2


async def test_who_is_no_editor_is_told_so(house: House, digest: Message) -> None:
    for action in (f"{CREATE_ENTRY_ACTION}_1", f"{ADD_VARIANT_ACTION}_2", f"{DISMISS_GAP_ACTION}_1"):
        assert await house.sandbox.click(BRUNO, HELP_HR, digest["ts"], action)
    said = await house.until(lambda: len(found := house.sandbox.ephemerals(HELP_HR, BRUNO)) == 3 and found)
    assert {text_of(message) for message in said} == {phrase("editors_only", "en")}
    assert labels_of(house.ours(HELP_HR)[0]) == labels_of(digest)


async def test_who_was_too_slow_is_told_so(house: House, digest: Message) -> None:
    await house.sandbox.click(DANA, HELP_HR, digest["ts"], f"{CREATE_ENTRY_ACTION}_1")
    form = await the_modal(house, DANA, phrase("form_add", "en"))
    await house.sandbox.click(ALICE, HELP_HR, digest["ts"], f"{DISMISS_GAP_ACTION}_1")
    await told(house, lambda message: "✓ alice has put it aside" in items_of(message))

    assert await submit(house, DANA, form, entry_id="dogs", answer="Dogs stay at home.") == {}

    saved = await the_modal(house, DANA, phrase("saved_title", "en"))
    assert "`dogs` is saved" in shown_in(saved), "who wrote an entry has not written it for nothing"
    assert "✓ alice has put it aside" in items_of(house.ours(HELP_HR)[0])


async def test_a_post_that_may_have_happened_is_looked_for_before_it_is_made_again(house: House, shelf: Shelf) -> None:
    await asked(house, DOG)
    house.sandbox.faults.add(Fault("reset_after_commit", "chat.postMessage", times=1))
    await house.start(**TELLING)
    await told(house)
    await house.until(lambda: any(call.method == "conversations.history" for call in house.sandbox.calls))
    await house.stop()
    assert len(house.ours(HELP_HR)) == 1


async def test_after_a_restart_nobody_is_told_again(house: House, digest: Message) -> None:
    await house.stop()
    await house.start(**TELLING)
    await house.clock.sleep(20)
    assert [message["ts"] for message in house.ours(HELP_HR)] == [digest["ts"]]


async def test_a_review_is_opened_from_its_reminder(house: House, shelf: Shelf) -> None:
    await written(house, "bikes", question="Where do bikes go?", review_by=date(2026, 3, 5))
    await house.start(**TELLING)
    reminder = await told(house)
    assert text_of(reminder).startswith(phrase("reviews_head", "en"))
    assert "“Where do bikes go?” (bikes), by 5 Mar 2026." in items_of(reminder)

    assert await house.sandbox.click(DANA, HELP_HR, reminder["ts"], f"{OPEN_ENTRY_ACTION}_1")
    form = await the_modal(house, DANA, phrase("form_edit", "en"))
    assert await submit(house, DANA, form, review_by="2027-03-05", confirmed=True) == {}
    entry = await entry_of(house, "bikes")
    assert entry is not None
    assert (entry.text.review_by, entry.revision) == (date(2027, 3, 5), 2)
