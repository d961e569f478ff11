"""What the browser chat keeps of a person, in a real browser: told, shown, taken as a file, erased in every window."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.test_web_chat import WHOLE, Chat
from tests.web.chat import RunningService, prepared, running_service, web_settings

pytestmark = pytest.mark.browser
CANARY = "canary-88"
ALL_THERE_IS = """
const kept = Object.keys(localStorage).map((key) => `${key}=${localStorage.getItem(key)}`);
const page = [document.title, document.documentElement.outerHTML, document.querySelector("#question").value];
return [...page, ...kept].join(" ");
"""


@pytest.fixture
async def service(migrated_file: Path, tmp_path: Path) -> AsyncIterator[RunningService]:
    settings = web_settings(prepared(migrated_file, tmp_path / "data"), words=8, grace_seconds=0)
    async with running_service(settings) as running:
        yield running


@pytest.fixture
async def chat(service: RunningService, browser: webdriver.Chrome) -> Chat:  # the browser goes first
    return Chat(browser, service.url)


def downloaded(browser: webdriver.Chrome, folder: Path) -> str:
    found = WebDriverWait(browser, 10).until(lambda _: list(folder.glob("inthread-*.json")))
    return found[0].read_text("utf-8")


async def test_a_person_is_told_takes_it_all_and_has_it_erased_in_every_window(
    chat: Chat, browser: webdriver.Chrome, tmp_path: Path
) -> None:
    downloads = {"behavior": "allow", "downloadPath": str(tmp_path / "downloads")}
    await asyncio.to_thread(browser.execute_cdp_cmd, "Browser.setDownloadBehavior", downloads)
    await chat.sign_in("Alice")
    await chat.find("kept", "for 180 days")
    await chat.ask(f"{CANARY} one")
    await chat.find("answer", WHOLE)
    await chat.gone("kept")
    await chat.type("question", f"{CANARY} is not sent yet")
    first = browser.current_window_handle
    here = await chat.script("return location.href")

    await asyncio.to_thread(browser.switch_to.new_window, "tab")
    second = browser.current_window_handle
    await chat.open(here)
    await chat.find("answer", CANARY)
    await chat.click("new")
    await chat.ask("what do you hold about me?")  # it asks nothing of the model
    await chat.find("own-data-held", "your questions with their answers (1)")
    await chat.click("own-data-file")
    taken = json.loads(await asyncio.to_thread(downloaded, browser, tmp_path / "downloads"))
    assert [question["question"] for question in taken["questions"]] == [f"{CANARY} one"]

    await chat.click("own-data-erase")
    await chat.click("own-data-keep")
    await chat.click("own-data-erase")
    await chat.click("own-data-erase-really")
    await chat.find("own-data-erased", "Erased: your questions with their answers (1)")
    await chat.click("close")
    for window in (second, first):
        await asyncio.to_thread(browser.switch_to.window, window)
        await chat.find("threads", "Your conversations will be listed here.")
        assert CANARY not in await chat.script(ALL_THERE_IS)
    await chat.find("kept", "for 180 days")  # nobody is known: they are told once more
    await chat.click("kept-read")
    await chat.script("location.reload()")
    await chat.find("question")
    await chat.gone("kept")
    await chat.type("question", "begun anew", Keys.ENTER)
    await chat.find("answer", WHOLE)
    assert await chat.texts("thread") == ["begun anew"]
