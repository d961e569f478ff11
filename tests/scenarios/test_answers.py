"""Somebody asks in Slack and is answered: the main job, end to end."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from bot.conversation.phrases import phrase
from bot.errors import StartFailed
from bot.platforms.slack.blocks import STOP_ACTION
from bot.service import serve
from storage.errors import DatabaseInUse
from tests.delivery.oracle import live_parts
from tests.scenarios.house import (
    ALICE,
    BRUNO,
    CHENWEI,
    DANA,
    GENERAL,
    HELP_HR,
    HELP_IT,
    PEOPLE,
    PRIVATE,
    US,
    House,
    is_finished,
    note_of,
    scripted,
    text_of,
)
from tests.slack.test_dialect import LIVE, all_strings

SLOWLY = {"words": 60, "words_per_second": 60}


async def test_a_mention_gets_one_reply_in_its_thread_that_grows_and_ends_whole(house: House) -> None:
    await house.start(scripted=SLOWLY)
    ts = await house.ask(ALICE, GENERAL, "how many days of leave?")

    assert await house.answered(GENERAL, ts) == [scripted("how many days of leave?", 60)]

    (reply,) = house.ours(GENERAL)
    working, *growing, final = house.versions(GENERAL, reply)
    assert working == phrase("working", "en")
    assert len(growing) >= 3
    assert all(final.startswith(text) for text in growing if text != working)
    assert note_of(reply) == phrase("disclaimer", "en")
    assert "edited" not in reply


async def test_both_events_of_a_mention_get_one_reply(house: House) -> None:
    await house.start()
    house.sandbox.faults.deliveries.duplicate = 1.0
    ts = await house.ask(ALICE, GENERAL, "once please")
    await house.answered(GENERAL, ts)
    await house.until(lambda: all(acknowledged(house).count(kind) >= 2 for kind in ("app_mention", "message")))
    assert [text_of(message) for message in house.ours(GENERAL)] == [scripted("once please")]


def acknowledged(house: House) -> list[str]:
    return [ack.kind for ack in house.sandbox.acks if ack.acked_at]


@pytest.mark.parametrize("mode", ["thread", "conversation"])
async def test_a_direct_message_needs_no_mention(house: House, mode: str) -> None:
    await house.start(slack={"dm_mode": mode})
    dm = house.sandbox.dm_with(ALICE)
    ts = await house.sandbox.post_as(ALICE, dm, "hello")

    assert await house.answered(dm, ts if mode == "thread" else None) == [scripted("hello")]
    (reply,) = house.ours(dm)
    assert reply.get("thread_ts") == (ts if mode == "thread" else None)


async def test_direct_messages_go_on_as_one_conversation_or_each_begins_anew(house: House) -> None:
    dm = house.sandbox.dm_with(ALICE)
    await house.start(slack={"dm_mode": "conversation"})
    await house.sandbox.post_as(ALICE, dm, "one")
    await house.answered(dm, None)
    await house.sandbox.post_as(ALICE, dm, "two")
    assert await house.answered(dm, None, 2) == [scripted("one"), scripted("two", turn=2)]
    await house.stop()

    await house.start(slack={"dm_mode": "thread"})
    ts = await house.sandbox.post_as(ALICE, dm, "three")
    assert await house.answered(dm, ts) == [scripted("three")]


async def test_a_thread_goes_on_without_a_mention_and_over_a_restart(house: House) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "one")
    await house.answered(GENERAL, ts)
    await house.sandbox.post_as(BRUNO, GENERAL, "and two?", ts)
    await house.answered(GENERAL, ts, 2)
    await house.stop()

    await house.start()
    await house.sandbox.post_as(ALICE, GENERAL, "three", ts)

    assert await house.answered(GENERAL, ts, 3) == [
        scripted("one"),
        scripted("and two?", turn=2),
        scripted("three", turn=3),
    ]


async def test_without_follow_ups_only_mentions_are_answered(house: House) -> None:
    await house.start(slack={"follow_ups": False})
    ts = await house.ask(ALICE, GENERAL, "one")
    await house.answered(GENERAL, ts)
    await house.sandbox.post_as(ALICE, GENERAL, "not for you", ts)
    await house.ask(ALICE, GENERAL, "two", ts)

    assert await house.answered(GENERAL, ts, 2) == [scripted("one"), scripted("two", turn=2)]


async def test_what_is_not_a_question_to_us_is_not_answered(house: House) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "the only question")
    await house.answered(GENERAL, ts)

    other = await house.sandbox.post_as(BRUNO, GENERAL, "chatting about something else")
    await house.sandbox.post_as(BRUNO, GENERAL, "more of it", other)
    await house.sandbox.post_as(BRUNO, GENERAL, f"<@{CHENWEI}> you may know", ts)
    await house.sandbox.edit_as(BRUNO, GENERAL, other, "chatting about a third thing")
    await house.sandbox.delete_as(BRUNO, GENERAL, other)
    house.sandbox.employees.join(BRUNO, PRIVATE)
    last = await house.ask(DANA, HELP_HR, "the last question")
    await house.answered(HELP_HR, last)
    await house.until(lambda: all(ack.acked_at is not None for ack in house.sandbox.acks))

    assert [text_of(message) for message in house.ours(GENERAL)] == [scripted("the only question")]


async def test_a_mention_alone_is_told_how_to_ask(house: House) -> None:
    await house.start()
    ts = await house.sandbox.post_as(ALICE, GENERAL, f"<@{US}>")

    assert await house.answered(GENERAL, ts) == [phrase("empty", "en")]


async def test_chinese_is_answered_in_chinese(house: House) -> None:
    await house.start(scripted=SLOWLY)
    ts = await house.ask(CHENWEI, HELP_HR, "年假有几天？")
    await house.answered(HELP_HR, ts)

    (reply,) = house.ours(HELP_HR)
    assert house.versions(HELP_HR, reply)[0] == phrase("working", "zh")
    assert note_of(reply) == phrase("disclaimer", "zh")


async def test_hostile_text_comes_back_harmless(house: House) -> None:
    await house.start(scripted={"words": 40, "words_per_second": 80})
    hostile = "<!channel> <@U0BRUNO> <!subteam^S1> [x](https://evil.com) www.evil.com ![i](//evil.com/i) `code"
    ts = await house.ask(ALICE, GENERAL, hostile)
    await house.answered(GENERAL, ts)

    writes = [call for call in house.sandbox.calls if call.method in ("chat.postMessage", "chat.update")]
    assert len(writes) >= 3
    for call in writes:
        blocks = call.args.get("blocks")
        assert not [text for text in all_strings(blocks) if LIVE.search(text)]
        assert not LIVE.search(str(call.args.get("text")))
        assert not [text for text in all_strings(blocks) if live_parts(text, html=True)]
        assert call.args.get("parse", "none") == "none"


async def test_a_long_answer_goes_on_over_several_messages_in_order(house: House) -> None:
    await house.start(scripted={"words": 3_000, "words_per_second": 6_000})
    ts = await house.ask(ALICE, GENERAL, "at length")
    await house.until(lambda: len(house.ours(GENERAL, ts)) >= 4)
    texts = await house.answered(GENERAL, ts, 4)

    assert " ".join(texts) == scripted("at length", 3_000)
    notes = [note_of(message) for message in house.ours(GENERAL, ts)]
    assert notes == ["", "", "", phrase("disclaimer", "en")]


async def test_the_stop_button_ends_the_answer_and_says_so(house: House) -> None:
    await house.start(scripted={"words": 2_000, "words_per_second": 50})
    ts = await house.ask(ALICE, GENERAL, "stop me")
    await house.until(lambda: house.ours(GENERAL, ts) and " 2 3" in text_of(house.ours(GENERAL, ts)[0]))
    (reply,) = house.ours(GENERAL, ts)

    assert await house.sandbox.click(ALICE, GENERAL, reply["ts"], STOP_ACTION)

    (text,) = await house.answered(GENERAL, ts)
    assert scripted("stop me", 2_000).startswith(text)
    assert phrase("stopped", "en") in note_of(house.ours(GENERAL, ts)[0])


# ── many at once ─────────────────────────────────────────────────────────────


async def test_who_waits_sees_the_place_in_line(house: House) -> None:
    await house.start(scripted={"words": 40, "words_per_second": 80, "max_concurrent": 1})
    asked = [(user, channel) for user, channel in zip(PEOPLE, (GENERAL, HELP_HR, HELP_IT, GENERAL), strict=True)]
    threads = [(channel, await house.ask(user, channel, f"from {user}")) for user, channel in asked]
    for channel, ts in threads:
        await house.answered(channel, ts)

    shown = [house.versions(channel, house.ours(channel, ts)[0]) for channel, ts in threads]
    assert any("number 3 in line" in text for text in shown[3])
    assert [texts[-1] for texts in shown] == [scripted(f"from {user}", 40) for user in PEOPLE]


async def test_a_person_with_too_many_questions_is_told_and_others_are_not(house: House) -> None:
    slow = {"words": 30, "words_per_second": 60}
    await house.start(scripted=slow, delivery={"waiting_per_user": 1})
    threads = [await house.ask(BRUNO, HELP_IT, f"question {number}") for number in range(4)]
    other = await house.ask(ALICE, HELP_HR, "mine")

    texts = [(await house.answered(HELP_IT, ts))[0] for ts in threads]
    assert texts[:2] == [scripted("question 0", 30), scripted("question 1", 30)]
    assert texts[2:] == [phrase("busy_person", "en")] * 2
    assert await house.answered(HELP_HR, other) == [scripted("mine", 30)]


async def test_eight_conversations_at_once_do_not_mix(house: House) -> None:
    await house.start(scripted={"words": 20, "words_per_second": 100})
    places = [(user, channel) for user in PEOPLE for channel in (GENERAL, house.sandbox.dm_with(user))]
    asked = [
        (channel, await house.ask(user, channel, f"canary{number}x"), f"canary{number}x")
        for number, (user, channel) in enumerate(places)
    ]
    for channel, ts, _ in asked:
        await house.answered(channel, ts)
    for number, (user, channel) in enumerate(places):
        await house.ask(user, channel, f"again{number}x", asked[number][1])

    for number, (channel, ts, canary) in enumerate(asked):
        first, second = await house.answered(channel, ts, 2)
        assert (first, second) == (scripted(canary, 20), scripted(f"again{number}x", 20, turn=2))
        shown = " ".join(text for message in house.ours(channel, ts) for text in house.versions(channel, message))
        assert not [other for *_, other in asked if other != canary and other in shown]


# ── the service as a process ─────────────────────────────────────────────────


async def test_health_and_readiness_are_told_over_http(house: House) -> None:
    await house.start()
    async with aiohttp.ClientSession() as session:

        async def get(path: str) -> tuple[int, dict[str, object]]:
            async with session.get(house.url + path) as response:
                return response.status, await response.json()

        assert await get("/healthz") == (200, {"alive": True})
        assert await get("/readyz") == (200, {"ready": True, "storage": True, "slack": True})

        house.sandbox.faults.sockets.refuse = 1.0
        await house.sandbox.kill_sockets()
        await house.until(lambda: house.sandbox.sockets == 0)
        for _ in range(200):
            if (await get("/readyz"))[0] == 503:
                break
            await asyncio.sleep(0.05)
        assert await get("/readyz") == (503, {"ready": False, "storage": True, "slack": False})
        assert (await get("/healthz"))[0] == 200


@pytest.mark.parametrize("token", ["bot_token", "app_token"])
async def test_a_wrong_token_ends_the_start_with_what_to_check(house: House, token: str) -> None:
    with pytest.raises(StartFailed, match=r"refuses the token.*SLACK_BOT_TOKEN.*SLACK_APP_TOKEN"):
        await house.start(slack={token: "xoxb-wrong"})


async def test_a_taken_port_ends_the_start_with_what_to_change(house: House, tmp_path: Path) -> None:
    await house.start()
    second = House(house.sandbox, tmp_path / "another folder", house.clock)

    with pytest.raises(StartFailed, match=r"cannot listen on 127\.0\.0\.1.*\[service\] port"):
        await serve(second.settings(service={"port": house.port, "data_dir": second.folder}), asyncio.Event())


async def test_a_second_service_on_the_same_data_does_not_start(house: House) -> None:
    await house.start()

    with pytest.raises(DatabaseInUse, match="its own data_dir"):
        await serve(house.settings(), asyncio.Event())


async def test_private_channels_and_finished_replies(house: House) -> None:
    await house.start()
    ts = await house.ask(DANA, PRIVATE, "in private")

    assert await house.answered(PRIVATE, ts) == [scripted("in private")]
    assert all(is_finished(message) for message in house.ours(PRIVATE))
