"""The sandbox's page in a real browser: a person writes, the bot's answer grows, a button is clicked."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox, SandboxSettings
from tests.browser.page import Page

pytestmark = pytest.mark.browser
GENERAL, ALICE = "C0GENERAL", "U0ALICE"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxSettings(rate_limits=False, ack_seconds=1.0, redelivery_seconds=())) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> AsyncWebClient:
    return AsyncWebClient(token=sandbox.bot_token, base_url=sandbox.api_url)


@pytest.fixture
async def page(browser: webdriver.Chrome, sandbox: Sandbox) -> Page:
    opened = Page(browser)
    await opened.open(sandbox.url)
    await opened.find("composer")
    return opened


async def test_an_answer_grows_in_the_thread(page: Page, sandbox: Sandbox, client: AsyncWebClient) -> None:
    await page.type("composer", "@inthread how many days off?", Keys.ENTER)
    question = (await sandbox.until(lambda: sandbox.messages(GENERAL)))[0]
    assert question["text"] == "<@U0INTHREAD> how many days off?"
    answer = await client.chat_postMessage(channel=GENERAL, thread_ts=question["ts"], text="You have")
    await page.find("message-body", "You have")
    for text in ("You have **25", "You have **25 days**."):
        blocks = [{"type": "markdown", "text": text}]
        await client.chat_update(channel=GENERAL, ts=answer["ts"], text=text, blocks=blocks)
        await page.find("message-body", "25")
    assert "<strong>25 days</strong>." in await page.html_of("message-body", "25 days.")
    assert "edited" not in await page.html_of("message-body", "25 days.")


async def test_hostile_markup_stays_text(page: Page, sandbox: Sandbox, client: AsyncWebClient) -> None:
    text = 'look: <img src=x onerror="document.title=1"> [here](javascript:alert(1)) &lt;b&gt;'
    await client.chat_postMessage(channel=GENERAL, text="x", blocks=[{"type": "markdown", "text": text}])
    html = await page.html_of("message-body", "look:")
    assert "&lt;img" in html
    assert "<img" not in html
    assert "javascript:" not in html
    assert "&lt;b&gt;" in html


async def test_an_unanswered_click_is_told(page: Page, sandbox: Sandbox, client: AsyncWebClient) -> None:
    button = {"type": "button", "action_id": "up", "text": {"type": "plain_text", "text": "Helpful"}}
    await client.chat_postMessage(channel=GENERAL, text="?", blocks=[{"type": "actions", "elements": [button]}])
    await page.click("action-up", "Helpful")
    await page.find("channel", "did not answer within three seconds")


async def test_a_click_reaches_the_app_and_opens_its_modal(
    page: Page, sandbox: Sandbox, client: AsyncWebClient
) -> None:
    button = {"type": "button", "action_id": "down", "text": {"type": "plain_text", "text": "Not helpful"}}
    await client.chat_postMessage(channel=GENERAL, text="?", blocks=[{"type": "actions", "elements": [button]}])
    app = AsyncWebClient(token=sandbox.app_token, base_url=sandbox.api_url)
    url = str((await app.apps_connections_open(app_token=sandbox.app_token))["url"])
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
        await ws.receive_json()
        await page.click("action-down")
        click = await _acknowledged(ws)
        assert click["actions"][0]["action_id"] == "down"
        await client.views_open(trigger_id=click["trigger_id"], view=_modal())
        await page.type("input-why", "It is the wrong year")
        await page.click("view-submit")
        submission = await _acknowledged(ws)
    assert submission["view"]["state"]["values"]["why"]["text"]["value"] == "It is the wrong year"


async def test_people_see_their_own_channels_and_edit_their_own_words(page: Page, sandbox: Sandbox) -> None:
    await page.choose("you-are", "U0BRUNO")
    await page.type("composer", "hello all", Keys.ENTER)
    await page.find("message-body", "hello all")
    message = sandbox.messages(GENERAL)[0]
    assert message["user"] == "U0BRUNO"
    await sandbox.edit_as("U0BRUNO", GENERAL, message["ts"], "hello everybody")
    await page.find("edited", "(edited)")
    await page.find("message-body", "hello everybody")


async def test_an_empty_workspace_says_what_to_type(page: Page) -> None:
    await page.click("example")
    composer = await page.find("composer")
    assert str(await asyncio.to_thread(composer.get_attribute, "value")).startswith("@inthread ")
    await page.find("offline", "not connected")


async def _acknowledged(ws: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The payload of the next interaction; events on the way are acknowledged too."""
    while True:
        frame = await ws.receive_json(timeout=10)
        await ws.send_json({"envelope_id": frame["envelope_id"]})
        if frame["type"] == "interactive":
            return dict(frame["payload"])


def _modal() -> dict[str, Any]:
    field = {"type": "plain_text_input", "action_id": "text", "multiline": True}
    label = {"type": "plain_text", "text": "What was wrong?"}
    return {
        "type": "modal",
        "callback_id": "feedback",
        "title": {"type": "plain_text", "text": "Feedback"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [{"type": "input", "block_id": "why", "label": label, "element": field}],
    }
