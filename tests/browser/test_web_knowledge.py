"""Answers from the company's knowledge in a real browser: seen, chosen, judged, with the keyboard too."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bot.conversation.knowledge.findings import Route
from bot.conversation.settings import AnswerSettings
from bot.platforms.slack.settings import SlackSettings
from bot.sandbox import Sandbox, SandboxSettings
from tests.browser.test_web_chat import Chat
from tests.shelf import Shelf, an_entry
from tests.web.chat import RunningService, prepared, running_service, web_settings

pytestmark = pytest.mark.browser
BALANCE = an_entry("pto_balance", answer="In **Workday**, under *Time Off*: https://wd.acme.test/balance")
REQUEST = an_entry("pto_request", question="How do I request vacation?", answer="In Workday.")
CHINESE = an_entry("zh", lang="zh", question="年假还剩几天？", answer="在 **Workday** 中查看。")


@pytest.fixture
async def service(shelf: Shelf, migrated_file: Path, tmp_path: Path) -> AsyncIterator[RunningService]:
    shelf.lay_out("days left?", Route.DIRECT, BALANCE).lay_out("days?", Route.SUGGEST, BALANCE, REQUEST)
    shelf.lay_out("年假还有几天？", Route.DIRECT, CHINESE)
    async with running_service(web_settings(prepared(migrated_file, tmp_path / "data"))) as running:
        yield running


@pytest.fixture
async def chat(service: RunningService, browser: webdriver.Chrome) -> Chat:
    chat = Chat(browser, service.url)
    await chat.sign_in("Alice")
    return chat


async def test_a_verified_answer_shows_its_source_and_both_links_work(chat: Chat) -> None:
    await chat.ask("days left?")

    source = await chat.find("source", "Verified answer")
    assert source.text.splitlines() == [
        "Verified answer",
        "How many vacation days do I have left?",
        "hr@acme.test",
        "verified 12 Oct 2025",
    ]
    assert source.find_element(By.TAG_NAME, "a").get_attribute("href") == "https://intranet.acme.test/hr/pto_balance"
    answer = await chat.find("answer", "Time Off")
    assert answer.find_element(By.TAG_NAME, "a").get_attribute("href") == "https://wd.acme.test/balance"


async def test_a_suggestion_is_chosen_with_the_keyboard_and_read_out(chat: Chat) -> None:
    await chat.ask("days?")
    button = await chat.find("choose", "How do I request vacation?")
    button.send_keys(Keys.ENTER)

    await chat.find("answer", "In Workday.")
    await chat.find("source", "How do I request vacation?")
    assert await chat.texts("choose") == []
    assert "In Workday." in await chat.script("return document.getElementById('announcer').textContent")
    assert await chat.script("return document.activeElement.className") == "reply"


async def test_a_thumb_stays_pressed_and_a_thumb_down_asks_why(chat: Chat) -> None:
    await chat.ask("days left?")
    await chat.click("thumb-up")
    assert await is_pressed(chat, up="true", down="false")

    await chat.click("thumb-down")
    await chat.type("comment", "It is six days.")
    await chat.click("comment-send")
    await chat.gone("comment-box")
    assert await is_pressed(chat, up="false", down="true")

    await chat.script("location.reload()")
    await chat.find("source")
    assert await is_pressed(chat, up="false", down="true")


async def test_escape_puts_the_comment_box_away_and_the_focus_back(chat: Chat) -> None:
    await chat.ask("days left?")
    await chat.click("thumb-down")
    await chat.type("comment", "never mind", Keys.ESCAPE)
    await chat.gone("comment-box")
    assert await chat.script("return document.activeElement.dataset.testid") == "thumb-down"


async def test_an_answer_in_chinese_is_labelled_in_chinese(chat: Chat) -> None:
    await chat.ask("年假还有几天？")
    source = await chat.find("source", "已核实的答案")
    assert "核实于2025年10月12日" in source.text
    await chat.find("thumb-up", "有帮助")


async def is_pressed(chat: Chat, up: str, down: str) -> bool:
    """As soon as both thumbs are as they should be."""
    script = "return [...document.querySelectorAll('.thumb')].map((thumb) => thumb.getAttribute('aria-pressed'))"
    return bool(await chat._wait(lambda driver: driver.execute_script(script) == [up, down], 10))


@pytest.mark.usefixtures("shelf")
async def test_asking_a_person_asks_whether_one_is_sure(
    migrated_file: Path, tmp_path: Path, browser: webdriver.Chrome
) -> None:
    answers = AnswerSettings(ask_channel="C0HELPHR")
    async with Sandbox(SandboxSettings()) as sandbox:
        slack = SlackSettings(
            api_url=sandbox.api_url, bot_token=SecretStr(sandbox.bot_token), app_token=SecretStr(sandbox.app_token)
        )
        settings = web_settings(prepared(migrated_file, tmp_path / "data"))
        async with running_service(settings.model_copy(update={"slack": slack, "answers": answers})) as running:
            chat = Chat(browser, running.url)
            await chat.sign_in("Alice")
            await chat.ask("may I bring my dog?")
            await chat.click("ask-people")
            await chat.press(Keys.TAB, Keys.ENTER)  # the way back
            await chat.click("ask-people")
            await chat.click("ask-people-yes")
            await chat.find("note", "I have asked the people")
            [question] = await sandbox.until(lambda: sandbox.messages("C0HELPHR"))
            await sandbox.post_as("U0DANA", "C0HELPHR", "Only guide dogs.", question["ts"])
            await chat.find("answer", "Only guide dogs.")
            assert await chat.texts("asked") == ["may I bring my dog?", ""], "it is not shown once more"
            await chat.open("about:blank")  # the browser goes first
