"""Socket Mode against slack_bolt: twins, acknowledgement, redelivery, tickets, sockets."""

import asyncio
import contextlib
from collections import Counter
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox, SandboxSettings

from .conftest import ALICE, GENERAL, ManualClock


async def test_bolt_answers_a_mention_in_its_thread(sandbox: Sandbox, app: AsyncApp, connect: Any) -> None:
    @app.event("app_mention")
    async def answer(event: dict[str, Any], say: Any) -> None:
        await say(text=f"you said: {event['text']}", thread_ts=event["ts"])

    @app.event("message")
    async def hear(event: dict[str, Any]) -> None: ...

    await connect(app)
    ts = await sandbox.post_as(ALICE, GENERAL, "@inthread is 1 < 2 & so on?")
    reply = (await sandbox.until(lambda: sandbox.messages(GENERAL, ts)[1:]))[0]
    assert reply["text"] == "you said: <@U0INTHREAD> is 1 &lt; 2 &amp; so on?"
    assert (reply["thread_ts"], reply["parent_user_id"], reply["bot_id"]) == (ts, ALICE, "B0INTHREAD")


async def test_a_mention_is_two_events_with_one_ts(sandbox: Sandbox, app: AsyncApp, connect: Any) -> None:
    bodies: list[dict[str, Any]] = []

    @app.event("app_mention")
    @app.event("message")
    async def hear(body: dict[str, Any]) -> None:
        bodies.append(body)

    await connect(app)
    ts = await sandbox.post_as(ALICE, GENERAL, "<@U0INTHREAD> hello")
    await sandbox.until(lambda: sum(ack.acked_at is not None for ack in sandbox.acks) == 2)
    assert {body["event"]["type"] for body in bodies} == {"app_mention", "message"}
    assert {body["event"]["ts"] for body in bodies} == {ts}
    assert len({body["event_id"] for body in bodies}) == 2
    message = next(body["event"] for body in bodies if body["event"]["type"] == "message")
    assert message["channel_type"] == "channel"
    assert message["blocks"][0]["elements"][0]["elements"][0] == {"type": "user", "user_id": "U0INTHREAD"}


async def test_direct_messages_edits_and_deletions_arrive(sandbox: Sandbox, app: AsyncApp, connect: Any) -> None:
    events: list[dict[str, Any]] = []

    @app.event({"type": "message", "subtype": None})
    @app.event({"type": "message", "subtype": "message_changed"})
    @app.event({"type": "message", "subtype": "message_deleted"})
    async def hear(event: dict[str, Any]) -> None:
        events.append(event)

    await connect(app)
    dm = sandbox.dm_with(ALICE)
    ts = await sandbox.post_as(ALICE, dm, "first")
    await sandbox.until(lambda: len(events) == 1 and sandbox.acks[-1].acked_at)
    await sandbox.edit_as(ALICE, dm, ts, "second")
    await sandbox.until(lambda: len(events) == 2 and sandbox.acks[-1].acked_at)
    await sandbox.delete_as(ALICE, dm, ts)
    await sandbox.until(lambda: len(events) == 3 and sandbox.acks[-1].acked_at)
    assert [event["channel_type"] for event in events] == ["im"] * 3
    assert (events[1]["message"]["text"], events[1]["previous_message"]["text"]) == ("second", "first")
    assert (events[2]["subtype"], events[2]["deleted_ts"]) == ("message_deleted", ts)


async def test_own_posts_come_back(sandbox: Sandbox, client: AsyncWebClient) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(await ticket_url(sandbox)) as ws:
        await ws.receive_json()
        await client.chat_postMessage(channel=GENERAL, text="from the bot")
        event = (await ws.receive_json())["payload"]["event"]
    assert (event["type"], event["bot_id"], event["app_id"]) == ("message", "B0INTHREAD", "A0INTHREAD")
    assert event["user"] == sandbox.bot_user_id


async def test_unacknowledged_envelopes_come_four_times(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(await ticket_url(sandbox)) as ws:
        hello = await ws.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        assert hello["debug_info"]["approximate_connection_time"] > 0
        await sandbox.post_as(ALICE, sandbox.dm_with(ALICE), "anybody there?")
        frames = [await ws.receive_json() for _ in range(4)]
    assert [frame["retry_attempt"] for frame in frames] == [0, 1, 2, 3]
    assert [frame["retry_reason"] for frame in frames] == ["", "timeout", "timeout", "timeout"]
    assert len({frame["payload"]["event_id"] for frame in frames}) == 1


async def test_an_event_waits_for_a_socket(sandbox: Sandbox) -> None:
    await sandbox.post_as(ALICE, sandbox.dm_with(ALICE), "while nobody listens")
    async with aiohttp.ClientSession() as session, session.ws_connect(await ticket_url(sandbox)) as ws:
        await ws.receive_json()
        frame = await ws.receive_json()
        await ws.send_json({"envelope_id": frame["envelope_id"]})
        await sandbox.until(lambda: sandbox.acks[-1].acked_at)
    assert frame["retry_attempt"] > 0


async def test_a_ticket_is_good_once(sandbox: Sandbox) -> None:
    url = await ticket_url(sandbox)
    async with aiohttp.ClientSession() as session, session.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_the_eleventh_socket_is_turned_away(clock: ManualClock) -> None:
    settings = SandboxSettings(max_sockets=1)
    async with Sandbox(settings, clock=clock) as sandbox, aiohttp.ClientSession() as session:
        first = await session.ws_connect(await ticket_url(sandbox))
        await first.receive_json()
        second = await session.ws_connect(await ticket_url(sandbox))
        assert (await second.receive_json())["reason"] == "too_many_websockets"
        assert sandbox.sockets == 1


async def test_bolt_reconnects_after_a_refresh(sandbox: Sandbox, app: AsyncApp, connect: Any) -> None:
    await connect(app)
    await sandbox.disconnect_sockets("refresh_requested")
    await sandbox.until(lambda: sandbox.sockets == 1)


async def test_killed_sockets_are_gone_at_once(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(await ticket_url(sandbox)) as ws:
        await ws.receive_json()
        await sandbox.kill_sockets()
        assert sandbox.sockets == 0
        assert (await ws.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def test_duplicates_follow_an_acknowledged_envelope(sandbox: Sandbox) -> None:
    sandbox.faults.deliveries.duplicate = 1.0
    async with aiohttp.ClientSession() as session, session.ws_connect(await ticket_url(sandbox)) as ws:
        await ws.receive_json()
        await sandbox.post_as(ALICE, sandbox.dm_with(ALICE), "once")
        first = await ws.receive_json()
        await ws.send_json({"envelope_id": first["envelope_id"]})
        again = await ws.receive_json()
    assert again["payload"]["event_id"] == first["payload"]["event_id"]
    assert again["envelope_id"] != first["envelope_id"]


async def test_acknowledged_envelopes_come_again_as_often_as_is_drawn(sandbox: Sandbox) -> None:
    sandbox.faults.deliveries.repeats = 2
    came: Counter[str] = Counter()
    async with aiohttp.ClientSession() as session, session.ws_connect(await ticket_url(sandbox)) as ws:
        await ws.receive_json()
        for number in range(20):
            await sandbox.post_as(ALICE, sandbox.dm_with(ALICE), f"number {number}")
        delivered = asyncio.create_task(sandbox.delivered())
        while not delivered.done():
            with contextlib.suppress(TimeoutError):
                frame = await ws.receive_json(timeout=0.05)
                await ws.send_json({"envelope_id": frame["envelope_id"]})
                came[frame["payload"]["event_id"]] += 1
    assert len(came) == 20
    assert set(came.values()) == {1, 2, 3}


async def test_a_button_reaches_its_listener_with_a_response_url(
    sandbox: Sandbox, app: AsyncApp, client: AsyncWebClient, connect: Any
) -> None:
    @app.action("helpful")
    async def thanks(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(text="Thank you", response_type="ephemeral")

    @app.event("message")
    async def hear(event: dict[str, Any]) -> None: ...

    await connect(app)
    button = {"type": "button", "action_id": "helpful", "text": {"type": "plain_text", "text": "Yes"}, "value": "1"}
    posted = await client.chat_postMessage(
        channel=GENERAL, text="Was this helpful?", blocks=[{"type": "actions", "elements": [button]}]
    )
    assert await sandbox.click(ALICE, GENERAL, posted["ts"], "helpful")
    shown = await sandbox.until(lambda: sandbox.ephemerals(GENERAL, ALICE))
    assert shown[0]["text"] == "Thank you"


async def test_a_slash_command_and_its_modal(sandbox: Sandbox, app: AsyncApp, connect: Any) -> None:
    submitted: list[Any] = []

    @app.command("/faq")
    async def faq(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack(f"looking for {body['text']}")
        await client.views_open(trigger_id=body["trigger_id"], view=_modal())

    @app.view("feedback")
    async def take(ack: AsyncAck, view: dict[str, Any]) -> None:
        await ack()
        submitted.append(view["state"]["values"]["why"]["text"]["value"])

    await connect(app)
    assert await sandbox.employees.command(ALICE, GENERAL, "/faq", "holidays")
    assert sandbox.ephemerals(GENERAL, ALICE)[0]["text"] == "looking for holidays"
    view = await sandbox.until(lambda: sandbox.views.stack_of(ALICE))
    values = {"why": {"text": {"type": "plain_text_input", "value": "wrong year"}}}
    assert await sandbox.employees.submit_view(ALICE, view[0].id, values) == {}
    assert submitted == ["wrong year"]
    assert sandbox.views.stack_of(ALICE) == []


def _modal() -> dict[str, Any]:
    field = {"type": "plain_text_input", "action_id": "text"}
    label = {"type": "plain_text", "text": "Why?"}
    return {
        "type": "modal",
        "callback_id": "feedback",
        "title": {"type": "plain_text", "text": "Feedback"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [{"type": "input", "block_id": "why", "label": label, "element": field}],
    }


async def test_stopping_a_session_stops_its_streams(sandbox: Sandbox, client: AsyncWebClient) -> None:
    dm = sandbox.dm_with(ALICE)
    root = await sandbox.post_as(ALICE, dm, "question")
    await client.api_call(
        "agents.sessions.setStatus", json={"channel_id": dm, "thread_ts": root, "status": "processing"}
    )
    stream = (await client.chat_startStream(channel=dm, thread_ts=root))["ts"]
    async with aiohttp.ClientSession() as session, session.ws_connect(await ticket_url(sandbox)) as ws:
        await ws.receive_json()
        sandbox.employees.stop_session(ALICE, dm, root)
        event = await next_event(ws, "agent_session_stopped")
    assert (event["thread_ts"], event["streaming_message_ts"]) == (root, [stream])


async def test_private_channels_are_groups_and_unjoined_ones_silent(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(await ticket_url(sandbox)) as ws:
        await ws.receive_json()
        await sandbox.post_as(ALICE, "C0RANDOM", "@inthread nobody hears this")
        await sandbox.post_as(ALICE, "C0PEOPLEOPS", "but this")
        event = await next_event(ws, "message")
    assert (event["channel"], event["channel_type"]) == ("C0PEOPLEOPS", "group")


async def test_inviting_the_bot_is_a_join_message(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(await ticket_url(sandbox)) as ws:
        await ws.receive_json()
        sandbox.employees.join(sandbox.bot_user_id, "C0RANDOM")
        event = await next_event(ws, "message")
    assert (event["subtype"], event["user"]) == ("channel_join", sandbox.bot_user_id)


async def test_dropped_deliveries_come_again(sandbox: Sandbox) -> None:
    sandbox.faults.deliveries.drop = 1.0
    async with aiohttp.ClientSession() as session, session.ws_connect(await ticket_url(sandbox)) as ws:
        await ws.receive_json()
        await sandbox.post_as(ALICE, sandbox.dm_with(ALICE), "hello")
        await sandbox.until(lambda: sandbox.acks)
        sandbox.faults.deliveries.drop = 0.0
        frame = await ws.receive_json()
    assert frame["retry_attempt"] > 0


async def test_refused_sockets_cost_their_ticket(sandbox: Sandbox) -> None:
    sandbox.faults.sockets.refuse = 1.0
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(await ticket_url(sandbox))
    assert refused.value.status == 503


async def next_event(ws: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    while True:
        frame = await ws.receive_json(timeout=5)
        await ws.send_json({"envelope_id": frame["envelope_id"]})
        if frame["payload"]["event"]["type"] == kind:
            return dict(frame["payload"]["event"])


async def ticket_url(sandbox: Sandbox) -> str:
    client = AsyncWebClient(token=sandbox.app_token, base_url=sandbox.api_url)
    return str((await client.apps_connections_open(app_token=sandbox.app_token))["url"])
