"""Answers from the company's knowledge, end to end in Slack: verified, asked back, none."""

import asyncio

import pytest

from bot.conversation.knowledge.findings import Route
from bot.conversation.phrases import phrase
from bot.platforms.slack.blocks import CHOOSE_ACTION, DECLINE_ACTION
from inference.scripted import ScriptedEngine
from storage.knowledge.records import EntryStatus
from tests.scenarios.house import ALICE, BRUNO, GENERAL, HELP_HR, House, is_finished, note_of, scripted, text_of
from tests.scenarios.knowing import BALANCE, labels_of, offers_choices, says, source_of, the_reply
from tests.shelf import Shelf, a_passage, an_entry

REQUEST = an_entry(
    "pto_request", question="How do I request vacation?", answer="In *Workday*: see https://wd.acme.test/x"
)
USED = an_entry("pto_used", question="How many days have I used?", answer="See **History**.")


async def test_a_verified_answer_is_posted_whole_with_its_source(house: House, shelf: Shelf) -> None:
    shelf.lay_out("days left?", Route.DIRECT, BALANCE)
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "days left?")

    reply = await the_reply(house, GENERAL, ts, says(BALANCE.text.answer))

    assert house.versions(GENERAL, reply) == [BALANCE.text.answer], "no placeholder before it"
    assert reply["blocks"][0] == {
        **reply["blocks"][0],
        "type": "markdown",
        "text": "Your remaining paid leave is shown in Workday under *Time Off &gt; Balance*: up to 5 days carry over.",
    }
    assert source_of(reply) == (
        "*Verified answer* · <https://intranet.acme.test/hr/pto_balance|How many vacation days do I have left?> · "
        "hr@acme.test · verified 12 Oct 2025"
    )


async def test_links_in_a_verified_answer_stay_as_they_were_stored(house: House, shelf: Shelf) -> None:
    shelf.lay_out("how to request?", Route.DIRECT, REQUEST)
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "how to request?")
    reply = await the_reply(house, GENERAL, ts, says(REQUEST.text.answer))
    assert reply["blocks"][0]["text"] == REQUEST.text.answer


async def test_a_verified_answer_waits_neither_for_the_model_nor_for_the_line(
    house: House, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model loads, another question of the same person waits for it, and her line is full."""
    loaded = asyncio.Event()
    monkeypatch.setattr(ScriptedEngine, "warm_up", lambda self: loaded.wait())
    shelf.lay_out("days left?", Route.DIRECT, BALANCE)
    await house.start(answers={"generate": "always"}, delivery={"waiting_per_user": 0})
    waiting = await house.ask(ALICE, GENERAL, "tell me a story")
    await house.until(lambda: house.ours(GENERAL, waiting))

    ts = await house.ask(ALICE, HELP_HR, "days left?")
    await the_reply(house, HELP_HR, ts, says(BALANCE.text.answer))

    assert text_of(house.ours(GENERAL, waiting)[0]) == phrase("loading", "en")
    loaded.set()
    assert await house.answered(GENERAL, waiting) == [scripted("tell me a story")]


async def test_a_look_up_that_takes_its_time_is_not_silent(house: House, shelf: Shelf) -> None:
    shelf.lay_out("days left?", Route.DIRECT, BALANCE)
    shelf.may_go_on.clear()
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "days left?")
    await the_reply(house, GENERAL, ts, says(phrase("working", "en")))
    shelf.may_go_on.set()
    await the_reply(house, GENERAL, ts, says(BALANCE.text.answer))


async def test_who_chooses_a_suggestion_reads_its_answer_in_the_same_message(house: House, shelf: Shelf) -> None:
    shelf.lay_out("days?", Route.SUGGEST, BALANCE, REQUEST, USED)
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "days?")
    reply = await the_reply(house, GENERAL, ts, offers_choices)
    assert labels_of(reply) == [
        "How many vacation days do I have left?",
        "How do I request vacation?",
        "How many days have I used?",
        "None of these",
    ]

    assert await house.sandbox.click(BRUNO, GENERAL, reply["ts"], f"{CHOOSE_ACTION}_3")

    chosen = await the_reply(house, GENERAL, ts, says("See **History**."))
    assert labels_of(chosen) == []
    assert chosen["ts"] == reply["ts"]
    assert "pto_used" in source_of(chosen)


async def test_a_suggestion_that_was_changed_meanwhile_is_shown_as_it_is_now(house: House, shelf: Shelf) -> None:
    shelf.lay_out("days?", Route.SUGGEST, BALANCE, REQUEST)
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "days?")
    reply = await the_reply(house, GENERAL, ts, offers_choices)
    shelf.change("pto_balance", answer="Ask Dana.")
    shelf.change("pto_request", status=EntryStatus.RETIRED)

    await house.sandbox.click(ALICE, GENERAL, reply["ts"], f"{CHOOSE_ACTION}_1")
    await the_reply(house, GENERAL, ts, says("Ask Dana."))

    ts = await house.ask(ALICE, HELP_HR, "days?")
    reply = await the_reply(house, HELP_HR, ts, offers_choices)
    await house.sandbox.click(ALICE, HELP_HR, reply["ts"], f"{CHOOSE_ACTION}_2")
    await the_reply(house, HELP_HR, ts, says(phrase("no_verified_answer", "en")))


@pytest.mark.parametrize("generate", ["never", "ungrounded-marked"])
async def test_none_of_these_goes_on_without_them(house: House, shelf: Shelf, generate: str) -> None:
    shelf.lay_out("days?", Route.SUGGEST, BALANCE)
    await house.start(answers={"generate": generate})
    ts = await house.ask(ALICE, GENERAL, "days?")
    reply = await the_reply(house, GENERAL, ts, offers_choices)

    await house.sandbox.click(ALICE, GENERAL, reply["ts"], DECLINE_ACTION)

    expected = phrase("no_verified_answer", "en") if generate == "never" else scripted("days?")
    declined = await the_reply(house, GENERAL, ts, lambda message: says(expected)(message) and is_finished(message))
    assert declined["ts"] == reply["ts"]
    assert note_of(declined) == ("" if generate == "never" else phrase("ungrounded", "en"))


async def test_two_clicks_at_once_make_one_choice(house: House, shelf: Shelf) -> None:
    shelf.lay_out("days?", Route.SUGGEST, BALANCE, REQUEST)
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "days?")
    reply = await the_reply(house, GENERAL, ts, offers_choices)
    await asyncio.gather(
        *(house.sandbox.click(ALICE, GENERAL, reply["ts"], f"{CHOOSE_ACTION}_{number}") for number in (1, 1, 2))
    )
    chosen = await the_reply(house, GENERAL, ts, lambda message: not labels_of(message))
    assert text_of(chosen) in (BALANCE.text.answer, REQUEST.text.answer)


async def test_a_choice_survives_a_restart(house: House, shelf: Shelf) -> None:
    shelf.lay_out("days?", Route.SUGGEST, BALANCE)
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "days?")
    reply = await the_reply(house, GENERAL, ts, offers_choices)
    await house.stop()

    await house.start()
    await house.sandbox.click(ALICE, GENERAL, reply["ts"], f"{CHOOSE_ACTION}_1")
    await the_reply(house, GENERAL, ts, says(BALANCE.text.answer))


async def test_what_nothing_answers_is_said_so(house: House, shelf: Shelf) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "what is the meaning of life?")
    assert await house.answered(GENERAL, ts) == [phrase("no_verified_answer", "en")]


async def test_a_follow_up_is_looked_up_with_what_came_before(house: House, shelf: Shelf) -> None:
    shelf.lay_out("days left?", Route.DIRECT, BALANCE)
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "days left?")
    await house.answered(GENERAL, ts)
    await house.sandbox.post_as(ALICE, GENERAL, "and how do I request them?", ts)
    await house.answered(GENERAL, ts, 2)

    assert [(inquiry.text, inquiry.previous) for inquiry in shelf.inquiries] == [
        ("days left?", ""),
        ("and how do I request them?", "days left?"),
    ]
    assert shelf.inquiries[0].audience == {f"channel:{GENERAL}"}


async def test_what_is_for_a_user_group_is_for_its_members_where_they_alone_read(house: House, shelf: Shelf) -> None:
    policy = an_entry("raises", question="Who decides about raises?", audience=("group:S0PEOPLE", "group:S0GONE"))
    shelf.lay_out("who decides about raises?", Route.DIRECT, policy).lay_out("raises?", Route.SUGGEST, policy)
    await house.start()

    async def audience(user: str, channel: str, text: str = "who decides about raises?") -> frozenset[str]:
        before = len(shelf.inquiries)
        await house.ask(user, channel, text)
        await house.until(lambda: len(shelf.inquiries) > before)
        return shelf.inquiries[-1].audience

    for_alice, for_bruno = house.sandbox.dm_with(ALICE), house.sandbox.dm_with(BRUNO)
    assert await audience(ALICE, GENERAL) == {f"channel:{GENERAL}"}
    assert await audience(ALICE, for_alice) == {f"channel:{for_alice}", "group:S0PEOPLE"}
    assert await audience(BRUNO, for_bruno) == {f"channel:{for_bruno}"}
    asked = [call.args["usergroup"] for call in house.sandbox.calls if call.method == "usergroups.users.list"]
    assert asked.count("S0PEOPLE") == 1, "once for all, in five minutes"

    await house.sandbox.employees.command(ALICE, GENERAL, "/faq", "raises?")
    await house.until(lambda: shelf.inquiries[-1].text == "raises?")
    assert shelf.inquiries[-1].audience == {f"channel:{GENERAL}", "group:S0PEOPLE"}
    assert await audience(ALICE, GENERAL, "my manager is harassing me") == {f"channel:{GENERAL}", "group:S0PEOPLE"}


async def test_who_left_the_group_cannot_choose_its_entry_any_more(house: House, shelf: Shelf) -> None:
    shelf.lay_out("raises?", Route.SUGGEST, an_entry("raises", audience=("group:S0PEOPLE",)))
    await house.start()
    channel = house.sandbox.dm_with(BRUNO)
    await house.sandbox.post_as(BRUNO, channel, "raises?")
    [reply] = await house.until(lambda: [m for m in house.ours(channel) if "None of these" in labels_of(m)])
    await house.sandbox.click(BRUNO, channel, reply["ts"], f"{CHOOSE_ACTION}_1")
    await house.until(lambda: text_of(house.ours(channel)[0]) == phrase("no_verified_answer", "en"))


async def test_an_answer_to_a_command_can_be_chosen_from_too(house: House, shelf: Shelf) -> None:
    """Nobody can change what only one person sees: the chosen answer comes below it."""
    shelf.lay_out("days?", Route.SUGGEST, BALANCE)
    await house.start()
    await house.sandbox.employees.command(ALICE, GENERAL, "/faq", "days?")
    asked = lambda: house.sandbox.ephemerals(GENERAL, ALICE)  # noqa: E731
    await house.until(lambda: any("vacation days" in text_of(message) for message in asked()))
    await house.sandbox.click(ALICE, GENERAL, asked()[-1]["ts"], f"{CHOOSE_ACTION}_1")
    await house.until(lambda: text_of(asked()[-1]) == BALANCE.text.answer)


async def test_what_a_model_makes_up_is_replaced_by_the_passage_with_its_source(house: House, shelf: Shelf) -> None:
    """The scripted engine counts, and no passage does."""
    passage = a_passage(
        "Leave is 20 days a year.\n\n- Ask early.", "Leave", source_url="https://intranet.acme.test/leave"
    )
    shelf.lay_out("how much leave?", Route.NONE, passages=(passage,))
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "how much leave?")

    reply = await the_reply(house, GENERAL, ts, says("> Leave is 20 days a year.\n>\n> - Ask early."))

    assert all("Scripted" not in version for version in house.versions(GENERAL, reply))
    await house.until(lambda: is_finished(house.ours(GENERAL, ts)[0]))
    [reply] = house.ours(GENERAL, ts)
    assert reply["blocks"][1]["elements"][0]["text"] == (
        "*Quoted from* · <https://intranet.acme.test/leave|handbook.md › Leave>"
    )


async def test_a_passage_in_the_other_language_is_quoted_at_once_and_not_translated(house: House, shelf: Shelf) -> None:
    shelf.lay_out("年假有几天？", Route.NONE, passages=(a_passage("Leave is 20 days a year."),))
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "年假有几天？")
    reply = await the_reply(house, GENERAL, ts, says("> Leave is 20 days a year."))
    assert house.versions(GENERAL, reply) == ["> Leave is 20 days a year."]
    assert note_of(reply).endswith(phrase("kept_in_en", "zh"))
