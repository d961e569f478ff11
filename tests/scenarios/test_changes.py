"""What people do with their questions afterwards: mend them, delete them, stop the answer, ask once more."""

import asyncio

from prometheus_client import REGISTRY

from bot.conversation.phrases import phrase
from bot.platforms.slack.blocks import ASK_AGAIN_ACTION, STOP_ACTION
from bot.sandbox import Fault
from tests.scenarios.house import (
    ALICE,
    BRUNO,
    DANA,
    GENERAL,
    HELP_HR,
    US,
    House,
    Message,
    is_finished,
    note_of,
    scripted,
    text_of,
)

SLOWLY = {"words": 60, "words_per_second": 60}


def buttons(message: Message) -> list[str]:
    blocks = message.get("blocks", [])
    return [element["action_id"] for block in blocks if block["type"] == "actions" for element in block["elements"]]


async def grown_to(house: House, ts: str, words: str) -> None:
    await house.until(lambda: (found := house.ours(GENERAL, ts)) and words in text_of(found[0]))


async def shows(house: House, ts: str, *texts: str) -> None:
    """Our finished messages in general's thread become these."""
    await house.until(
        lambda: (
            [text_of(message) for message in house.ours(GENERAL, ts)] == list(texts)
            and all(is_finished(message) for message in house.ours(GENERAL, ts))
        )
    )


async def stopped(house: House, question: str) -> tuple[str, str]:
    """The ts of a question and of its reply, which was stopped while it grew."""
    ts = await house.ask(ALICE, GENERAL, question)
    await grown_to(house, ts, " 1 2")
    [growing] = house.ours(GENERAL, ts)
    await house.sandbox.click(ALICE, GENERAL, growing["ts"], STOP_ACTION)
    await house.until(lambda: buttons(house.ours(GENERAL, ts)[0]) == [ASK_AGAIN_ACTION])
    return ts, str(growing["ts"])


async def settled(house: House) -> None:
    """Everything that was asked so far is through: a further question is answered, and every event acknowledged."""
    last = await house.ask(DANA, HELP_HR, "is all quiet?")
    await house.answered(HELP_HR, last)
    await house.until(lambda: all(ack.acked_at is not None for ack in house.sandbox.acks))


# ── edits ────────────────────────────────────────────────────────────────────


async def test_an_edited_question_is_answered_anew_in_the_same_message(house: House) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "how many dais")
    await house.answered(GENERAL, ts)
    [before] = house.ours(GENERAL, ts)

    await house.sandbox.edit_as(ALICE, GENERAL, ts, f"<@{US}> how many days")
    await shows(house, ts, scripted("how many days"))

    assert [message["ts"] for message in house.ours(GENERAL, ts)] == [before["ts"]]


async def test_an_edit_while_the_answer_grows_replaces_it(house: House) -> None:
    await house.start(scripted=SLOWLY)
    ts = await house.ask(ALICE, GENERAL, "teh form")
    await grown_to(house, ts, " 1 2")

    await house.sandbox.edit_as(ALICE, GENERAL, ts, f"<@{US}> the form")

    await shows(house, ts, scripted("the form", words=60))


async def test_an_edit_while_the_question_waits_is_what_is_answered(house: House) -> None:
    await house.start(scripted=SLOWLY)
    first = await house.ask(ALICE, GENERAL, "first")
    await grown_to(house, first, " 1 2")
    second = await house.ask(ALICE, GENERAL, "secnod")
    await house.until(lambda: house.ours(GENERAL, second))

    await house.sandbox.edit_as(ALICE, GENERAL, second, f"<@{US}> second")

    await shows(house, second, scripted("second", words=60))
    await shows(house, first, scripted("first", words=60))


async def test_an_edit_long_after_the_answer_leaves_it_alone(house: House) -> None:
    await house.start(delivery={"edit_window_seconds": 0})
    ts = await house.ask(ALICE, GENERAL, "first words")
    await house.answered(GENERAL, ts)

    await house.sandbox.edit_as(ALICE, GENERAL, ts, f"<@{US}> other words")
    await settled(house)

    assert await house.answered(GENERAL, ts) == [scripted("first words")]


async def test_a_mention_that_is_added_later_is_a_question(house: House) -> None:
    await house.start()
    ts = await house.sandbox.post_as(ALICE, GENERAL, "how many days")

    await house.sandbox.edit_as(ALICE, GENERAL, ts, f"<@{US}> how many days")

    assert await house.answered(GENERAL, ts) == [scripted("how many days")]


async def test_an_edited_question_has_its_new_words_in_the_history(house: House) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "one")
    await house.answered(GENERAL, ts)
    await house.sandbox.edit_as(ALICE, GENERAL, ts, f"<@{US}> won")
    await shows(house, ts, scripted("won"))

    await house.ask(ALICE, GENERAL, "two", ts)

    await shows(house, ts, scripted("won"), scripted("two", turn=2))


# ── deletions ────────────────────────────────────────────────────────────────


async def test_with_its_question_the_answer_goes(house: House) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "never mind")
    await house.answered(GENERAL, ts)

    await house.sandbox.delete_as(ALICE, GENERAL, ts)

    await house.until(lambda: house.ours(GENERAL, ts) == [])


async def test_deleting_the_question_ends_the_answer_that_grows(house: House) -> None:
    await house.start(scripted={"words": 100_000, "words_per_second": 40})
    ts = await house.ask(ALICE, GENERAL, "never mind")
    await grown_to(house, ts, " 1 2")

    await house.sandbox.delete_as(ALICE, GENERAL, ts)

    await house.until(lambda: house.ours(GENERAL, ts) == [])
    await house.until(lambda: REGISTRY.get_sample_value("inthread_line_active") == 0)


async def test_a_deleted_follow_up_is_not_in_the_history(house: House) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "one")
    await house.answered(GENERAL, ts)
    secret = await house.ask(ALICE, GENERAL, "a secret", ts)
    await shows(house, ts, scripted("one"), scripted("a secret", turn=2))
    await house.sandbox.delete_as(ALICE, GENERAL, secret)
    await shows(house, ts, scripted("one"))

    await house.ask(ALICE, GENERAL, "two", ts)

    await shows(house, ts, scripted("one"), scripted("two", turn=2))


async def test_a_deletion_reaches_the_reply_after_a_restart_too(house: House) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "never mind")
    await house.answered(GENERAL, ts)
    house.sandbox.faults.add(Fault("server_error", "chat.delete", times=2))
    await house.sandbox.delete_as(ALICE, GENERAL, ts)
    await house.until(lambda: any(call.method == "chat.delete" for call in house.sandbox.calls))
    await house.stop()

    await house.start()

    await house.until(lambda: house.ours(GENERAL, ts) == [])


# ── stop, and once more ──────────────────────────────────────────────────────


async def test_try_again_makes_one_new_reply_however_often_it_is_pressed(house: House) -> None:
    await house.start(scripted=SLOWLY)
    ts, reply_ts = await stopped(house, "the form")
    assert phrase("stopped", "en") in note_of(house.ours(GENERAL, ts)[0])

    await house.sandbox.click(ALICE, GENERAL, reply_ts, ASK_AGAIN_ACTION)
    await house.until(lambda: len(house.ours(GENERAL, ts)) == 2)
    await house.until(lambda: buttons(house.ours(GENERAL, ts)[0]) == [])
    await house.until(lambda: text_of(house.ours(GENERAL, ts)[1]) == scripted("the form", words=60))
    await settled(house)

    assert len(house.ours(GENERAL, ts)) == 2


async def test_two_presses_at_once_are_one(house: House) -> None:
    await house.start(scripted=SLOWLY)
    ts, reply_ts = await stopped(house, "the form")

    clicks = (house.sandbox.click(person, GENERAL, reply_ts, ASK_AGAIN_ACTION) for person in (ALICE, BRUNO))
    await asyncio.gather(*clicks)
    await settled(house)

    assert len(house.ours(GENERAL, ts)) == 2


async def test_deleting_a_question_that_was_asked_twice_takes_both_replies(house: House) -> None:
    await house.start(scripted=SLOWLY)
    ts, reply_ts = await stopped(house, "the form")
    await house.sandbox.click(ALICE, GENERAL, reply_ts, ASK_AGAIN_ACTION)
    await house.until(lambda: len(house.ours(GENERAL, ts)) == 2)

    await house.sandbox.delete_as(ALICE, GENERAL, ts)

    await house.until(lambda: house.ours(GENERAL, ts) == [])
