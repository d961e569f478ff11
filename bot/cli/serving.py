"""Commands that answer: `run`, `sandbox`, `ask`."""

import asyncio

import click

from bot.cli.options import run_until_signal, with_settings
from bot.log import configure_logging
from bot.settings import Settings


@click.command()
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

        run_until_signal(lambda stop: serve_with_sandbox(settings, stop, click.echo))
    else:
        run_until_signal(lambda stop: serve(settings, stop))


@click.command()
@click.option("--host", help="Address to listen on. Default: [sandbox] host.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on. Default: [sandbox] port.")
@click.option("--forget", is_flag=True, help="Keep the workspace in memory only.")
@with_settings
def sandbox(settings: Settings, host: str | None, port: int | None, forget: bool) -> None:
    """Start a local Slack workspace alone, to test against.

    It speaks Slack's Web API and Socket Mode, enforces Slack's limits, and has a page to type in as an employee.
    """
    from bot.demo import serve_sandbox

    configure_logging(settings.log)
    run_until_signal(lambda stop: serve_sandbox(settings, stop, click.echo, host=host, port=port, forget=forget))


@click.command()
@click.argument("question")
@with_settings
def ask(settings: Settings, question: str) -> None:
    """Ask the model one QUESTION here, without Slack or a record. The answer streams as it is written."""
    from bot.asking import stream_answer

    def write(text: str) -> None:
        click.echo(text, nl=False)

    asyncio.run(stream_answer(settings, question, write, lambda line: click.echo(line, err=True)))
