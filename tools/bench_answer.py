"""The main job on the real small model: what a person in Slack sees. `make bench-answer`.

Each question goes through the sandbox, Socket Mode, the database, the model and back. Times are the sandbox's; tokens
and speed are what the service put on record.
"""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from bot.sandbox import Sandbox, SandboxSettings
from tools.service_process import running_service

ROOT = Path(__file__).parent.parent
CHANNEL, PERSON = "C0HELPIT", "U0DANA"
QUESTIONS = [
    "What does VPN mean?",
    "How do I write an out-of-office message?",
    "What is a firewall?",
    "What should I do in my first week?",
    "Why is a strong password important?",
]


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with Sandbox(SandboxSettings()) as sandbox:
            environment = {"INTHREAD_INFERENCE__MODELS_DIR": str(ROOT / "data" / "models")}
            begun = time.monotonic()
            async with running_service(sandbox, Path(folder), environment) as service:
                print(f"takes questions {time.monotonic() - begun:.1f} s after its start")
                rows = [await _ask(sandbox, question) for question in QUESTIONS]
                now, peak = service.rss_megabytes()
        kept = _on_record(Path(folder) / "inthread.db")
    shown, text, whole, edits = zip(*rows, strict=True)
    print(f"first visible message: median {statistics.median(shown):.2f} s")
    print(f"first visible text:    median {statistics.median(text):.2f} s, most {max(text):.2f} s")
    print(f"whole answer:          median {statistics.median(whole):.1f} s; edits: {', '.join(map(str, edits))}")
    tokens, speeds = zip(*kept, strict=True)
    print(f"new tokens: {', '.join(map(str, tokens))}; tokens/s: median {statistics.median(speeds):.1f}")
    print(f"memory: {now:.0f} MB, peak {peak:.0f} MB; calls refused by Slack's limits: {len(sandbox.violations)}")


async def _ask(sandbox: Sandbox, question: str) -> tuple[float, float, float, int]:
    """Seconds to the first message, to the first text, to the whole answer; edits."""
    await asyncio.sleep(1.5)
    asked = time.time()
    ts = await sandbox.post_as(PERSON, channel=CHANNEL, text=f"<@{sandbox.bot_user_id}> {question}")
    await sandbox.until(lambda: _is_final(sandbox, ts), timeout=180)
    versions = sandbox.history_of(CHANNEL, sandbox.messages(CHANNEL, ts)[1]["ts"])
    text = next(version for version in versions if version.blocks[0]["type"] == "markdown")
    return versions[0].at - asked, text.at - asked, versions[-1].at - asked, len(versions) - 1


def _is_final(sandbox: Sandbox, ts: str) -> bool:
    thread = sandbox.messages(CHANNEL, ts)
    return len(thread) == 2 and all(block["type"] != "actions" for block in thread[-1]["blocks"])


def _on_record(path: Path) -> list[tuple[int, float]]:
    """New tokens and tokens/s of each reply, from the database."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT new_tokens, seconds, seconds_to_first_token FROM reply ORDER BY created_at")
        return [(new, (new - 1) / (seconds - first)) for new, seconds, first in rows]


if __name__ == "__main__":
    asyncio.run(main())
