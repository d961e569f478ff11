"""A running service with the browser chat, and people who use its HTTP as their browsers do."""

import asyncio
import json
import secrets
import shutil
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot.delivery.settings import DeliverySettings
from bot.platforms.web.settings import WebSettings
from bot.service import serve
from bot.settings import ServiceSettings, Settings
from inference.settings import InferenceSettings, ScriptedSettings

SECONDS = 10


def web_settings(
    data_dir: Path, *, words: int = 5, pace: float = 0, grace_seconds: float = 5, **web: object
) -> Settings:
    """A service with the browser chat alone, on any free port."""
    return Settings(
        service=ServiceSettings(data_dir=data_dir, port=free_port()),
        web=WebSettings(**{"enabled": True, "questions_per_minute": 1000, **web}),  # type: ignore[arg-type]
        inference=InferenceSettings(
            engine="scripted", scripted=ScriptedSettings(words=words, words_per_second=pace, max_concurrent=4)
        ),
        delivery=DeliverySettings(grace_seconds=grace_seconds),
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def header_of(service: "RunningService", name: str) -> str:
    """A header of the answer to a sign-in."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(service.url + "/web/sign-in", json={"name": "Alice"}) as response,
    ):
        return response.headers[name]


@dataclass
class RunningService:
    url: str
    stop: asyncio.Event
    running: "asyncio.Task[None]"


@asynccontextmanager
async def running_service(settings: Settings) -> AsyncGenerator[RunningService, None]:
    stop, ready = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(serve(settings, stop, ready.set))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({running, waiting}, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if running.done():
        running.result()
    try:
        yield RunningService(f"http://127.0.0.1:{settings.service.port}", stop, running)
    finally:
        stop.set()
        await running


def prepared(migrated_file: Path, folder: Path) -> Path:
    """A data folder with a database in it."""
    folder.mkdir()
    shutil.copy(migrated_file, folder / "inthread.db")
    return folder


@dataclass
class Person:
    """Somebody at a browser. `frames` are what the stream has brought, oldest first."""

    url: str
    session: aiohttp.ClientSession
    frames: list[dict[str, Any]] = field(default_factory=list)
    user: str = ""

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        async with self.session.get(self.url + path, **options) as response:
            return response.status, await response.json()

    async def post(self, path: str, body: object, **options: Any) -> tuple[int, Any]:
        async with self.session.post(self.url + path, json=body, **options) as response:
            return response.status, await response.json()

    async def sign_in(self, name: str) -> "Person":
        status, body = await self.post("/web/sign-in", {"name": name})
        assert status == 200, body
        self.user = body["user"]
        return self

    async def ask(self, text: str, thread: str | None = None, nonce: str | None = None) -> dict[str, Any]:
        body = {"text": text, "thread": thread, "nonce": nonce or secrets.token_urlsafe(16)}
        status, answer = await self.post("/web/questions", body)
        assert status == 202, answer
        return dict(answer)

    async def turns(self, thread: str) -> list[dict[str, Any]]:
        status, body = await self.get(f"/web/threads/{thread}")
        assert status == 200, body
        return list(body["turns"])

    async def answered(self, thread: str, replies: int = 1) -> list[dict[str, Any]]:
        """The turns, when so many of them have ended."""
        async with asyncio.timeout(SECONDS):
            while True:
                turns = await self.turns(thread)
                if sum(turn["reply"]["phase"] == "final" for turn in turns) >= replies:
                    return turns
                await asyncio.sleep(0.02)

    async def listen(self) -> None:
        """Take frames until cancelled."""
        async with self.session.get(self.url + "/web/stream", timeout=aiohttp.ClientTimeout(None)) as response:
            assert response.status == 200, await response.text()
            self.frames.append({"phase": "listening"})
            event = ""
            async for line in response.content:
                if line.startswith(b"event: "):
                    event = line[7:].decode().strip()
                if line.startswith(b"data: "):
                    self.frames.append({"phase": event} | json.loads(line[6:]))

    async def final(self, reply: str) -> dict[str, Any]:
        return await self.until(lambda frame: frame.get("reply") == reply and frame["phase"] == "final")

    async def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first frame of which this is true."""
        async with asyncio.timeout(SECONDS):
            while True:
                found = next((frame for frame in self.frames if condition(frame)), None)
                if found is not None:
                    return found
                await asyncio.sleep(0.01)


@asynccontextmanager
async def a_person(service: RunningService, name: str = "") -> AsyncGenerator[Person, None]:
    """With a browser's cookies; signed in if there is a name."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        person = Person(service.url, session)
        yield await person.sign_in(name) if name else person


@asynccontextmanager
async def listening(person: Person) -> AsyncGenerator[Person, None]:
    task = asyncio.create_task(person.listen())
    try:
        await person.until(lambda frame: frame["phase"] == "listening")
        yield person
    finally:
        task.cancel()
        await asyncio.wait({task})
