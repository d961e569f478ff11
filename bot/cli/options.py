"""What commands have in common: where settings come from, how a failure ends, who stops what runs."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable
from functools import update_wrapper
from pathlib import Path
from typing import Any, NoReturn

import click

from bot.conversation.characters import strip_invisible
from bot.errors import FilesRefused, ServiceError
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
SHORT_HELP_CHARACTERS = 1_000
json_option = click.option("--json", "as_json", is_flag=True, help="For machines: JSON on standard output.")


class Commands(click.Group):
    """A group whose help has the first sentence of each command whole: click cuts it after 45 characters."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, short_help(command)) for name, command in sorted(self.commands.items())])


def short_help(command: click.Command) -> str:
    return command.get_short_help_str(limit=SHORT_HELP_CHARACTERS)


def with_settings(command: Command) -> Command:
    """Gives the command the loaded settings, and turns our errors into one line and exit code 1."""

    def call(*args: Any, settings_path: Path | None, **kwargs: Any) -> Any:
        return command(load_settings(settings_path), *args, **kwargs)

    return settings_option(with_failures(update_wrapper(call, command)))


def with_failures(command: Command) -> Command:
    """Turns our errors into one line and exit code 1."""

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (ServiceError, StorageError, InferenceError) as error:
            fail(str(error))

    return update_wrapper(call, command)


def log_trouble_alone(settings: Settings) -> None:
    """For commands whose parts log as they do in the service: what they print is the result."""
    configure_logging(settings.log.model_copy(update={"level": "warning"}))


def fail(message: str) -> NoReturn:
    click.echo(f"inthread: {message}", err=True)
    sys.exit(1)


def refuse_files(error: FilesRefused) -> NoReturn:
    """Every mistake in a line of its own, then the line that says what came of them."""
    for problem in error.problems:
        click.echo(strip_invisible(str(problem)), err=True)
    fail(str(error))


def echo_lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def echo_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def run_until_signal(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
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
