"""Real peers for the sandbox: slack_sdk's client and slack_bolt's Socket Mode handler, over loopback."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox, SandboxSettings

ALICE, BRUNO, GENERAL = "U0ALICE", "U0BRUNO", "C0GENERAL"


class ManualClock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def sandbox(clock: ManualClock) -> AsyncIterator[Sandbox]:
    settings = SandboxSettings(ack_seconds=0.3, redelivery_seconds=(0.0, 0.05, 0.1))
    async with Sandbox(settings, clock=clock) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> AsyncWebClient:
    return AsyncWebClient(token=sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[])


@pytest.fixture
async def connect(sandbox: Sandbox) -> AsyncIterator[Callable[[AsyncApp], Awaitable[AsyncSocketModeHandler]]]:
    """Connects a Bolt app by Socket Mode, as the bot does."""
    handlers: list[AsyncSocketModeHandler] = []

    async def connect_app(app: AsyncApp) -> AsyncSocketModeHandler:
        app_client = AsyncWebClient(token=sandbox.app_token, base_url=sandbox.api_url)
        handler = AsyncSocketModeHandler(app, sandbox.app_token, web_client=app_client)
        handlers.append(handler)
        await handler.connect_async()
        await sandbox.until(lambda: sandbox.sockets)
        return handler

    yield connect_app
    for handler in handlers:
        await handler.close_async()


@pytest.fixture
def app(sandbox: Sandbox) -> AsyncApp:
    client = AsyncWebClient(token=sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[])
    return AsyncApp(name="tests", client=client)  # without a name it looks for one in the whole stack
