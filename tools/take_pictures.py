"""Makes the pictures of the README: the service on the real small model, the sandbox's page, a real browser.

`make pictures`. Needs chromium and chromedriver.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path

from selenium import webdriver

from bot.sandbox import Sandbox, SandboxSettings
from tools.service_process import running_service

ROOT = Path(__file__).parent.parent
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
)
CHANNEL, PERSON = "C0HELPIT", "U0DANA"
QUESTION = "What does VPN mean?"
FOLLOW_UP = "And what is a firewall?"


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with Sandbox(SandboxSettings()) as sandbox:
            environment = {
                "INTHREAD_INFERENCE__MODELS_DIR": str(ROOT / "data" / "models"),
                "INTHREAD_INFERENCE__TEMPERATURE": "0",
                "INTHREAD_INFERENCE__MAX_NEW_TOKENS": "160",
            }
            async with running_service(sandbox, Path(folder), environment):
                browser = await asyncio.to_thread(_open_browser, folder, f"{sandbox.url}?user={PERSON}")
                try:
                    await _ask(sandbox, browser)
                finally:
                    browser.quit()


async def _ask(sandbox: Sandbox, browser: webdriver.Chrome) -> None:
    mention = f"<@{sandbox.bot_user_id}> {QUESTION}"
    ts = await sandbox.post_as(PERSON, channel=CHANNEL, text=mention)
    await sandbox.until(lambda: _is_final(sandbox, ts, 2), timeout=120)
    await sandbox.post_as(PERSON, channel=CHANNEL, text=FOLLOW_UP, thread_ts=ts)
    await sandbox.until(lambda: len(sandbox.messages(CHANNEL, ts)) == 4, timeout=60)
    await asyncio.to_thread(_open_thread, browser)
    await sandbox.until(lambda: len(sandbox.messages(CHANNEL, ts)[3]["text"]) > 150, timeout=60)
    await asyncio.sleep(0.5)  # the page paints
    path = ROOT / "docs" / "images" / "answer.png"
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


def _open_thread(browser: webdriver.Chrome) -> None:
    # By script: the page draws its parts anew while the answer grows, and an element found may be gone when clicked.
    for testid in (f"channel-{CHANNEL}", "open-thread"):
        browser.execute_script(f"document.querySelector('[data-testid=\"{testid}\"]').click()")


if __name__ == "__main__":
    asyncio.run(main())
