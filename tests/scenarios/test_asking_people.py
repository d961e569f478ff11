"""Somebody who knows is asked instead: their channel gets the question, who asked gets the answer."""

from pathlib import Path
from typing import Any

import pytest

from bot.conversation.knowledge.findings import Route
from bot.conversation.phrases import phrase
from bot.platforms.slack.blocks import ASK_PEOPLE_ACTION, DECLINE_ACTION
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Entry, EntryStatus
from tests.conftest import TRAIL
from tests.scenarios.house import (
    ALICE,
    BRUNO,
    CHENWEI,
    DANA,
    GENERAL,
    HELP_HR,
    HELP_IT,
    House,
    Message,
    note_of,
    text_of,
)
from tests.scenarios.knowing import BALANCE, labels_of, says, the_reply
from tests.shelf import Shelf, an_entry

PEOPLE = {"ask_channel": HELP_HR, "owner_channels": {"it@acme.test": HELP_IT}}
QUESTION = "may I bring my dog?"
NOTHING = phrase("no_verified_answer", "en")
ASK = phrase("ask_people", "en")

pytestmark = pytest.mark.usefixtures("shelf")


async def asked(house: House, user: str = ALICE, channel: str = GENERAL, text: str = QUESTION) -> str:
    """A question that nothing answers, put to people; its ts."""
    ts = await house.ask(user, channel, text)
    reply = await the_reply(house, channel, ts, lambda message: ASK in labels_of(message))
    assert await house.sandbox.click(user, channel, reply["ts"], ASK_PEOPLE_ACTION)
    await the_reply(house, channel, ts, lambda message: phrase("people_asked", "en") in note_of(message))
    return ts


async def the_question(house: House, channel: str = HELP_HR) -> Message:
    """As it stands in the people's channel."""
    found: list[Message] = await house.until(lambda: house.ours(channel))
    assert len(found) == 1
    return found[0]


async def drafts(folder: Path) -> list[Entry]:
    async with await Database.open(f"sqlite:///{folder / 'inthread.db'}") as database:
        return await EntryStore(database, TRAIL).list(EntryStatus.DRAFT)


async def test_the_question_goes_to_people_and_their_answer_comes_back(house: House) -> None:
    await house.start(answers=PEOPLE)
    ts = await asked(house)
    question = await the_question(house)
    for words in (f"> {QUESTION}", f"> I answered: {NOTHING}"):
        assert words in text_of(question)
    assert note_of(question) == phrase("how_to_answer", "en")

    await house.sandbox.post_as(DANA, HELP_HR, "Dogs stay at home, sorry.", question["ts"])

    first, second = await house.until(lambda: len(ours := house.ours(GENERAL, ts)) == 2 and ours)
    assert (text_of(first), labels_of(first)) == (NOTHING, [])
    assert text_of(second) == "Dogs stay at home, sorry."
    assert note_of(second) == phrase("relayed", "en", question=QUESTION)
    [draft] = await drafts(house.folder)
    assert (draft.text.question, draft.text.answer) == (QUESTION, "Dogs stay at home, sorry.")
    assert (draft.text.owner, draft.author.split(":")[-1]) == (f"@{DANA}", DANA)
    kept = phrase("answer_passed_on", "en", entry=draft.entry_id)
    await house.until(lambda: note_of(house.ours(HELP_HR)[0]) == kept)
    assert len(house.ours(HELP_HR)) == 1


async def test_everybody_who_asked_the_same_gets_the_answer(house: House) -> None:
    await house.start(answers=PEOPLE)
    first = await asked(house, ALICE, GENERAL)
    second = await asked(house, BRUNO, HELP_IT, "May I bring my dog")
    question = await the_question(house)

    await house.sandbox.post_as(DANA, HELP_HR, "No.", question["ts"])

    for channel, ts in ((GENERAL, first), (HELP_IT, second)):
        await house.until(lambda channel=channel, ts=ts: "No." in map(text_of, house.ours(channel, ts)))
    await house.sandbox.delivered()
    assert len(house.ours(HELP_HR)) == 1


async def test_what_people_say_among_themselves_and_elsewhere_is_not_passed_on(house: House) -> None:
    await house.start(answers=PEOPLE, slack={"follow_ups": False})
    ts = await asked(house)
    question = await the_question(house)

    await house.sandbox.post_as(DANA, HELP_HR, f"<@{BRUNO}> do you know?", question["ts"])
    await house.sandbox.post_as(ALICE, HELP_HR, "I only wanted to know.", question["ts"])
    await house.sandbox.post_as(DANA, HELP_HR, "Something else altogether.")
    await house.sandbox.post_as(BRUNO, HELP_HR, "Only guide dogs.", question["ts"])

    await house.until(lambda: len(house.ours(GENERAL, ts)) == 2)
    await house.sandbox.delivered()
    assert [text_of(message) for message in house.ours(GENERAL, ts)] == [NOTHING, "Only guide dogs."]


async def test_events_that_come_twice_pass_an_answer_on_once(house: House) -> None:
    await house.start(answers=PEOPLE)
    ts = await asked(house)
    question = await the_question(house)
    house.sandbox.faults.deliveries.duplicate = 1.0
    await house.sandbox.post_as(DANA, HELP_HR, "No dogs.", question["ts"])
    await house.until(lambda: len(house.ours(GENERAL, ts)) == 2)
    await house.sandbox.delivered()
    assert len(house.ours(GENERAL, ts)) == 2


async def test_an_answer_that_was_written_while_nobody_ran_is_found(house: House) -> None:
    await house.start(answers=PEOPLE)
    ts = await asked(house)
    question = await the_question(house)
    await house.stop()
    house.sandbox.faults.deliveries.drop = 1.0
    await house.sandbox.post_as(DANA, HELP_HR, "No dogs.", question["ts"])

    await house.start(answers=PEOPLE)

    await house.until(lambda: "No dogs." in map(text_of, house.ours(GENERAL, ts)))
    house.sandbox.faults.clear()


async def test_a_question_that_was_taken_just_before_the_end_is_put_after_it(house: House) -> None:
    await house.start(answers=PEOPLE)
    ts = await house.ask(ALICE, GENERAL, QUESTION)
    reply = await the_reply(house, GENERAL, ts, lambda message: ASK in labels_of(message))
    await house.sandbox.click(ALICE, GENERAL, reply["ts"], ASK_PEOPLE_ACTION)
    await house.stop()
    await house.start(answers=PEOPLE)
    await the_question(house)
    await the_reply(house, GENERAL, ts, lambda message: phrase("people_asked", "en") in note_of(message))


async def test_the_owner_of_what_came_nearest_is_asked_in_their_channel(house: House, shelf: Shelf) -> None:
    shelf.lay_out("days?", Route.SUGGEST, an_entry("vpn", question="How do I use VPN?", owner="it@acme.test"))
    await house.start(answers=PEOPLE)
    ts = await house.ask(ALICE, GENERAL, "days?")
    reply = await the_reply(house, GENERAL, ts, lambda message: "None of these" in labels_of(message))
    await house.sandbox.click(ALICE, GENERAL, reply["ts"], DECLINE_ACTION)
    reply = await the_reply(house, GENERAL, ts, lambda message: labels_of(message) == [ASK])
    await house.sandbox.click(ALICE, GENERAL, reply["ts"], ASK_PEOPLE_ACTION)
    await the_question(house, HELP_IT)
    assert house.ours(HELP_HR) == []


async def test_a_verified_answer_that_does_not_do_can_be_asked_about_too(house: House, shelf: Shelf) -> None:
    shelf.lay_out("days left?", Route.DIRECT, BALANCE)
    await house.start(answers=PEOPLE)
    ts = await house.ask(ALICE, GENERAL, "days left?")
    reply = await the_reply(house, GENERAL, ts, says(BALANCE.text.answer))
    await house.sandbox.click(ALICE, GENERAL, reply["ts"], ASK_PEOPLE_ACTION)
    assert "Workday" in text_of(await the_question(house))


async def test_where_nobody_can_be_reached_it_is_offered_again(house: House) -> None:
    await house.start(answers={"ask_channel": "C0RANDOM"})
    ts = await house.ask(ALICE, GENERAL, QUESTION)
    reply = await the_reply(house, GENERAL, ts, lambda message: ASK in labels_of(message))
    await house.sandbox.click(ALICE, GENERAL, reply["ts"], ASK_PEOPLE_ACTION)
    versions = lambda: [labels(version.blocks) for version in house.sandbox.history_of(GENERAL, reply["ts"])]  # noqa: E731
    await house.until(lambda: versions()[-1] == [ASK] and [] in versions())


def labels(blocks: list[dict[str, Any]]) -> list[str]:
    return labels_of({"blocks": blocks})


async def test_who_asked_by_command_gets_the_answer_where_only_they_see_it(house: House) -> None:
    await house.start(answers=PEOPLE)
    await house.sandbox.employees.command(CHENWEI, GENERAL, "/faq", QUESTION)

    def seen() -> list[Message]:
        return house.sandbox.ephemerals(GENERAL, CHENWEI)

    await house.until(lambda: any(ASK in labels_of(message) for message in seen()))
    await house.sandbox.click(CHENWEI, GENERAL, seen()[-1]["ts"], ASK_PEOPLE_ACTION)
    await house.until(lambda: text_of(seen()[-1]) == phrase("ask_people_done", "en"))
    question = await the_question(house)
    await house.sandbox.post_as(DANA, HELP_HR, "No dogs.", question["ts"])
    await house.until(lambda: text_of(seen()[-1]) == "No dogs.")
    assert house.ours(GENERAL) == []


async def test_with_nobody_to_ask_there_is_no_button(house: House) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, QUESTION)
    reply = await the_reply(house, GENERAL, ts, says(NOTHING))
    assert labels_of(reply) == []
