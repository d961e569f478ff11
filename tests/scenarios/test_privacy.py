"""People and what is kept of them: told at first contact, shown, sent and erased when they want it."""

import json
from contextlib import closing
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.conversation.privacy_phrases import PRIVACY_PHRASES
from bot.platforms.slack.privacy import ERASE_ACTION, EXPORT_ACTION
from bot.sandbox import Fault
from storage import sqlite
from tests.scenarios.house import ALICE, GENERAL, House, scripted, text_of
from tests.scenarios.test_catch_up import go_away, start_and_look


@pytest.fixture(autouse=True)
def notice(house: House) -> None:
    house.shows_notice = True


def kinds(house: House) -> list[str]:
    with closing(sqlite.load_driver().connect(house.folder / "inthread.db", timeout=10)) as connection:
        rows = connection.execute("SELECT header FROM audit_entry ORDER BY seq").fetchall()
    return [json.loads(header)["kind"] for (header,) in rows]


def whispers(house: House) -> list[str]:
    return [text_of(message) for message in house.sandbox.ephemerals(GENERAL, ALICE)]


def home(house: House) -> str:
    view = house.sandbox.views.home_of(ALICE)
    return json.dumps(view.blocks) if view else ""


def buttons(message: dict[str, Any]) -> set[str]:
    return {element["action_id"] for block in message["blocks"] for element in block.get("elements", [])}


async def test_the_notice_is_shown_once_and_recorded(house: House) -> None:
    await house.start()
    for number in (1, 2):
        asked = await house.ask(ALICE, GENERAL, f"question {number}")
        assert await house.answered(GENERAL, asked) == [scripted(f"question {number}")]

    await house.until(lambda: whispers(house))
    await house.until(lambda: "notice_shown" in kinds(house))
    (notice,) = whispers(house)
    assert "for 180 days" in notice
    assert "/faq privacy" in notice
    await house.stop()
    await house.start(audit={"notice_en": "We keep it all."})
    asked = await house.ask(ALICE, GENERAL, "question 3")
    await house.until(lambda: "We keep it all." in whispers(house))  # another version is shown again


async def test_where_it_is_turned_off_nobody_is_told(house: House) -> None:
    await house.start(audit={"notice": False})
    asked = await house.ask(ALICE, GENERAL, "a question")
    await house.answered(GENERAL, asked)
    await house.stop()

    assert whispers(house) == []


async def test_what_is_held_is_shown_sent_and_erased_on_request(house: House) -> None:
    await house.start(audit={"notice": False})
    asked = await house.ask(ALICE, GENERAL, "canary-55 of mine")
    await house.answered(GENERAL, asked)

    channel = house.sandbox.dm_with(ALICE)
    await house.sandbox.post_as(ALICE, channel, "what do you hold about me?")
    await house.until(lambda: house.ours(channel))
    (shown,) = house.ours(channel)
    assert "your questions with their answers (1), your feedback (0), " in text_of(shown)
    assert buttons(shown) == {EXPORT_ACTION, ERASE_ACTION}

    await house.sandbox.employees.click(ALICE, channel, shown["ts"], EXPORT_ACTION)
    await house.until(lambda: len(house.ours(channel)) == 2)
    sent = house.ours(channel)[1]
    assert text_of(sent) == "All that I hold of yours, as JSON."
    taken = json.loads(await content_of(sent))
    assert taken["questions"][0]["question"].startswith("canary-55")
    assert taken["questions"][0]["answer"].startswith("Scripted reply to: canary-55")

    house.sandbox.employees.open_home(ALICE)
    await house.until(lambda: "canary-55" in home(house))
    await house.sandbox.employees.click(ALICE, channel, shown["ts"], ERASE_ACTION)
    await house.until(lambda: len(house.ours(channel)) == 3)
    await house.until(lambda: "canary-55" not in home(house))
    assert text_of(house.ours(channel)[2]).startswith("Erased: your questions with their answers (1)")
    await house.stop()
    assert [path.name for path in house.folder.iterdir() if b"canary-55" in path.read_bytes()] == []
    assert [kind for kind in kinds(house) if kind in ("own_data_exported", "erasure")] == [
        "own_data_exported", "erasure"
    ]  # fmt: skip


async def content_of(message: dict[str, Any]) -> bytes:
    [file] = message["files"]
    assert (file["name"].startswith("inthread-"), file["filetype"]) == (True, "json")
    async with aiohttp.ClientSession() as session, session.get(file["url_private"]) as response:
        return await response.read()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("refused", "files.getUploadURLExternal", error="missing_scope"), "missing_scope"),
        (Fault("server_error", "upload"), "upload_http_503"),
        (
            Fault("refused", "files.completeUploadExternal", error="posting_to_channel_denied"),
            "posting_to_channel_denied",
        ),
    ],
)
async def test_where_no_file_can_be_sent_it_comes_as_messages(house: House, fault: Fault, code: str) -> None:
    await house.start(audit={"notice": False})
    channel = house.sandbox.dm_with(ALICE)
    await house.sandbox.post_as(ALICE, channel, "what do you hold about me?")
    await house.until(lambda: house.ours(channel))
    house.sandbox.faults.add(fault)

    with capture_logs() as lines:
        await house.sandbox.employees.click(ALICE, channel, house.ours(channel)[0]["ts"], EXPORT_ACTION)
        await house.until(lambda: len(house.ours(channel)) == 3)

    assert json.loads(text_of(house.ours(channel)[2]).strip("`"))["questions"] == []
    [line] = [line for line in lines if line["event"] == "own_data_not_sent_as_file"]
    assert line["code"] == code
    assert ("files:write" in line["hint"]) == (code == "missing_scope")


async def test_a_file_waits_as_long_as_slack_says(house: House) -> None:
    await house.start(audit={"notice": False})
    channel = house.sandbox.dm_with(ALICE)
    await house.sandbox.post_as(ALICE, channel, "what do you hold about me?")
    await house.until(lambda: house.ours(channel))
    house.sandbox.faults.add(Fault("rate_limited", "files.completeUploadExternal", times=1, retry_after=2))

    await house.sandbox.employees.click(ALICE, channel, house.ours(channel)[0]["ts"], EXPORT_ACTION)
    await house.until(lambda: len(house.ours(channel)) == 2)

    assert json.loads(await content_of(house.ours(channel)[1]))["questions"] == []
    assert house.sandbox.violations == []


async def test_the_command_shows_it_to_the_person_alone(house: House) -> None:
    await house.start(audit={"notice": False})

    assert await house.sandbox.employees.command(ALICE, GENERAL, "/faq", "privacy")

    assert whispers(house)[0].startswith("I hold nothing that you asked or said.")
    assert "question" not in kinds(house)


async def test_what_was_shown_is_not_taken_for_a_question_when_looking_back(house: House) -> None:
    await house.start(audit={"notice": False})
    channel = house.sandbox.dm_with(ALICE)
    await house.sandbox.post_as(ALICE, channel, "what do you hold about me?")
    await house.until(lambda: house.ours(channel))
    await house.stop()

    await start_and_look(house, audit={"notice": False})

    assert len(house.ours(channel)) == 1
    assert "question" not in kinds(house)


async def test_elsewhere_and_afterwards_it_is_led_to_the_place_and_no_model_asked(house: House) -> None:
    await house.start(audit={"notice": False})
    asked = await house.ask(ALICE, GENERAL, "what do you hold about me?")
    [led] = await house.answered(GENERAL, asked)
    assert led == PRIVACY_PHRASES["privacy_where"]["en"]
    await go_away(house)

    channel = house.sandbox.dm_with(ALICE)
    await house.sandbox.post_as(ALICE, channel, "你保存了我的哪些数据？")
    await house.sandbox.delivered()  # Slack has given up
    await start_and_look(house, audit={"notice": False})
    assert await house.answered(channel, None) == [PRIVACY_PHRASES["privacy_where"]["zh"]]
