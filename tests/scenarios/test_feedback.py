"""Thumbs in Slack: kept, thanked for, and asked about."""

from pathlib import Path

from bot.conversation.knowledge.findings import Route
from bot.conversation.phrases import phrase
from bot.platforms.slack.feedback import COMMENT_ACTION, COMMENT_BLOCK, FEEDBACK_ACTION
from storage.database import Database
from storage.feedback import Feedback, FeedbackStore
from tests.clock import START
from tests.conftest import TRAIL
from tests.scenarios.house import ALICE, BRUNO, CHENWEI, GENERAL, House, Message, text_of
from tests.scenarios.knowing import BALANCE, says, the_reply
from tests.shelf import Shelf, an_entry


async def given(folder: Path) -> list[Feedback]:
    async with await Database.open(f"sqlite:///{folder / 'inthread.db'}") as database:
        return await FeedbackStore(database, TRAIL).given_since(START)


async def an_answer(house: House, shelf: Shelf, question: str = "days left?") -> Message:
    shelf.lay_out(question, Route.DIRECT, BALANCE)
    await house.start()
    ts = await house.ask(ALICE, GENERAL, question)
    return await the_reply(house, GENERAL, ts, says(BALANCE.text.answer))


async def press(house: House, user: str, reply: Message, chosen: str) -> None:
    assert await house.sandbox.click(user, GENERAL, reply["ts"], FEEDBACK_ACTION, chosen)


async def test_a_thumb_up_is_kept_and_thanked_for_where_only_its_giver_sees_it(house: House, shelf: Shelf) -> None:
    reply = await an_answer(house, shelf)

    await press(house, BRUNO, reply, "positive")

    [thanks] = await house.until(lambda: house.sandbox.ephemerals(GENERAL, BRUNO))
    assert text_of(thanks) == phrase("feedback_thanks", "en")
    assert thanks.get("thread_ts") == reply["thread_ts"]
    assert len(house.ours(GENERAL)) == 1
    [kept] = await given(house.folder)
    assert (kept.user, kept.verdict, kept.comment) == (BRUNO, "up", "")
    assert kept.question.basis is not None
    assert kept.question.basis.entries[0].entry_id == "pto_balance"


async def test_a_thumb_down_asks_what_was_wrong(house: House, shelf: Shelf) -> None:
    reply = await an_answer(house, shelf)

    await press(house, CHENWEI, reply, "negative")
    [view] = await house.until(lambda: house.sandbox.views.stack_of(CHENWEI))
    assert view.source["title"]["text"] == phrase("feedback_title", "en")
    said = {COMMENT_BLOCK: {COMMENT_ACTION: {"type": "plain_text_input", "value": " It is 6 days now. "}}}
    assert await house.sandbox.employees.submit_view(CHENWEI, view.id, said) == {}

    assert house.sandbox.views.stack_of(CHENWEI) == []
    [kept] = await given(house.folder)
    assert (kept.user, kept.verdict, kept.comment) == (CHENWEI, "down", "It is 6 days now.")
    assert text_of(house.ours(GENERAL)[0]) == BALANCE.text.answer


async def test_who_closes_the_modal_has_voted_all_the_same(house: House, shelf: Shelf) -> None:
    reply = await an_answer(house, shelf, "还剩几天年假？")
    await press(house, ALICE, reply, "negative")
    [view] = await house.until(lambda: house.sandbox.views.stack_of(ALICE))
    await house.sandbox.employees.close_view(ALICE, view.id)
    assert [(kept.user, kept.verdict, kept.comment) for kept in await given(house.folder)] == [(ALICE, "down", "")]


async def test_a_plain_reply_has_no_thumbs(house: House) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "hello")
    await house.answered(GENERAL, ts)
    [reply] = house.ours(GENERAL)
    assert [block["type"] for block in reply["blocks"]] == ["markdown", "context"]


async def test_a_chosen_answer_can_be_judged(house: House, shelf: Shelf) -> None:
    shelf.lay_out("days?", Route.SUGGEST, BALANCE, an_entry("pto_used", question="Used?", answer="See History."))
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "days?")
    reply = await the_reply(house, GENERAL, ts, lambda message: len(message["blocks"]) > 1)
    await house.sandbox.click(ALICE, GENERAL, reply["ts"], "choose_2")
    chosen = await the_reply(house, GENERAL, ts, says("See History."))
    await press(house, BRUNO, chosen, "positive")
    await house.until(lambda: house.sandbox.ephemerals(GENERAL, BRUNO))
    [kept] = await given(house.folder)
    assert kept.question.basis is not None
    assert kept.question.basis.entries[0].entry_id == "pto_used"
