"""The Web API against slack_sdk: shapes, refusals, pages, blocks, metadata."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox, SandboxSettings

from .conftest import ALICE, GENERAL, ManualClock

BLOCKS: dict[str, list[dict[str, Any]]] = {
    "msg_blocks_too_many": [{"type": "divider"}] * 51,
    "msg_blocks_too_long": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}] * 5,
    "invalid_blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
}


@pytest.fixture
async def sandbox(clock: ManualClock) -> Any:
    async with Sandbox(SandboxSettings(rate_limits=False), clock=clock) as running:
        yield running


async def refusal(awaitable: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await awaitable
    return str(caught.value.response["error"])


async def test_auth_tells_tokens_apart(sandbox: Sandbox, client: AsyncWebClient) -> None:
    assert (await client.auth_test())["user_id"] == sandbox.bot_user_id
    wrong = AsyncWebClient(token="xoxb-wrong", base_url=sandbox.api_url)
    assert await refusal(wrong.auth_test()) == "invalid_auth"
    assert await refusal(AsyncWebClient(base_url=sandbox.api_url).auth_test()) == "not_authed"
    assert await refusal(client.apps_connections_open(app_token=sandbox.bot_token)) == "not_allowed_token_type"
    assert await refusal(client.api_call("chat.shout")) == "unknown_method"


async def test_tokens_do_not_reach_the_log(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session:
        form = {"token": sandbox.bot_token, "channel": GENERAL, "text": "by form"}
        async with session.post(sandbox.api_url + "chat.postMessage", data=form) as response:
            assert (await response.json())["ok"]
    assert "token" not in sandbox.calls[0].args


async def test_timestamps_ascend_while_the_clock_stands(sandbox: Sandbox, client: AsyncWebClient) -> None:
    stamps = [(await client.chat_postMessage(channel=GENERAL, text=str(n)))["ts"] for n in range(3)]
    assert stamps == sorted(set(stamps))


async def test_history_is_paged_newest_first(sandbox: Sandbox, client: AsyncWebClient) -> None:
    stamps = [await sandbox.post_as(ALICE, GENERAL, f"message {n}") for n in range(7)]
    await sandbox.post_as(ALICE, GENERAL, "a reply stays in its thread", stamps[0])
    pages = [page["messages"] async for page in await client.conversations_history(channel=GENERAL, limit=3)]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [message["ts"] for page in pages for message in page] == stamps[::-1]
    assert pages[-1][0]["reply_count"] == 1


async def test_oldest_is_exclusive_unless_inclusive(sandbox: Sandbox, client: AsyncWebClient) -> None:
    stamps = [await sandbox.post_as(ALICE, GENERAL, f"message {n}") for n in range(3)]
    later = await client.conversations_history(channel=GENERAL, oldest=stamps[1])
    assert [message["ts"] for message in later["messages"]] == [stamps[2]]
    since = await client.conversations_history(channel=GENERAL, oldest=stamps[1], inclusive=True)
    assert len(since["messages"]) == 2


async def test_a_thread_is_told_by_the_message_it_stands_under(sandbox: Sandbox, client: AsyncWebClient) -> None:
    root = await sandbox.post_as(ALICE, GENERAL, "root")
    replies = [await sandbox.post_as(ALICE, GENERAL, f"reply {n}", root) for n in range(2)]
    await sandbox.edit_as(ALICE, GENERAL, root, "root, mended")

    (shown,) = (await client.conversations_history(channel=GENERAL, limit=1))["messages"]

    assert (shown["thread_ts"], shown["reply_count"], shown["latest_reply"]) == (root, 2, replies[-1])
    assert (shown["edited"]["user"], shown["text"]) == (ALICE, "root, mended")


async def test_the_channels_one_is_in_are_listed_page_by_page(sandbox: Sandbox, client: AsyncWebClient) -> None:
    types = "public_channel,private_channel,im"
    answers = [page.data async for page in await client.users_conversations(types=types, limit=3)]
    listed = [channel for answer in answers for channel in answer["channels"]]

    assert [len(answer["channels"]) for answer in answers] == [3, 3, 2]
    assert {channel["id"] for channel in listed} == set(sandbox.channels) - {"C0RANDOM"}
    assert not any("is_member" in channel or "num_members" in channel for channel in listed)
    assert {channel["id"] for channel in (await client.users_conversations())["channels"]} == {
        channel["id"] for channel in listed if channel.get("is_channel") and not channel["is_private"]
    }


async def test_replies_are_paged_with_the_root_first(sandbox: Sandbox, client: AsyncWebClient) -> None:
    root = await sandbox.post_as(ALICE, GENERAL, "root")
    replies = [await sandbox.post_as(ALICE, GENERAL, f"reply {n}", root) for n in range(4)]
    pages = [page["messages"] async for page in await client.conversations_replies(channel=GENERAL, ts=root, limit=2)]
    assert [message["ts"] for page in pages for message in page] == [root, *replies]
    recent = await client.conversations_replies(channel=GENERAL, ts=root, oldest=replies[2])
    assert [message["ts"] for message in recent["messages"]] == [root, replies[3]]
    assert await refusal(client.conversations_replies(channel=GENERAL, ts="1.000001")) == "thread_not_found"


async def test_metadata_shows_only_when_asked_for(sandbox: Sandbox, client: AsyncWebClient) -> None:
    metadata = {"event_type": "reply", "event_payload": {"id": "r-1"}}
    root = await sandbox.post_as(ALICE, GENERAL, "root")
    await client.chat_postMessage(channel=GENERAL, thread_ts=root, text="answer", metadata=metadata)
    plain = await client.conversations_replies(channel=GENERAL, ts=root)
    full = await client.conversations_replies(channel=GENERAL, ts=root, include_all_metadata=True)
    assert "metadata" not in plain["messages"][1]
    assert full["messages"][1]["metadata"] == metadata


async def test_edited_marks_text_but_not_blocks(sandbox: Sandbox, client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel=GENERAL, text="1"))["ts"]
    await client.chat_update(channel=GENERAL, ts=ts, text="2", blocks=[{"type": "markdown", "text": "2"}])
    assert "edited" not in sandbox.messages(GENERAL)[0]
    await client.chat_update(channel=GENERAL, ts=ts, text="3")
    assert "edited" in sandbox.messages(GENERAL)[0]
    assert [version.text for version in sandbox.history_of(GENERAL, ts)] == ["1", "2", "3"]


async def test_only_own_messages_change(sandbox: Sandbox, client: AsyncWebClient) -> None:
    ts = await sandbox.post_as(ALICE, GENERAL, "mine")
    assert await refusal(client.chat_update(channel=GENERAL, ts=ts, text="no")) == "cant_update_message"
    assert await refusal(client.chat_delete(channel=GENERAL, ts=ts)) == "cant_delete_message"
    assert await refusal(client.chat_update(channel=GENERAL, ts="1.000001", text="no")) == "message_not_found"


async def test_refusals_of_posts(sandbox: Sandbox, client: AsyncWebClient) -> None:
    assert await refusal(client.chat_postMessage(channel="C0NOWHERE", text="x")) == "channel_not_found"
    assert await refusal(client.chat_postMessage(channel="C0RANDOM", text="x")) == "not_in_channel"
    assert await refusal(client.chat_postMessage(channel=GENERAL, text="", mrkdwn=True)) == "no_text"
    own = (await client.chat_postMessage(channel=GENERAL, text="x" * 50_000))["message"]
    assert len(own["text"]) == 40_000
    assert await refusal(client.chat_update(channel=GENERAL, ts=own["ts"], text="x" * 4_001)) == "msg_too_long"


@pytest.mark.parametrize("error", BLOCKS)
async def test_block_limits(client: AsyncWebClient, error: str) -> None:
    assert await refusal(client.chat_postMessage(channel=GENERAL, text="x", blocks=BLOCKS[error])) == error


async def test_a_misshapen_block_is_refused(client: AsyncWebClient) -> None:
    blocks = [{"type": "rich_text", "elements": 5}, {"type": "section", "fields": 5}]
    assert await refusal(client.chat_postMessage(channel=GENERAL, text="x", blocks=blocks)) == "invalid_blocks"


async def test_invalid_blocks_say_where(client: AsyncWebClient) -> None:
    twins = [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}, {"type": "marquee"}]
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=GENERAL, text="x", blocks=twins)
    messages = caught.value.response["response_metadata"]["messages"]
    assert messages[0] == "[ERROR] unsupported type: marquee [json-pointer:/blocks/2/type]"
    assert "not unique" in messages[1]


async def test_reactions(sandbox: Sandbox, client: AsyncWebClient) -> None:
    ts = await sandbox.post_as(ALICE, GENERAL, "nice")
    await client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")
    assert sandbox.messages(GENERAL)[0]["reactions"] == [{"name": "eyes", "users": [sandbox.bot_user_id], "count": 1}]
    assert await refusal(client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")) == "already_reacted"
    await client.reactions_remove(channel=GENERAL, timestamp=ts, name="eyes")
    assert await refusal(client.reactions_remove(channel=GENERAL, timestamp=ts, name="eyes")) == "no_reaction"


async def test_a_deleted_root_leaves_its_thread(sandbox: Sandbox, client: AsyncWebClient) -> None:
    root = await sandbox.post_as(ALICE, GENERAL, "root")
    await client.chat_postMessage(channel=GENERAL, thread_ts=root, text="answer")
    await sandbox.delete_as(ALICE, GENERAL, root)
    replies = (await client.conversations_replies(channel=GENERAL, ts=root))["messages"]
    assert [message.get("subtype") for message in replies] == ["tombstone", None]


async def test_a_stream_ends_after_five_minutes(sandbox: Sandbox, client: AsyncWebClient, clock: ManualClock) -> None:
    root = await sandbox.post_as(ALICE, GENERAL, "root")
    started = await client.chat_startStream(
        channel=GENERAL, thread_ts=root, recipient_user_id=ALICE, recipient_team_id="T0NORTHWIND"
    )
    where = {"channel": GENERAL, "ts": started["ts"]}
    await client.chat_appendStream(**where, markdown_text="You have ")
    await client.chat_appendStream(**where, chunks=[{"type": "markdown_text", "text": "25 days"}])
    assert sandbox.messages(GENERAL, root)[1]["blocks"][0]["text"] == "You have 25 days"
    assert await refusal(client.chat_update(**where, text="x")) == "streaming_state_conflict"
    clock.advance(301)
    assert await refusal(client.chat_stopStream(**where)) == "message_not_in_streaming_state"
    await client.chat_update(**where, text="You have 25 days")


async def test_the_status_goes_after_two_minutes_or_with_a_reply(
    sandbox: Sandbox, client: AsyncWebClient, clock: ManualClock
) -> None:
    root = await sandbox.post_as(ALICE, GENERAL, "root")
    await client.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=root, status="is thinking…")
    assert sandbox.statuses.of(GENERAL, root).text == "is thinking…"
    clock.advance(121)
    assert sandbox.statuses.of(GENERAL, root).text == ""
    await client.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=root, status="is writing…")
    await client.chat_postMessage(channel=GENERAL, thread_ts=root, text="answer")
    assert sandbox.statuses.of(GENERAL, root).text == ""


async def test_a_person_cannot_type_control_sequences(sandbox: Sandbox) -> None:
    await sandbox.post_as(
        ALICE, GENERAL, "<!channel> mail bob@inthread.com, see https://a.example/?a=1&b=2. @inthread！"
    )
    text = sandbox.messages(GENERAL)[0]["text"]
    assert text == ("&lt;!channel&gt; mail bob@inthread.com, see <https://a.example/?a=1&amp;b=2>. <@U0INTHREAD>！")


async def test_a_taken_port_and_a_foreign_file_are_refused(tmp_path: Any, sandbox: Sandbox) -> None:
    taken = Sandbox(SandboxSettings(port=int(sandbox.url.rsplit(":", 1)[1].strip("/"))))
    with pytest.raises(OSError, match="address already in use"):
        await taken.start()
    foreign = tmp_path / "workspace.json"
    foreign.write_text("[]")
    with pytest.raises(ValueError, match="not a workspace"):
        await Sandbox(SandboxSettings(state_file=foreign)).start()


async def test_the_workspace_survives_a_restart(tmp_path: Any, clock: ManualClock) -> None:
    settings = SandboxSettings(state_file=tmp_path / "workspace.json")
    async with Sandbox(settings, clock=clock) as first:
        root = await first.post_as(ALICE, GENERAL, "root")
        await first.post_as("U0BRUNO", GENERAL, "reply", root)
        before = first.messages(GENERAL)
    async with Sandbox(settings, clock=clock) as second:
        assert second.messages(GENERAL) == before
        assert await second.post_as(ALICE, GENERAL, "later") > before[-1]["ts"]
