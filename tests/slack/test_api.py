"""What became of a call: it happened, it did not, or nobody knows. And never a call before Slack takes one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.errors import (
    Ambiguous,
    MessageGone,
    PlaceGone,
    PlatformError,
    PlatformUnauthorized,
    PlatformUnavailable,
    RateLimited,
    Rejected,
)
from bot.platforms.slack.api import SlackApi
from bot.sandbox import Fault, Sandbox, SandboxSettings
from tests.clock import QuickClock
from tests.scenarios.house import ALICE, GENERAL, HELP_HR, free_port


@pytest.fixture
def time() -> QuickClock:
    return QuickClock()


@pytest.fixture
async def sandbox(time: QuickClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(), clock=time.timestamp) as running:
        yield running
        assert running.violations == []


@pytest.fixture
async def api(sandbox: Sandbox, time: QuickClock) -> AsyncIterator[SlackApi]:
    async with session(1.0) as opened:
        yield SlackApi(client_of(sandbox.api_url, opened, sandbox.bot_token), time)


def session(seconds: float) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds))


def client_of(url: str, opened: aiohttp.ClientSession, token: str) -> AsyncWebClient:
    return AsyncWebClient(token=token, base_url=url, session=opened, timeout=1, retry_handlers=[])


def post(api: SlackApi, channel: str = GENERAL, **arguments: Any) -> Any:
    return api.post_message(channel, **{"text": "hello", **arguments})


def update(api: SlackApi, ts: str) -> Any:
    return api.call(api.client.chat_update, channel=GENERAL, ts=ts, text="again")


async def test_a_call_that_happened_brings_slacks_answer(api: SlackApi) -> None:
    answer = await post(api)

    assert (answer["ok"], answer["channel"]) == (True, GENERAL)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset_before_commit", Ambiguous),
        ("reset_after_commit", Ambiguous),
        ("server_error", Ambiguous),
        ("hang_after_commit", Ambiguous),
        ("rate_limited", RateLimited),
    ],
)
async def test_what_nobody_can_know_is_ambiguous_and_is_not_repeated(
    sandbox: Sandbox, api: SlackApi, kind: Any, error: type[PlatformError]
) -> None:
    sandbox.faults.add(Fault(kind, "chat.postMessage", times=1, seconds=3.0))

    with pytest.raises(error):
        await post(api)

    assert len(sandbox.calls) == 1


async def test_where_nobody_listens_nothing_happened(time: QuickClock) -> None:
    async with session(1.0) as opened:
        api = SlackApi(client_of(f"http://127.0.0.1:{free_port()}/api/", opened, "xoxb"), time)
        with pytest.raises(PlatformUnavailable):
            await post(api)


async def test_refusals_are_told_apart(sandbox: Sandbox, api: SlackApi) -> None:
    with pytest.raises(PlaceGone):
        await post(api, "C0RANDOM")  # not a member
    with pytest.raises(PlaceGone):
        await post(api, "C0NOWHERE")
    with pytest.raises(MessageGone):
        await update(api, "1700000000.000001")
    theirs = await sandbox.post_as(ALICE, GENERAL, "mine")
    with pytest.raises(MessageGone):
        await update(api, theirs)
    with pytest.raises(Rejected):
        await post(api, text="")
    api.client.token = "xoxb-revoked"
    with pytest.raises(PlatformUnauthorized):
        await post(api)


async def test_retry_after_is_waited_out_by_everybody(sandbox: Sandbox, api: SlackApi, time: QuickClock) -> None:
    ts = (await post(api))["ts"]
    sandbox.faults.add(Fault("rate_limited", "chat.update", times=1, retry_after=5))
    with pytest.raises(RateLimited) as refused:
        await update(api, ts)
    assert refused.value.retry_after_seconds == pytest.approx(5.1)

    began = time.monotonic()
    await asyncio.gather(*(update(api, ts) for _ in range(3)))

    assert time.monotonic() - began >= 5


async def test_calls_at_once_do_not_come_before_the_retry_after_of_one_another(sandbox: Sandbox, api: SlackApi) -> None:
    ts = (await post(api))["ts"]
    sandbox.faults.add(Fault("rate_limited", "chat.update", probability=0.4, retry_after=1))

    outcomes = await asyncio.gather(*(update(api, ts) for _ in range(20)), return_exceptions=True)

    assert any(isinstance(outcome, RateLimited) for outcome in outcomes)  # the fixture looks for violations


async def test_posts_of_a_channel_are_a_second_apart_and_other_channels_do_not_wait(
    sandbox: Sandbox, api: SlackApi, time: QuickClock
) -> None:
    began = time.monotonic()
    await asyncio.gather(post(api), post(api), post(api), post(api, HELP_HR))

    assert 2 < time.monotonic() - began < 6
    assert [call.status for call in sandbox.calls] == [200] * 4
