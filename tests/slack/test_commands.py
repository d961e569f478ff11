"""`/faq`: one answer, seen by who should see it, through restarts and spent URLs."""

import asyncio
import html
from datetime import timedelta

import pytest
import structlog

from bot.conversation.phrases import phrase
from bot.delivery.intake import Intake, IntakeClosed
from bot.platforms.slack import command_surface
from bot.platforms.slack.blocks import STOP_ACTION
from bot.platforms.slack.commands import COMMAND, parse_command, to_question
from bot.platforms.slack.events import Identity
from bot.sandbox import Fault
from tests.clock import START
from tests.scenarios.house import ALICE, BRUNO, CHENWEI, GENERAL, House, Message, scripted, text_of

RANDOM = "C0RANDOM"  # the bot is not in it
SLOWLY = {"words": 100, "words_per_second": 50}
PAYLOAD = {
    "team_id": "T1",
    "channel_id": "C1",
    "user_id": "U1",
    "command": COMMAND,
    "text": "  What is &lt;R&amp;D&gt;?\u200b ",
    "trigger_id": "1.2.3",
    "response_url": "https://hooks.slack.com/commands/T1/1/secret",
}
US = Identity(user_id="U0INTHREAD", bot_id="B0", team_id="T1")


async def type_command(house: House, user: str, channel: str, text: str) -> None:
    assert await house.sandbox.employees.command(user, channel, COMMAND, text), "not acknowledged in time"


def seen_by(house: House, user: str, channel: str) -> list[str]:
    return [html.unescape(message["text"]) for message in house.sandbox.ephemerals(channel, user)]


def ephemerals(house: House, user: str, channel: str) -> list[Message]:
    return house.sandbox.ephemerals(channel, user)


async def whispered(house: House, user: str, channel: str, text: str) -> None:
    await house.until(lambda: text in seen_by(house, user, channel))


def heading_of(message: Message) -> str:
    return html.unescape(message["blocks"][0]["elements"][0]["text"])


# ── pure ─────────────────────────────────────────────────────────────────────


def test_a_command_is_a_question_in_a_thread_of_its_own() -> None:
    command = parse_command(PAYLOAD, US)
    assert command is not None
    question = to_question(command, "ephemeral", START)

    assert question.text == "What is <R&D>?"
    assert question.message_key == "slack:T1:command:1.2.3"
    assert question.thread.thread != to_question(parse_command({**PAYLOAD, "trigger_id": "9"}, US), "x", START).thread
    assert question.address["response_url"] == PAYLOAD["response_url"]
    assert "secret" not in repr(command)


@pytest.mark.parametrize("lost", ["channel_id", "user_id", "trigger_id", "response_url"])
@pytest.mark.parametrize("value", [None, "", 7, {}])
def test_a_payload_that_lacks_something_is_no_command(lost: str, value: object) -> None:
    assert parse_command({**PAYLOAD, lost: value}, US) is None


# ── ephemeral ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("channel", [GENERAL, RANDOM])
async def test_only_the_person_sees_the_answer_and_once(house: House, channel: str) -> None:
    await house.start()
    await type_command(house, ALICE, channel, "How do I request leave?")
    await whispered(house, ALICE, channel, scripted("How do I request leave?"))
    await house.stop()

    receipt, answer = ephemerals(house, ALICE, channel)
    assert html.unescape(receipt["text"]) == phrase("command_received", "en")
    assert heading_of(answer) == phrase("you_asked", "en", question="How do I request leave?")
    assert house.ours(channel) == []
    assert ephemerals(house, BRUNO, channel) == []
    assert house.ours(house.sandbox.dm_with(ALICE)) == []


@pytest.mark.parametrize(
    ("text", "language"), [("", "en"), ("help", "en"), (" HELP ", "en"), ("?", "en"), ("帮助", "zh")]
)
async def test_help_is_said_at_once_and_is_no_question(house: House, text: str, language: str) -> None:
    await house.start()
    await type_command(house, ALICE, GENERAL, text)

    (help_text,) = seen_by(house, ALICE, GENERAL)
    assert COMMAND in help_text
    assert phrase("command_help_ephemeral", language) in help_text  # type: ignore[arg-type]


async def test_each_command_begins_anew(house: House) -> None:
    await house.start()
    for question in ("first", "second"):
        await type_command(house, ALICE, GENERAL, question)
        await whispered(house, ALICE, GENERAL, scripted(question))


async def test_the_stop_button_of_the_receipt_stops_and_takes_the_receipt_away(house: House) -> None:
    await house.start(scripted={"words": 2_000, "words_per_second": 50})
    await type_command(house, ALICE, GENERAL, "stop me")
    (receipt,) = ephemerals(house, ALICE, GENERAL)

    assert await house.sandbox.click(ALICE, GENERAL, receipt["ts"], STOP_ACTION)

    await house.until(
        lambda: (
            receipt["ts"] not in [message["ts"] for message in ephemerals(house, ALICE, GENERAL)]
            and len(ephemerals(house, ALICE, GENERAL)) == 1
        )
    )
    (answer,) = seen_by(house, ALICE, GENERAL)
    assert scripted("stop me", 2_000).startswith(answer) or answer == phrase("stopped_early", "en")


async def test_a_long_answer_comes_in_several_messages(house: House) -> None:
    await house.start(scripted={"words": 1_500})
    await type_command(house, ALICE, RANDOM, "at length")
    await house.until(lambda: len(seen_by(house, ALICE, RANDOM)) >= 3)

    _, *parts = seen_by(house, ALICE, RANDOM)
    assert " ".join(parts) == scripted("at length", 1_500)


async def test_hostile_questions_are_only_shown(house: House) -> None:
    await house.start()
    await type_command(house, ALICE, GENERAL, "<!channel> *bold* <https://evil.example|here>")
    await house.until(lambda: len(seen_by(house, ALICE, GENERAL)) == 2)

    heading = ephemerals(house, ALICE, GENERAL)[1]["blocks"][0]["elements"][0]["text"]
    assert "<" not in heading


# ── in the channel ───────────────────────────────────────────────────────────


async def test_the_channel_sees_the_answer_grow(house: House) -> None:
    await house.start(slack={"command_replies": "channel"}, scripted={"words": 60, "words_per_second": 20})
    await type_command(house, ALICE, GENERAL, "for all")
    await house.until(lambda: (found := house.ours(GENERAL)) and text_of(found[0]) == scripted("for all", 60))

    (reply,) = house.ours(GENERAL)
    assert len(house.versions(GENERAL, reply)) >= 3
    assert heading_of(reply) == phrase("you_asked", "en", question="for all")
    assert ephemerals(house, ALICE, GENERAL) == []


async def test_where_the_bot_is_no_member_the_channel_sees_the_whole_answer_once(house: House) -> None:
    await house.start(slack={"command_replies": "channel"})
    await type_command(house, ALICE, RANDOM, "for all")
    await house.until(lambda: house.ours(RANDOM))
    await house.stop()

    assert [text_of(message) for message in house.ours(RANDOM)] == [scripted("for all")]


# ── when it does not go as planned ───────────────────────────────────────────


async def test_a_url_that_has_expired_sends_the_answer_as_a_direct_message(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_surface, "URL_LIFE", timedelta(0))
    await house.start()
    await type_command(house, ALICE, RANDOM, "after half an hour")
    direct = house.sandbox.dm_with(ALICE)
    await house.until(lambda: house.ours(direct))
    await house.stop()

    (reply,) = house.ours(direct)
    assert text_of(reply) == scripted("after half an hour")
    assert heading_of(reply) == phrase("you_asked", "en", question="after half an hour")


async def test_a_url_that_slack_refuses_sends_the_answer_as_a_direct_message(house: House) -> None:
    await house.start(scripted={"words": 5, "words_per_second": 10})
    await type_command(house, ALICE, RANDOM, "used up")
    for url in house.sandbox._interactions._response_urls.values():
        url.uses = 5
    direct = house.sandbox.dm_with(ALICE)
    await house.until(lambda: house.ours(direct))

    assert [text_of(message) for message in house.ours(direct)] == [scripted("used up")]


@pytest.mark.parametrize("kind", ["reset_after_commit", "reset_before_commit", "server_error", "rate_limited"])
async def test_a_direct_message_that_fails_is_sent_once(
    house: House, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(command_surface, "URL_LIFE", timedelta(0))
    await house.start()
    for method in ("chat.postMessage", "conversations.open"):
        house.sandbox.faults.add(Fault(kind, method, times=2, retry_after=1))  # type: ignore[arg-type]
    await type_command(house, ALICE, RANDOM, "once")
    direct = house.sandbox.dm_with(ALICE)
    await house.until(lambda: house.ours(direct))
    await house.stop()

    assert [text_of(message) for message in house.ours(direct)] == [scripted("once")]


async def test_a_restart_in_the_middle_loses_nothing_and_says_nothing_twice(house: House) -> None:
    await house.start(scripted=SLOWLY, delivery={"grace_seconds": 0})
    await type_command(house, ALICE, GENERAL, "interrupt this")
    await house.until(lambda: seen_by(house, ALICE, GENERAL))
    await house.stop()
    assert seen_by(house, ALICE, GENERAL) == [phrase("command_received", "en")]

    await house.start(scripted={"words": 100})

    await whispered(house, ALICE, GENERAL, scripted("interrupt this", 100))
    assert len(seen_by(house, ALICE, GENERAL)) == 2


async def test_a_restart_after_the_url_has_expired_loses_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.start(scripted=SLOWLY, delivery={"grace_seconds": 0})
    await type_command(house, ALICE, GENERAL, "interrupt this")
    await house.stop()
    monkeypatch.setattr(command_surface, "URL_LIFE", timedelta(0))

    await house.start(scripted={"words": 100})

    direct = house.sandbox.dm_with(ALICE)
    await house.until(lambda: house.ours(direct))
    assert text_of(house.ours(direct)[0]) == scripted("interrupt this", 100)


async def test_who_asks_too_much_is_told(house: House) -> None:
    await house.start(scripted=SLOWLY, delivery={"waiting_per_user": 0})
    await type_command(house, CHENWEI, GENERAL, "第一个问题")
    await type_command(house, CHENWEI, GENERAL, "第二个问题")

    await whispered(house, CHENWEI, GENERAL, phrase("busy_person", "zh"))


async def test_nothing_is_acknowledged_that_is_not_accepted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> bool:
        raise IntakeClosed

    monkeypatch.setattr(Intake, "accept", refuse)
    await house.start()

    assert not await house.sandbox.employees.command(ALICE, GENERAL, COMMAND, "too late")


async def test_the_url_is_in_no_log(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    with structlog.testing.capture_logs() as logs:
        await house.start(scripted={"words": 5, "words_per_second": 10})
        await type_command(house, ALICE, GENERAL, "quietly")
        keys = list(house.sandbox._interactions._response_urls)
        for url in house.sandbox._interactions._response_urls.values():
            url.uses = 5
        await house.until(lambda: house.ours(house.sandbox.dm_with(ALICE)))
        await asyncio.sleep(0)
        await house.stop()

    out = "".join(capsys.readouterr()) + repr(logs)
    assert keys
    assert not [key for key in keys if key in out]
