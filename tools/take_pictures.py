"""Makes the pictures of the README: the service on the real small model, the sandbox's page, a real browser.

`make pictures`. Needs chromium and chromedriver.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from selenium import webdriver

from bot.sandbox import Sandbox, SandboxSettings
from tools.service_process import running_service

ROOT = Path(__file__).parent.parent
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
)
PERSON = "U0ALICE"  # whom the page shows first
CHANNEL, QUESTION, FOLLOW_UP = "C0HELPIT", "What does VPN mean?", "And what is a firewall?"
OFFICE, ASKED = "C0GENERAL", "somebody took my badge, what now?"
FAQ = ROOT / "tests" / "eval" / "faq.yaml"
MODEL = {
    "INTHREAD_INFERENCE__MODELS_DIR": str(ROOT / "data" / "models"),
    "INTHREAD_INFERENCE__TEMPERATURE": "0",
    "INTHREAD_INFERENCE__MAX_NEW_TOKENS": "160",
}


async def main() -> None:
    async with _scene() as (sandbox, browser):
        await _ask_the_model(sandbox, browser)
    async with _scene(FAQ) as (sandbox, browser):
        await _ask_the_company(sandbox, browser)


@asynccontextmanager
async def _scene(faq: Path | None = None) -> AsyncGenerator[tuple[Sandbox, webdriver.Chrome], None]:
    """A service of its own, and the sandbox's page as one person sees it."""
    with tempfile.TemporaryDirectory() as folder:
        if faq is not None:
            for command in (("db", "upgrade"), ("faq", "import", str(faq)), ("faq", "encode")):
                await _run(Path(folder), *command)
        async with Sandbox(SandboxSettings()) as sandbox, running_service(sandbox, Path(folder), MODEL):
            browser = await asyncio.to_thread(_open_browser, folder, sandbox.url)
            try:
                yield sandbox, browser
            finally:
                browser.quit()


async def _run(data_dir: Path, *command: str) -> None:
    environment = {**os.environ, "INTHREAD_SERVICE__DATA_DIR": str(data_dir)}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", *command, env=environment)
    if await process.wait():
        sys.exit(f"inthread {' '.join(command)} failed")


async def _ask_the_model(sandbox: Sandbox, browser: webdriver.Chrome) -> None:
    mention = f"<@{sandbox.bot_user_id}> {QUESTION}"
    ts = await sandbox.post_as(PERSON, channel=CHANNEL, text=mention)
    await sandbox.until(lambda: _is_final(sandbox, ts, 2), timeout=120)
    await sandbox.post_as(PERSON, channel=CHANNEL, text=FOLLOW_UP, thread_ts=ts)
    await sandbox.until(lambda: len(sandbox.messages(CHANNEL, ts)) == 4, timeout=60)
    await asyncio.to_thread(_open_thread, browser, CHANNEL)
    await sandbox.until(lambda: len(sandbox.messages(CHANNEL, ts)[3]["text"]) > 150, timeout=60)
    await _save(browser, "answer.png")


async def _ask_the_company(sandbox: Sandbox, browser: webdriver.Chrome) -> None:
    ts = await sandbox.post_as(PERSON, channel=OFFICE, text=f"<@{sandbox.bot_user_id}> {ASKED}")
    await sandbox.until(lambda: "security@harbour.test" in sandbox.messages(OFFICE, ts)[-1]["text"], timeout=60)
    await asyncio.to_thread(_open_thread, browser, OFFICE)
    await _save(browser, "verified.png")


async def _save(browser: webdriver.Chrome, name: str) -> None:
    await asyncio.sleep(0.5)  # the page paints
    path = ROOT / "docs" / "images" / name
    browser.save_screenshot(str(path))
    print(path.relative_to(ROOT))


def _is_final(sandbox: Sandbox, ts: str, messages: int) -> bool:
    thread = sandbox.messages(CHANNEL, ts)
    return len(thread) == messages and all(block["type"] != "actions" for block in thread[-1]["blocks"])


def _open_browser(folder: str, url: str) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    for flag in [*FLAGS.split(), f"--user-data-dir={folder}/browser", "--window-size=1180,860", "--lang=en-US"]:
        options.add_argument(flag)
    # Named, or selenium would look for a driver on the network.
    driver = webdriver.ChromeService(shutil.which("chromedriver"))
    options.binary_location = shutil.which("chromium") or ""
    browser = webdriver.Chrome(options=options, service=driver)
    browser.get(url)
    return browser


def _open_thread(browser: webdriver.Chrome, channel: str) -> None:
    # By script: the page draws its parts anew while the answer grows, and an element found may be gone when clicked.
    for testid in (f"channel-{channel}", "open-thread"):
        browser.execute_script(f"document.querySelector('[data-testid=\"{testid}\"]').click()")


if __name__ == "__main__":
    asyncio.run(main())
