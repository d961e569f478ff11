"""Sessions in direct messages: Slack's own state and stop button, which disturb nothing."""

import pytest

from bot.conversation.phrases import phrase
from bot.sandbox import Fault
from tests.scenarios.house import ALICE, BRUNO, GENERAL, House, note_of, scripted, text_of

SLOWLY = {"words": 2_000, "words_per_second": 50}


def session(house: House, user: str, ts: str) -> str:
    return house.sandbox.statuses.of(house.sandbox.dm_with(user), ts).session


async def test_a_session_works_and_then_rests(house: House) -> None:
    await house.start(scripted={"words": 40, "words_per_second": 20})
    direct = house.sandbox.dm_with(ALICE)
    ts = await house.sandbox.post_as(ALICE, direct, "in private")
    await house.until(lambda: session(house, ALICE, ts) == "processing")
    await house.answered(direct, ts)
    await house.until(lambda: session(house, ALICE, ts) == "active")

    calls = [call for call in house.sandbox.calls if call.method == "agents.sessions.setStatus"]
    assert [call.args["status"] for call in calls] == ["processing", "active"]
    assert calls[0].args["title"] == "in private"


async def test_channels_have_no_sessions(house: House) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, "in public")
    await house.answered(GENERAL, ts)
    await house.stop()

    assert not [call for call in house.sandbox.calls if call.method == "agents.sessions.setStatus"]


async def test_slacks_stop_button_stops_as_ours_does(house: House) -> None:
    await house.start(scripted=SLOWLY)
    direct, other = house.sandbox.dm_with(ALICE), house.sandbox.dm_with(BRUNO)
    ts = await house.sandbox.post_as(ALICE, direct, "stop me")
    await house.sandbox.post_as(BRUNO, other, "not me")
    await house.until(lambda: (found := house.ours(direct, ts)) and " 2 3" in text_of(found[0]))

    house.sandbox.employees.stop_session(ALICE, direct, ts)

    (text,) = await house.answered(direct, ts)
    assert scripted("stop me", 2_000).startswith(text)
    assert phrase("stopped", "en") in note_of(house.ours(direct, ts)[0])
    await house.until(lambda: session(house, ALICE, ts) == "active")
    assert phrase("stopped", "en") not in note_of(house.ours(other)[0])
    house.sandbox.employees.stop_session(BRUNO, other, house.sandbox.messages(other)[0]["ts"])


async def test_stopping_what_has_ended_puts_the_session_to_rest(house: House) -> None:
    await house.start()
    direct = house.sandbox.dm_with(ALICE)
    ts = await house.sandbox.post_as(ALICE, direct, "done already")
    await house.answered(direct, ts)
    await house.until(lambda: session(house, ALICE, ts) == "active")
    await house.clock.sleep(1)
    house.sandbox.statuses.set_session(direct, ts, "processing", "")

    house.sandbox.employees.stop_session(ALICE, direct, ts)

    await house.until(lambda: session(house, ALICE, ts) == "active")


@pytest.mark.parametrize("kind", ["server_error", "rate_limited", "reset_before_commit", "hang_after_commit"])
async def test_a_state_that_cannot_be_shown_disturbs_no_reply(house: House, kind: str) -> None:
    await house.start(scripted={"words": 10, "words_per_second": 50}, slack={"timeout_seconds": 1})
    fault = Fault(kind, "agents.sessions.setStatus", times=2, retry_after=30, seconds=2.0)  # type: ignore[arg-type]
    house.sandbox.faults.add(fault)
    direct = house.sandbox.dm_with(ALICE)
    ts = await house.sandbox.post_as(ALICE, direct, "all the same")

    assert await house.answered(direct, ts)
    await house.until(lambda: text_of(house.ours(direct, ts)[0]) == scripted("all the same", 10))
