"""From a question's event to its whole verified answer, at idle and while the model is busy. `make bench-verified`.

The service runs as a process of its own with the scripted engine and the FAQ of `tests/eval`, against the sandbox,
which enforces Slack's limits. Times are taken by the sandbox: what the person would see.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from bot.sandbox import Sandbox, SandboxSettings
from tools.bench_service import IDLE_SECONDS, print_row
from tools.service_process import running_service

FAQ = Path(__file__).parent.parent / "tests" / "eval" / "faq.yaml"
QUESTIONS = 20
PORT = 18427
CHANNELS = ("C0GENERAL", "C0HELPHR")
ENGINE = {
    "INTHREAD_INFERENCE__ENGINE": "scripted",
    "INTHREAD_INFERENCE__SCRIPTED__WORDS": "2000",
    "INTHREAD_DELIVERY__GRACE_SECONDS": "0",
    "INTHREAD_ANSWERS__GENERATE": "always",
}


async def main() -> None:
    entries = [entry for entry in yaml.safe_load(FAQ.read_text("utf-8"))["entries"] if entry["lang"] == "en"]
    with tempfile.TemporaryDirectory() as folder:
        await asyncio.to_thread(_load_faq, folder)
        async with Sandbox(SandboxSettings()) as sandbox, running_service(sandbox, Path(folder), ENGINE, port=PORT):
            print_row("event to the whole verified answer, idle", await _ask(sandbox, entries), "ms, to hold: ≤ 300")
            await _keep_the_model_busy(sandbox)
            print_row("the same while the model writes for everybody else", await _ask(sandbox, entries), "ms")


def _load_faq(folder: str) -> None:
    variables = {**os.environ, "INTHREAD_SERVICE__DATA_DIR": folder, "INTHREAD_LOG__LEVEL": "warning"}
    for arguments in (["import", str(FAQ)], ["encode"]):
        command = [sys.executable, "-m", "bot", "faq", *arguments]
        subprocess.run(command, check=True, env=variables, stdout=subprocess.DEVNULL)


async def _ask(sandbox: Sandbox, entries: list[dict[str, str]]) -> list[float]:
    """Milliseconds from each question to the message that shows the entry's answer, character for character."""
    person = next(iter(sandbox.people))
    took = []
    for number in range(QUESTIONS):
        entry, channel = entries[number % len(entries)], CHANNELS[number % len(CHANNELS)]
        await asyncio.sleep(IDLE_SECONDS)
        asked = time.time()
        ts = await sandbox.post_as(person, channel, f"<@{sandbox.bot_user_id}> {entry['question']}")
        await sandbox.until(lambda channel=channel, ts=ts: len(sandbox.messages(channel, ts)) == 2, timeout=30)
        [version] = sandbox.history_of(channel, sandbox.messages(channel, ts)[1]["ts"])
        shown = version.blocks[0]["text"].replace("&lt;", "<").replace("&gt;", ">")
        assert shown == entry["answer"], f"{entry['id']} was shown as {shown!r}"
        took.append(1000 * (version.at - asked))
    return took


async def _keep_the_model_busy(sandbox: Sandbox) -> None:
    """Everybody but the one who asks has a long answer written."""
    for person in list(sandbox.people)[1:]:
        await sandbox.post_as(person, sandbox.dm_with(person), "tell me everything about kettles")
    await asyncio.sleep(IDLE_SECONDS)


if __name__ == "__main__":
    asyncio.run(main())
