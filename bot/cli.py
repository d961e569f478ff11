"""The command line: parse, call, print. Exit code 0 for success, 2 for wrong use, 1 for failure with one line why."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from functools import update_wrapper
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any, NoReturn

import click

from bot.errors import ServiceError
from bot.log import configure_logging
from bot.settings import Settings, load_settings
from inference.errors import InferenceError
from storage.errors import StorageError

Command = Callable[..., Any]

settings_option = click.option(
    "--settings",
    "settings_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PATH",
    help="Settings file. Default: $INTHREAD_SETTINGS, else settings.toml in this folder.",
)


def with_settings(command: Command) -> Command:
    """Gives the command the loaded settings, and turns our errors into one line and exit code 1."""

    def call(*args: Any, settings_path: Path | None, **kwargs: Any) -> Any:
        try:
            return command(load_settings(settings_path), *args, **kwargs)
        except (ServiceError, StorageError, InferenceError) as error:
            fail(str(error))

    return settings_option(update_wrapper(call, command))


def fail(message: str) -> NoReturn:
    click.echo(f"inthread: {message}", err=True)
    sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(installed_version("inthread"), message="inthread %(version)s")
def main() -> None:
    """Answers questions in the thread where they were asked, with a chat model on this machine's CPU.

    Begin with `inthread model fetch smollm2-135m-instruct`, then `inthread run --sandbox`.
    """


@main.command()
@click.option("--sandbox", is_flag=True, help="Without Slack tokens: start a local Slack workspace and serve that.")
@with_settings
def run(settings: Settings, sandbox: bool) -> None:
    """Serve: take questions and answer them, until SIGTERM or Ctrl-C.

    With SLACK_BOT_TOKEN and SLACK_APP_TOKEN in the environment it connects to Slack by Socket Mode.
    """
    from bot.service import serve

    configure_logging(settings.log)
    if sandbox and not settings.slack.is_on:
        from bot.demo import serve_with_sandbox

        _run_until_signal(lambda stop: serve_with_sandbox(settings, stop, click.echo))
    else:
        _run_until_signal(lambda stop: serve(settings, stop))


@main.command()
@click.option("--host", help="Address to listen on. Default: [sandbox] host.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on. Default: [sandbox] port.")
@click.option("--forget", is_flag=True, help="Keep the workspace in memory only.")
@with_settings
def sandbox(settings: Settings, host: str | None, port: int | None, forget: bool) -> None:
    """Start a local Slack workspace alone, to develop and test against.

    It speaks Slack's Web API and Socket Mode, enforces Slack's limits, and has a page to type in as an employee.
    """
    from bot.demo import serve_sandbox

    configure_logging(settings.log)
    _run_until_signal(lambda stop: serve_sandbox(settings, stop, click.echo, host=host, port=port, forget=forget))


@main.command()
@click.argument("question")
@with_settings
def ask(settings: Settings, question: str) -> None:
    """Ask the model one QUESTION here, without Slack or a record. The answer streams as it is written."""
    from bot.asking import stream_answer

    def write(text: str) -> None:
        click.echo(text, nl=False)

    asyncio.run(stream_answer(settings, question, write, lambda line: click.echo(line, err=True)))


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@with_settings
def db_upgrade(settings: Settings) -> None:
    """Create the database, or migrate it to this version. `inthread run` does it too."""
    from bot.service import prepare_data

    configure_logging(settings.log)
    before, after = prepare_data(settings)
    click.echo(f"{before or 'new'} → {after}" if before != after else f"at {after} already")


@main.group()
def model() -> None:
    """The models that this machine can run."""


@model.command("fetch")
@click.argument("name", required=False)
@with_settings
def model_fetch(settings: Settings, name: str | None) -> None:
    """Download the model NAME and check its SHA-256. Default: the one that settings.toml names."""
    from inference import models

    wanted = name or settings.inference.model
    if name is None and (settings.inference.engine == "scripted" or Path(wanted).exists()):
        click.echo(f"nothing to fetch: [inference] uses {settings.inference.engine} and {wanted}", err=True)
        return
    click.echo(models.fetch(wanted, settings.models_dir, progress=True))


@model.command("list")
@with_settings
def model_list(settings: Settings) -> None:
    """The models that can be fetched, and which are here."""
    from inference import models

    for listed in models.list_models(settings.models_dir):
        click.echo(f"{listed.name}\t{listed.state}\t{listed.size >> 20} MB\t{listed.licence}\t{listed.title}")


@model.command("verify")
@click.argument("name", required=False)
@with_settings
def model_verify(settings: Settings, name: str | None) -> None:
    """Check the SHA-256 of a fetched model."""
    from inference import models

    wanted = name or settings.inference.model
    click.echo(f"{wanted}: {models.verify_model(wanted, settings.models_dir)}")


@model.command("path")
@click.argument("name", required=False)
@with_settings
def model_path(settings: Settings, name: str | None) -> None:
    """Where the files of a model are."""
    from inference import models

    click.echo(models.model_path(name or settings.inference.model, settings.models_dir))


@model.command("remove")
@click.argument("name")
@with_settings
def model_remove(settings: Settings, name: str) -> None:
    """Delete a fetched model."""
    from inference import models

    removed = models.remove_model(name, settings.models_dir)
    click.echo(f"{name}: {'removed' if removed else 'was not here'}")


def _run_until_signal(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run the work; the first SIGTERM or SIGINT asks it to end, the second ends it at once."""

    async def supervise() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def on_signal() -> None:
            if stop.is_set():
                os._exit(1)  # what is committed is consistent; the next start goes on from there
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, on_signal)
        await work(stop)

    asyncio.run(supervise())
