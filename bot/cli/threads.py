"""Commands that read conversations: `inthread thread …`."""

import asyncio

import click

from bot.cli.options import Commands, echo_json, echo_lines, json_option, with_settings
from bot.clock import SystemClock
from bot.settings import Settings


@click.group(cls=Commands)
def thread() -> None:
    """Conversations: what became of each question."""


@thread.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many.")
@json_option
@with_settings
def thread_list(settings: Settings, limit: int, as_json: bool) -> None:
    """The threads spoken in last, newest first: id, when, where, how many questions, how the last one stands."""
    from bot.desks.threads import load_threads
    from bot.reports.threads import list_lines, report_of

    threads = [report_of(line) for line in asyncio.run(load_threads(settings, limit))]
    if as_json:
        echo_json(threads)
        return
    echo_lines(list_lines(threads))


@thread.command("show")
@click.argument("thread_id", metavar="ID")
@json_option
@with_settings
def thread_show(settings: Settings, thread_id: str, as_json: bool) -> None:
    """What was asked and answered in a thread, with times, states and figures.

    ID is the number that `inthread thread list` shows, or a reply id as it stands in the log.
    """
    from bot.desks.threads import load_thread
    from bot.reports.threads import report_of, thread_lines

    found = report_of(asyncio.run(load_thread(settings, thread_id, SystemClock())))
    if as_json:
        echo_json(found)
        return
    echo_lines(thread_lines(found))
