"""An editor changes an entry in the sandbox, as in Slack: a form, an error below its field, saved."""

from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from bot.conversation.phrases import phrase
from tests.browser.page import Page
from tests.scenarios.conftest import house
from tests.scenarios.house import DANA, House
from tests.scenarios.test_editing import entry_of, write

__all__ = ["house"]  # a fixture
pytestmark = pytest.mark.browser


async def test_an_entry_is_changed_in_the_browser(house: House, browser: webdriver.Chrome, tmp_path: Path) -> None:
    await write(house)
    await house.start(slack={"editors": (DANA,)})
    page = Page(browser)
    await page.open(house.sandbox.url)
    await page.choose("you-are", DANA)
    await page.type("composer", "/faq edit bicycles", Keys.ENTER)

    await page.find("view", "revision 1 by slack:T1:UHR")
    await page.type("input-question", " And in winter?")
    await page.type("input-audience", ", all")
    await page.choose("input-status", "draft")
    await page.click("view-submit")
    await page.find("view", "Unknown audience 'all'")
    await page.type("input-audience", Keys.BACKSPACE * 5)
    await page.click("input-confirmed", phrase("confirmed_today", "en"))
    await page.click("view-submit")

    await page.find("view", "revision 2, draft")
    entry = await entry_of(house)
    assert entry is not None
    assert entry.text.question == "How do I park a bicycle? And in winter?"
    assert (entry.status, entry.author, entry.text.audience) == ("draft", "slack:T0NORTHWIND:U0DANA", ("everyone",))
