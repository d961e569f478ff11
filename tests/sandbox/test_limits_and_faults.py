"""Rate limits by an injected clock, and what goes wrong on purpose."""

import math
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Fault, Sandbox, SandboxSettings
from bot.sandbox.errors import RateLimited
from bot.sandbox.rate_limits import RateLimits

from .conftest import ALICE, GENERAL, ManualClock


@pytest.mark.parametrize(
    ("method", "limit"),
    [("chat.update", 50), ("conversations.replies", 50), ("chat.startStream", 20), ("chat.appendStream", 100)],
)
def test_a_sliding_minute_per_method(clock: ManualClock, method: str, limit: int) -> None:
    limits = RateLimits(SandboxSettings(), clock)
    for _ in range(limit):
        limits.admit(method)
        clock.advance(0.125)
    with pytest.raises(RateLimited) as refused:
        limits.admit(method)
    assert refused.value.retry_after == math.ceil(60 - limit / 8)
    clock.advance(refused.value.retry_after)
    limits.admit(method)
    assert limits.violations == []


def test_one_post_a_second_and_channel(clock: ManualClock) -> None:
    limits = RateLimits(SandboxSettings(), clock)
    limits.admit("chat.postMessage", "C1")
    limits.admit("chat.postMessage", "C2")
    clock.advance(0.97)
    with pytest.raises(RateLimited):
        limits.admit("chat.postMessage", "C1")
    RateLimits(SandboxSettings(post_tolerance=0.05), clock).admit("chat.postMessage", "C1")


def test_tolerance_forgives_a_little(clock: ManualClock) -> None:
    limits = RateLimits(SandboxSettings(post_tolerance=0.05), clock)
    limits.admit("chat.postMessage", "C1")
    clock.advance(0.96)
    limits.admit("chat.postMessage", "C1")


def test_coming_before_retry_after_is_a_violation(clock: ManualClock) -> None:
    limits = RateLimits(SandboxSettings(strict_connection_tier=True), clock)
    limits.admit("apps.connections.open")
    for _ in range(2):
        with pytest.raises(RateLimited):
            limits.admit("apps.connections.open")
    assert [violation.method for violation in limits.violations] == ["apps.connections.open"]


def test_limits_can_be_off(clock: ManualClock) -> None:
    limits = RateLimits(SandboxSettings(rate_limits=False), clock)
    for _ in range(1_000):
        limits.admit("chat.postMessage", "C1")


async def test_a_429_over_http(sandbox: Sandbox, client: AsyncWebClient, clock: ManualClock) -> None:
    await client.chat_postMessage(channel=GENERAL, text="first")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="#general", text="second")
    assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
    assert caught.value.response.headers["Retry-After"] == "1"
    clock.advance(1)
    await client.chat_postMessage(channel=GENERAL, text="third")
    assert [call.error for call in sandbox.calls] == [None, "ratelimited", None]


async def test_faults_strike_by_number(sandbox: Sandbox, client: AsyncWebClient) -> None:
    sandbox.faults.add(Fault("rate_limited", "auth.test", nth=2, retry_after=7))
    await client.auth_test()
    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()
    assert caught.value.response.headers["Retry-After"] == "7"
    with pytest.raises(SlackApiError):
        await client.auth_test()
    assert len(sandbox.violations) == 1


async def test_a_reset_before_the_commit_posts_nothing(sandbox: Sandbox, client: AsyncWebClient) -> None:
    sandbox.faults.add(Fault("reset_before_commit", "chat.postMessage", times=1))
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=GENERAL, text="lost")
    assert sandbox.messages(GENERAL) == []


async def test_a_reset_after_the_commit_posts(sandbox: Sandbox, client: AsyncWebClient) -> None:
    sandbox.faults.add(Fault("reset_after_commit", "chat.postMessage", times=1))
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=GENERAL, text="there all the same")
    assert len(sandbox.messages(GENERAL)) == 1
    assert (sandbox.calls[0].status, sandbox.calls[0].fault) == (0, "reset_after_commit")


@pytest.mark.parametrize(("kind", "posted"), [("server_error", 0), ("server_error_after_commit", 1)])
async def test_a_server_error_before_or_after_the_commit(
    sandbox: Sandbox, client: AsyncWebClient, kind: Any, posted: int
) -> None:
    sandbox.faults.add(Fault(kind, "chat.postMessage", status=502))
    with pytest.raises(SlackApiError) as failed:
        await client.chat_postMessage(channel=GENERAL, text="did it work?")
    assert failed.value.response.status_code == 502
    assert len(sandbox.messages(GENERAL)) == posted


async def test_who_is_told_to_wait_hears_of_it_whatever_the_faults(sandbox: Sandbox, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=GENERAL, text="one")
    sandbox.faults.add(Fault("reset_after_commit", "chat.postMessage"))
    with pytest.raises(SlackApiError, match="ratelimited"):
        await client.chat_postMessage(channel=GENERAL, text="two, too soon")


async def test_addresses_lead_through_a_proxy_that_stands_before_it(clock: ManualClock) -> None:
    async with Sandbox(SandboxSettings(public_url="http://proxy.example/"), clock=clock) as sandbox:
        client = AsyncWebClient(token=sandbox.app_token, base_url=sandbox.url + "api/", retry_handlers=[])
        opened = await client.apps_connections_open(app_token=sandbox.app_token)
    assert sandbox.api_url == "http://proxy.example/api/"
    assert opened["url"].startswith("ws://proxy.example/link/?ticket=")


@pytest.mark.parametrize(("kind", "posted"), [("hang_before_commit", 0), ("hang_after_commit", 1)])
async def test_a_hanging_call(sandbox: Sandbox, kind: Any, posted: int) -> None:
    sandbox.faults.add(Fault(kind, "chat.postMessage", seconds=30))
    hasty = AsyncWebClient(token=sandbox.bot_token, base_url=sandbox.api_url, timeout=1, retry_handlers=[])
    with pytest.raises(TimeoutError):
        await hasty.chat_postMessage(channel=GENERAL, text="slow")
    assert len(sandbox.messages(GENERAL)) == posted


async def test_faults_can_be_set_from_outside(sandbox: Sandbox, client: AsyncWebClient) -> None:
    plan = {"web_api": [{"kind": "server_error", "method": "auth.test", "status": 502}], "deliveries": {"drop": 0.5}}
    url = sandbox.url + "_sandbox/faults"
    async with aiohttp.ClientSession() as session:
        async with session.post(url, json=plan) as response:
            assert response.status == 200
        async with session.post(url, json={"web_apis": []}) as response:
            assert (response.status, "unknown key" in await response.text()) == (400, True)
        async with session.post(url, json=plan, headers={"Origin": "https://evil.example"}) as response:
            assert response.status == 403
        async with session.post(sandbox.api_url + "auth.test") as response:
            assert response.status == 502
    assert sandbox.faults.deliveries.drop == 0.5


async def test_waiting_in_vain_shows_the_channel(sandbox: Sandbox) -> None:
    await sandbox.post_as(ALICE, GENERAL, "is anybody there?")
    with pytest.raises(TimeoutError, match=r"is anybody there\?"):
        await sandbox.until(lambda: False, timeout=0.01)
