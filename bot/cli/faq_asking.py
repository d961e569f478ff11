"""Commands that put questions to the company's answers: `inthread faq encode`, `inthread faq eval`."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import click
from tqdm import tqdm

from bot.cli.options import echo_lines, json_option, with_settings
from bot.clock import SystemClock
from bot.log import configure_logging
from bot.settings import Settings


@click.command("encode")
@with_settings
def faq_encode(settings: Settings) -> None:
    """Make the vectors by which entries and handbooks are found, of what has none yet.

    The service does it too, in the background. Stop it at any time: what is done stays, and the next one goes on.
    """
    configure_logging(settings.log)
    number = asyncio.run(_encode(settings))
    click.echo(f"{number:,} texts encoded" if number else "nothing to do: all texts have vectors, or no encoder is set")


@click.command("eval")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--audience", multiple=True, metavar="WHO", help="As somebody of channel:C… or group:S…; everyone is always meant."
)
@json_option
@with_settings
def faq_eval(settings: Settings, file: Path, audience: tuple[str, ...], as_json: bool) -> None:
    """Ask every question of FILE and say what people would be shown, and how good that is.

    FILE has a line for each: {"text": …, "lang": …, "entry": id or null}; with "near": true where no entry answers it
    though it is about the same things. What the figures mean: docs/retrieval.md.
    """
    from bot.desks.faq_eval import as_json as line_of
    from bot.desks.faq_eval import ask_all, load_questions
    from bot.reports.faq_figures import figure_lines, figures_of

    configure_logging(settings.log)
    questions = load_questions(file)
    with progress_bar("encoding") as encoding, progress_bar("asking", len(questions)) as asking:
        work = ask_all(settings, questions, frozenset(audience), SystemClock(), _moving(encoding), asking.update)
        shown = asyncio.run(work)
    echo_lines(map(line_of, shown) if as_json else figure_lines(figures_of(shown)))


def encode_where_seen(settings: Settings) -> None:
    """After an import, where somebody sees the bar and can stop it. Else the service does it in the background."""
    if not sys.stderr.isatty():
        return
    try:
        asyncio.run(_encode(settings))
    except KeyboardInterrupt:
        click.echo("stopped: the service encodes the rest, or `inthread faq encode`; words alone find it until then")


async def _encode(settings: Settings) -> int:
    from bot.desks.knowledge import ask_knowledge

    with progress_bar("encoding") as bar:
        async with ask_knowledge(settings, SystemClock()) as knowledge:
            return await knowledge.encode_all(_moving(bar))


def progress_bar(doing: str, total: int | None = None) -> "tqdm[None]":
    """On standard error; none where that is no terminal."""
    return tqdm(total=total, desc=doing, unit=" texts", disable=None, file=sys.stderr, leave=False)


def _moving(bar: "tqdm[None]") -> Callable[[int, int], None]:
    def move(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return move
