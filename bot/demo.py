"""The local Slack workspace: alone, or with the service connected to it as to slack.com."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from pydantic import SecretStr

from bot.errors import StartFailed
from bot.sandbox import Sandbox, SandboxSettings
from bot.service import serve
from bot.settings import Settings

Say = Callable[[str], None]


async def serve_with_sandbox(settings: Settings, stop: asyncio.Event, say: Say) -> None:
    """A workspace in this process, and the service speaking to it over HTTP and a websocket.

    Raises: StartFailed, and what `serve` raises.
    """
    async with _open(settings, settings.sandbox.host, settings.sandbox.port, forget=False) as sandbox:
        slack = settings.slack.model_copy(
            update={
                "enabled": True,
                "mode": "socket",
                "api_url": sandbox.api_url,
                "bot_token": SecretStr(sandbox.bot_token),
                "app_token": SecretStr(sandbox.app_token),
            }
        )
        # Said when the bot listens: Slack repeats an event that nobody took only after a minute.
        await serve(
            settings.model_copy(update={"slack": slack}),
            stop,
            lambda: say(f"No Slack tokens are set: here is a Slack workspace of your own. Open {sandbox.url}"),
        )


async def serve_sandbox(
    settings: Settings, stop: asyncio.Event, say: Say, *, host: str | None, port: int | None, forget: bool
) -> None:
    """The workspace alone, until `stop`. Raises: StartFailed."""
    where = settings.sandbox.host if host is None else host, settings.sandbox.port if port is None else port
    async with _open(settings, *where, forget=forget) as sandbox:
        say(f"Open {sandbox.url}")
        say("To connect an app, set")
        say(f"  SLACK_API_URL={sandbox.api_url}")
        say(f"  SLACK_BOT_TOKEN={sandbox.bot_token}")
        say(f"  SLACK_APP_TOKEN={sandbox.app_token}")
        await stop.wait()


@asynccontextmanager
async def _open(settings: Settings, host: str, port: int, *, forget: bool) -> AsyncGenerator[Sandbox, None]:
    """The workspace, started; kept in a file of the data folder unless it is to forget."""
    folder = settings.service.data_dir
    sandbox = Sandbox(SandboxSettings(host=host, port=port, state_file=None if forget else folder / "sandbox.json"))
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        await sandbox.start()
    except OSError as error:
        raise StartFailed(
            f"cannot start the local workspace on {host}:{port} ({error.strerror or error}): "
            "change [sandbox] port, or stop what uses it"
        ) from error
    except ValueError as error:
        raise StartFailed(f"{error}: delete that file to begin with an empty workspace") from error
    try:
        yield sandbox
    finally:
        await sandbox.close()
