"""Eight people ask for a while, four in Slack and four in the browser. `make soak-short` (ten minutes).

The small model answers. Each question has a canary word of its own; no text in another conversation may have it. What
is counted: text within two seconds of one's turn, mixed replies, replies missing or doubled, memory over time.
"""

import argparse
import asyncio
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from bot.sandbox import Sandbox, SandboxSettings
from tools.service_process import ServiceProcess, running_service

ROOT = Path(__file__).parent.parent
CHANNELS = ("C0GENERAL", "C0HELPHR", "C0HELPIT")
QUESTIONS = ("What does {} mean?", "How do I write an email about {}?", "Why is {} important?", "Tell me about {}.")
ANSWER_SECONDS = 240
HELD_SECONDS = 2.0


class Person:
    """Asks, waits for the whole answer, asks again. `conversations` maps each canary to all text that it was shown."""

    def __init__(self, number: int, seed: int) -> None:
        self.number = number
        self.rng = random.Random(f"{seed} {number}")
        self.shown: dict[str, str] = {}
        self.failures: list[str] = []

    def question(self) -> tuple[str, str]:
        canary = f"{self.rng.choice('bdfgklmnprstvz')}{self.rng.getrandbits(40):x}"
        return canary, self.rng.choice(QUESTIONS).format(canary)

    async def ask(self, canary: str, text: str) -> str:
        """All text of the answer's conversation."""
        raise NotImplementedError

    async def live(self, until: float) -> None:
        while time.monotonic() < until:
            canary, text = self.question()
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    self.shown[canary] = await self.ask(canary, text)
            except (TimeoutError, aiohttp.ClientError) as error:
                self.failures.append(f"person {self.number}: {canary}: {type(error).__name__}")
            await asyncio.sleep(self.rng.uniform(0.5, 3))


class SlackPerson(Person):
    def __init__(self, number: int, seed: int, sandbox: Sandbox) -> None:
        super().__init__(number, seed)
        self.sandbox = sandbox
        self.user = list(sandbox.people)[number]

    async def ask(self, canary: str, text: str) -> str:
        channel = self.rng.choice(CHANNELS)
        ts = await self.sandbox.post_as(self.user, channel=channel, text=f"<@{self.sandbox.bot_user_id}> {text}")
        await self.sandbox.until(lambda: self._is_whole(channel, ts), timeout=ANSWER_SECONDS)
        replies = self.sandbox.messages(channel, ts)[1:]
        if len(replies) != 1:
            self.failures.append(f"{canary}: {len(replies)} replies")
        return " ".join(version.text for reply in replies for version in self.sandbox.history_of(channel, reply["ts"]))

    def _is_whole(self, channel: str, ts: str) -> bool:
        thread = self.sandbox.messages(channel, ts)
        return len(thread) > 1 and all(block["type"] != "actions" for block in thread[-1]["blocks"])


class BrowserPerson(Person):
    def __init__(self, number: int, seed: int, url: str, session: aiohttp.ClientSession) -> None:
        super().__init__(number, seed)
        self.url = url
        self.session = session

    async def sign_in(self) -> None:
        await self._post("web/sign-in", {"name": f"Person {self.number}"})

    async def ask(self, canary: str, text: str) -> str:
        nonce = f"{self.rng.getrandbits(96):024x}"
        asked = await self._post("web/questions", {"text": text, "nonce": nonce})
        while True:
            async with self.session.get(f"{self.url}web/threads/{asked['thread']}") as response:
                thread = await response.json()
            if not _is_open(thread):
                return json.dumps(thread)
            await asyncio.sleep(0.5)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Origin": self.url.rstrip("/")}
        async with self.session.post(self.url + path, json=body, headers=headers) as response:
            response.raise_for_status()
            return dict(await response.json())


def _is_open(thread: dict[str, Any]) -> bool:
    return any(turn["reply"]["phase"] != "final" for turn in thread["turns"])


async def main(seconds: float, seed: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        async with Sandbox(SandboxSettings()) as sandbox:
            environment = {
                "INTHREAD_INFERENCE__MODELS_DIR": str(ROOT / "data" / "models"),
                "INTHREAD_INFERENCE__MAX_NEW_TOKENS": "60",
                "INTHREAD_WEB__ENABLED": "true",
            }
            async with running_service(sandbox, Path(folder), environment) as service:
                people, memory = await _let_them_ask(sandbox, service, seconds, seed)
        with sqlite3.connect(f"file:{folder}/inthread.db?mode=ro", uri=True) as connection:
            waits, states = _on_record(connection)
    return _report(people, memory, waits, states, len(sandbox.violations))


async def _let_them_ask(
    sandbox: Sandbox, service: ServiceProcess, seconds: float, seed: int
) -> tuple[list[Person], list[float]]:
    until = time.monotonic() + seconds
    sessions = [aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) for _ in range(4)]
    try:
        browsers = [BrowserPerson(4 + n, seed, service.url, session) for n, session in enumerate(sessions)]
        for person in browsers:
            await person.sign_in()
        people: list[Person] = [*(SlackPerson(number, seed, sandbox) for number in range(4)), *browsers]
        memory: list[float] = []
        watching = asyncio.create_task(_watch_memory(service, memory))
        async with asyncio.TaskGroup() as group:
            for person in people:
                group.create_task(person.live(until))
        watching.cancel()
        return people, memory
    finally:
        for session in sessions:
            await session.close()


async def _watch_memory(service: ServiceProcess, memory: list[float]) -> None:
    while True:
        memory.append(service.rss_megabytes()[0])
        await asyncio.sleep(10)


def _on_record(connection: sqlite3.Connection) -> tuple[dict[str, list[float]], dict[str, int]]:
    """Seconds from one's turn to visible text, by platform; replies by state."""
    rows = connection.execute(
        "SELECT thread.platform, reply.started_at, coalesce(reply.text_shown_at, reply.finished_at) FROM reply "
        "JOIN inbox USING (message_key) JOIN thread USING (thread_id) WHERE reply.started_at IS NOT NULL"
    )
    waits: dict[str, list[float]] = {}
    for platform, started, shown in rows:
        if shown:
            wait = datetime.fromisoformat(shown) - datetime.fromisoformat(started)
            waits.setdefault(platform, []).append(wait.total_seconds())
    return waits, dict(connection.execute("SELECT state, count(*) FROM reply GROUP BY state"))


def _report(
    people: list[Person], memory: list[float], waits: dict[str, list[float]], states: dict[str, int], violations: int
) -> int:
    answered = {canary: text for person in people for canary, text in person.shown.items()}
    mixed = [
        (canary, other) for canary in answered for other, text in answered.items() if canary != other and canary in text
    ]
    failures = [failure for person in people for failure in person.failures]
    late = {platform: sum(wait > HELD_SECONDS for wait in values) for platform, values in waits.items()}
    print(f"questions answered: {len(answered)}, failed: {len(failures)}, mixed: {len(mixed)}; states: {states}")
    for platform, values in sorted(waits.items()):
        print(
            f"{platform}: turn to visible text: median {statistics.median(values):.2f} s, most {max(values):.2f} s; "
            f"later than {HELD_SECONDS:.0f} s: {late[platform]} of {len(values)}"
        )
    print(f"memory: {memory[0]:.0f} MB at first, {memory[-1]:.0f} MB at last, most {max(memory):.0f} MB")
    print(f"calls before Retry-After: {violations}")
    for line in failures[:10]:
        print(line, file=sys.stderr)
    return 1 if failures or mixed or violations or any(late.values()) else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sys.exit(asyncio.run(main(arguments.seconds, arguments.seed)))
