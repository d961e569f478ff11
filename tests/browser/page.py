"""A page as a person handles it."""

import asyncio
from collections.abc import Callable
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait


class Page:
    """The page as a person handles it. Selenium blocks, so every step runs in a thread beside the sandbox's loop."""

    def __init__(self, browser: webdriver.Chrome) -> None:
        self._browser = browser

    async def open(self, url: str) -> None:
        await asyncio.to_thread(self._browser.get, url)

    async def find(self, testid: str, text: str = "", seconds: float = 10) -> WebElement:
        def visible(driver: webdriver.Chrome) -> Any:
            found = driver.find_elements(By.CSS_SELECTOR, f'[data-testid="{testid}"]')
            return next((node for node in found if node.is_displayed() and text in node.text), False)

        return await self._wait(visible, seconds)

    async def click(self, testid: str, text: str = "") -> None:
        node = await self.find(testid, text)
        await asyncio.to_thread(node.click)

    async def type(self, testid: str, text: str, *keys: str) -> None:
        node = await self.find(testid)
        await asyncio.to_thread(node.send_keys, text, *keys)

    async def choose(self, testid: str, value: str) -> None:
        node = await self.find(testid)
        await asyncio.to_thread(lambda: Select(node).select_by_value(value))

    async def html_of(self, testid: str, text: str) -> str:
        node = await self.find(testid, text)
        return str(await asyncio.to_thread(node.get_attribute, "innerHTML"))

    async def _wait(self, condition: Callable[[webdriver.Chrome], Any], seconds: float) -> Any:
        waiting = WebDriverWait(self._browser, seconds, ignored_exceptions=[Exception])
        return await asyncio.to_thread(waiting.until, condition)
