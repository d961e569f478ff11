"""Commands of the loop: `inthread faq gaps | dismiss | variants | replay`."""

import asyncio
from pathlib import Path

import click
from tqdm import tqdm

from bot.cli.faq_asking import progress_bar
from bot.cli.options import echo_json, echo_lines, json_option, log_trouble_alone, refuse_files, with_settings
from bot.clock import SystemClock
from bot.errors import FilesRefused
from bot.settings import Settings

since_option = click.option(
    "--since", "days", type=click.IntRange(min=1, max=3_650), default=30, metavar="DAYS", show_default=True,
    help="What was asked, or voted down, in so many days.",
)  # fmt: skip


@click.command("gaps")
@since_option
@click.option("--dismissed", is_flag=True, help="Those that were put aside instead.")
@json_option
@with_settings
def faq_gaps(settings: Settings, days: int, dismissed: bool, as_json: bool) -> None:
    """What people asked and no entry answers, in groups of the same question, the largest first.

    No verified answer, "none of these", or voted down. What an entry answers directly by now is left out. That you have
    looked stands in the audit log.
    """
    from bot.desks.learning import read_dismissed, read_gaps
    from bot.reports import learning as learning_report

    log_trouble_alone(settings)
    if dismissed:
        aside = asyncio.run(read_dismissed(settings, SystemClock()))
        if as_json:
            echo_json([learning_report.dismissed_as_json(one) for one in aside])
        else:
            echo_lines(learning_report.dismissed_lines(aside))
        return
    with progress_bar("looking up") as bar:
        gaps = asyncio.run(read_gaps(settings, days, SystemClock(), lambda total: _step(bar, total)))
    if as_json:
        echo_json([learning_report.gap_as_json(gap) for gap in gaps])
        return
    echo_lines(learning_report.gap_lines(gaps, days))


@click.command("dismiss")
@click.argument("gap_id", metavar="ID")
@since_option
@click.option("--undo", is_flag=True, help="Show it again.")
@with_settings
def faq_dismiss(settings: Settings, gap_id: str, days: int, undo: bool) -> None:
    """Put a gap aside: it, and what is near to it, is not shown any more. ID: as `faq gaps` has it."""
    from bot.conversation.characters import strip_invisible
    from bot.desks.learning import dismiss_gap, restore_gap

    log_trouble_alone(settings)
    if undo:
        restored = asyncio.run(restore_gap(settings, gap_id, SystemClock()))
        click.echo(f"shown again: {strip_invisible(restored.question.text)}")
        return
    gap = asyncio.run(dismiss_gap(settings, gap_id, days, SystemClock()))
    click.echo(f"put aside, with {len(gap.questions):,} asked: {strip_invisible(gap.texts[0])}")


@click.command("variants")
@click.option("--accept", "accepted", multiple=True, metavar="KEY", help="Make it a variant of its entry; repeatable.")
@click.option("--reject", "rejected", multiple=True, metavar="KEY", help="Never propose it again; repeatable.")
@click.option("--refused", is_flag=True, help="Those that something stands against, and what.")
@json_option
@with_settings
def faq_variants(
    settings: Settings, accepted: tuple[str, ...], rejected: tuple[str, ...], refused: bool, as_json: bool
) -> None:
    """Words that people used for a question that an entry answers, proposed as variants of the entry.

    Proposed by a suggestion that somebody chose, or a thumb up. When a second person agrees, it is added by itself
    ([answers] variants_after_people). --json has all of them, those held back too. That you have looked stands in the
    audit log.
    """
    from bot.conversation.characters import strip_invisible
    from bot.desks.learning import decide_variants, read_variants
    from bot.reports import learning as learning_report

    log_trouble_alone(settings)
    if accepted or rejected:
        entries, refusals = asyncio.run(decide_variants(settings, accepted, rejected, SystemClock()))
        for entry in entries:
            click.echo(f"accepted  {entry.entry_id} revision {entry.revision}: {entry.text.variants[-1]}")
        for one in refusals:
            click.echo(f"rejected  {one.proposal.entry_id}: {strip_invisible(one.proposal.text)}")
        return
    weighed = asyncio.run(read_variants(settings, SystemClock()))
    if as_json:
        echo_json([learning_report.variant_as_json(one) for one in weighed])
        return
    echo_lines(learning_report.variant_lines(weighed, refused=refused))


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path, exists=True), required=False)
@click.option(
    "--last", type=click.IntRange(min=1, max=100_000), default=500, metavar="N", show_default=True, help="How many."
)
@json_option
@with_settings
def faq_replay(settings: Settings, file: Path | None, last: int, as_json: bool) -> None:
    """Ask the last real questions again: which are answered otherwise when FILE is imported? No entry changes.

    FILE: as for `faq import`. Without one: when all drafts are published. Exit code 0 whatever moves. That you
    have read those questions stands in the audit log.
    """
    from bot.desks.faq_replay import replay
    from bot.reports.replay import replay_as_json, replay_lines

    log_trouble_alone(settings)
    with progress_bar("asking") as bar:
        try:
            done = asyncio.run(replay(settings, file, last, SystemClock(), lambda total: _step(bar, total)))
        except FilesRefused as error:
            refuse_files(error)
    if as_json:
        echo_json(replay_as_json(done))
        return
    echo_lines(replay_lines(done))


def _step(bar: "tqdm[None]", total: int) -> None:
    bar.total = total
    bar.update()
