"""What is nobody else's business is answered where nobody else reads."""

from typing import Any

import pytest

from bot.conversation.knowledge.findings import Route
from bot.conversation.phrases import phrase
from bot.platforms.slack.blocks import CHOOSE_ACTION
from tests.scenarios.house import ALICE, BRUNO, GENERAL, HELP_HR, House, Message, note_of, scripted, text_of
from tests.scenarios.knowing import labels_of, source_of
from tests.shelf import Shelf, a_passage, an_entry

ASKED = "my manager is harassing me, what can I do?"
POLICY = an_entry("harassment", question="What can I do about harassment?", answer="Call the hotline: ext. 900.")
CONTACT = "Dana Novak, ext. 500"
SETTINGS = {"sensitive": {"contact": CONTACT}, "ask_channel": HELP_HR, "generate": "always"}


@pytest.fixture
def knowing(shelf: Shelf) -> Shelf:
    return shelf.lay_out(ASKED, Route.DIRECT, POLICY)


async def direct(house: House, user: str = ALICE, messages: int = 1) -> list[Message]:
    """Our direct messages to this person, as soon as there are so many."""
    found: list[Message] = await house.until(
        lambda: len(ours := house.ours(house.sandbox.dm_with(user))) >= messages and ours
    )
    return found


def calls_in(house: House, channel: str) -> list[str]:
    return [
        call.method
        for call in house.sandbox.calls
        if call.args.get("channel") == channel and "conversations" not in call.method
    ]


async def test_the_answer_comes_by_direct_message_and_the_channel_hears_nothing(house: House, knowing: Shelf) -> None:
    await house.start(answers=SETTINGS)
    await house.ask(ALICE, GENERAL, ASKED)

    [reply] = await direct(house)

    heading, answer = reply["blocks"][:2]
    assert heading["elements"][0]["text"] == phrase("answered_privately", "en", question=ASKED)
    assert answer["text"] == "Call the hotline: ext. 900."
    assert "Verified answer" in source_of(reply)
    assert phrase("sensitive", "en", contact=CONTACT) in note_of({"blocks": reply["blocks"][1:]})
    assert "thread_ts" not in reply
    assert labels_of(reply) == []
    await house.sandbox.delivered()
    assert house.ours(GENERAL) == []
    assert calls_in(house, GENERAL) == []


async def test_no_model_writes_and_nobody_is_asked_elsewhere(house: House, shelf: Shelf) -> None:
    await house.start(answers=SETTINGS)
    await house.ask(ALICE, GENERAL, "how do I get a raise?")
    [reply] = await direct(house)
    assert text_of(reply) == phrase("no_verified_answer", "en")
    assert labels_of(reply) == []
    assert CONTACT in str(reply["blocks"])


async def test_a_handbook_is_quoted_as_it_is(house: House, shelf: Shelf) -> None:
    shelf.lay_out("how do I get a raise?", Route.NONE, passages=(a_passage("Raises are talked about in June."),))
    await house.start(answers=SETTINGS)
    await house.ask(ALICE, GENERAL, "how do I get a raise?")
    [reply] = await direct(house)
    assert text_of(reply) == "> Raises are talked about in June."


async def test_who_goes_on_in_the_thread_goes_on_in_private_and_others_are_not_taken_for_askers(
    house: House, knowing: Shelf
) -> None:
    knowing.lay_out("and who will know?", Route.DIRECT, an_entry("x", answer="Nobody but Dana."))
    knowing.lay_out("are you well?", Route.DIRECT, an_entry("y", answer="Never shown."))
    await house.start(answers=SETTINGS)
    ts = await house.ask(ALICE, GENERAL, ASKED)
    await direct(house)

    await house.sandbox.post_as(BRUNO, GENERAL, "are you well?", ts)
    await house.ask(ALICE, GENERAL, "and who will know?", ts)

    assert [text_of(message) for message in await direct(house, messages=2)][1] == "Nobody but Dana."
    assert [inquiry.previous for inquiry in knowing.inquiries] == ["", ASKED]
    await house.sandbox.delivered()
    assert house.ours(GENERAL) == []


async def test_what_one_asks_in_private_is_in_nobody_elses_history(house: House, knowing: Shelf) -> None:
    await house.start(answers=SETTINGS)
    ts = await house.ask(ALICE, GENERAL, ASKED)
    await direct(house)
    await house.ask(BRUNO, GENERAL, "tell me a story", ts)

    assert await house.answered(GENERAL, ts) == [scripted("tell me a story")]
    assert knowing.inquiries[-1].previous == ""


async def test_suggestions_are_chosen_from_in_private_too(house: House, shelf: Shelf) -> None:
    shelf.lay_out(ASKED, Route.SUGGEST, POLICY)
    await house.start(answers=SETTINGS)
    await house.ask(ALICE, GENERAL, ASKED)
    [reply] = await direct(house)
    await house.sandbox.click(ALICE, house.sandbox.dm_with(ALICE), reply["ts"], f"{CHOOSE_ACTION}_1")
    await house.until(lambda: text_of(house.ours(house.sandbox.dm_with(ALICE))[0]) == POLICY.text.answer)
    assert len(house.ours(house.sandbox.dm_with(ALICE))) == 1
    assert house.ours(GENERAL) == []


async def test_a_question_that_becomes_private_loses_what_stands_in_the_channel(house: House, knowing: Shelf) -> None:
    knowing.lay_out("days left?", Route.DIRECT, an_entry("days", answer="Twenty."))
    await house.start(answers=SETTINGS)
    ts = await house.ask(ALICE, GENERAL, "days left?")
    assert await house.answered(GENERAL, ts) == ["Twenty."]

    await house.sandbox.edit_as(ALICE, GENERAL, ts, f"<@U0INTHREAD> {ASKED}")

    assert [text_of(message) for message in await direct(house)] == [POLICY.text.answer]
    await house.until(lambda: house.ours(GENERAL) == [])
    await house.sandbox.delivered()
    assert len(await direct(house)) == 1


async def test_the_answer_survives_a_restart_where_it_was_begun(house: House, knowing: Shelf) -> None:
    knowing.may_go_on.clear()
    await house.start(answers=SETTINGS, delivery={"grace_seconds": 0.1})
    await house.ask(ALICE, GENERAL, ASKED)
    await house.until(lambda: knowing.inquiries)
    await house.stop()
    knowing.may_go_on.set()
    await house.start(answers={**SETTINGS, "sensitive": {"topics": {}}})
    await house.until(
        lambda: [text_of(message) for message in house.ours(house.sandbox.dm_with(ALICE))] == [POLICY.text.answer]
    )
    assert house.ours(GENERAL) == []


@pytest.mark.parametrize("replies", ["ephemeral", "channel"])
async def test_a_command_is_answered_for_its_asker_alone(house: House, knowing: Shelf, replies: str) -> None:
    await house.start(answers=SETTINGS, slack={"command_replies": replies})
    await house.sandbox.employees.command(ALICE, GENERAL, "/faq", ASKED)
    seen = lambda: [text_of(message) for message in house.sandbox.ephemerals(GENERAL, ALICE)]  # noqa: E731
    await house.until(lambda: POLICY.text.answer in seen())
    everybodys: list[dict[str, Any]] = house.sandbox.messages(GENERAL)
    assert everybodys == []


async def test_in_a_direct_message_it_stays_where_it_is(house: House, knowing: Shelf) -> None:
    await house.start(answers=SETTINGS)
    dm = house.sandbox.dm_with(ALICE)
    ts = await house.sandbox.post_as(ALICE, dm, ASKED)
    assert await house.answered(dm, ts) == [POLICY.text.answer]
    [reply] = house.ours(dm)
    assert CONTACT in note_of(reply)
