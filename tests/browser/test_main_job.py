"""The main job, as a newcomer does it: `inthread run --sandbox`, a browser, a question, the real small model."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests.browser.page import Page
from tests.real_model import models_dir

__all__ = ["models_dir"]  # a fixture
pytestmark = [pytest.mark.browser, pytest.mark.model]


@pytest.fixture
async def workspace_url(tmp_path: Path, models_dir: Path) -> AsyncIterator[str]:
    """The service as a process of its own, from the start to a clean end by SIGTERM."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "INTHREAD_SERVICE__DATA_DIR": str(tmp_path),
        "INTHREAD_SERVICE__PORT": "0",
        "INTHREAD_SANDBOX__PORT": "0",
        "INTHREAD_INFERENCE__MODELS_DIR": str(models_dir),
        "INTHREAD_INFERENCE__MAX_NEW_TOKENS": "60",
        "INTHREAD_INFERENCE__TEMPERATURE": "0",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", "--sandbox", env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        line = (await process.stdout.readline()).decode()
    yield re.findall(r"http://\S+", line)[0]
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(30):
        assert await process.wait() == 0


async def test_a_question_is_answered_by_the_real_model_while_one_watches(
    workspace_url: str, browser: webdriver.Chrome
) -> None:
    page = Page(browser)
    await page.open(workspace_url)
    await page.type("composer", "@inthread What is the capital of France?", Keys.ENTER)
    await page.find("open-thread", "1 reply", seconds=60)
    await page.find("thread-messages", "Paris", seconds=60)
    await page.find("thread-messages", "Written by a small language model", seconds=60)
