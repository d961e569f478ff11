"""Commands about the company's own answers: `inthread faq …`."""

import asyncio
from dataclasses import asdict
from pathlib import Path

import click

from bot.cli.faq_asking import encode_where_seen, faq_encode, faq_eval
from bot.cli.faq_loop import faq_dismiss, faq_gaps, faq_replay, faq_variants
from bot.cli.options import Commands, echo_json, echo_lines, json_option, refuse_files, with_settings
from bot.clock import SystemClock
from bot.errors import FilesRefused
from bot.log import configure_logging
from bot.settings import Settings

STATUSES = ("draft", "published", "retired")
MOST_FOUND = 20
FORMATS = ("yaml", "csv", "markdown")
status_option = click.option("--status", type=click.Choice(STATUSES), help="Only those.")


@click.group(cls=Commands)
def faq() -> None:
    """The company's own answers: take them over from files, look at them, find what is wrong with them."""


@faq.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="FILE...")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@with_settings
def faq_import(settings: Settings, files: tuple[Path, ...], dry_run: bool) -> None:
    """Take entries over from YAML, CSV or Markdown files, or from folders of them.

    All of them or, at any mistake, none; every mistake is named by file and line. An entry with a known id is changed
    where the file differs. The formats are described in docs/knowledge.md. Safe while the service runs.
    """
    from bot.desks.faq_files import import_files
    from bot.reports.faq import import_lines

    configure_logging(settings.log)
    try:
        done = asyncio.run(import_files(settings, files, SystemClock(), dry_run=dry_run))
    except FilesRefused as error:
        refuse_files(error)
    echo_lines(import_lines(done, dry_run=dry_run))
    if not dry_run:
        encode_where_seen(settings)


@faq.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: as the name of FILE ends.")
@status_option
@click.option("--force", is_flag=True, help="Replace what is there already.")
@with_settings
def faq_export(settings: Settings, file: Path, form: str | None, status: str | None, force: bool) -> None:
    """Write the entries to FILE, so that importing it again changes nothing.

    As Markdown, FILE is a folder that gets a file for each entry. Only its owner can read what is written.
    """
    from bot.conversation.knowledge.files.formats import Format
    from bot.desks.faq_files import export_files
    from storage.knowledge.records import EntryStatus

    number, written = asyncio.run(
        export_files(
            settings,
            file,
            Format(form) if form else None,
            EntryStatus(status) if status else None,
            replace=force,
        )
    )
    click.echo(f"{file}: {number:,} {'entry' if number == 1 else 'entries'} as {written}")


@faq.command("list")
@status_option
@click.option("--with", "words", metavar="WORDS", help="Only published ones that have any of these words, best first.")
@json_option
@with_settings
def faq_list(settings: Settings, status: str | None, words: str | None, as_json: bool) -> None:
    """The entries, by id: language, status, revision, when to review, question."""
    from bot.desks.knowledge import find_entries, load_entries
    from bot.reports import faq as faq_report
    from storage.knowledge.records import EntryStatus

    if words is not None and status not in (None, EntryStatus.PUBLISHED):
        raise click.UsageError("--with looks through published entries alone")
    if words is None:
        entries = asyncio.run(load_entries(settings, EntryStatus(status) if status else None))
    else:
        entries = asyncio.run(find_entries(settings, words, MOST_FOUND))
    if as_json:
        echo_json([faq_report.as_json(entry) for entry in entries])
        return
    echo_lines(faq_report.list_lines(entries, are_some=bool(words is not None or status)))


@faq.command("show")
@click.argument("entry_id", metavar="ID")
@click.option("--revision", type=click.IntRange(min=1), metavar="N", help="As it was then. Default: as it is.")
@json_option
@with_settings
def faq_show(settings: Settings, entry_id: str, revision: int | None, as_json: bool) -> None:
    """An entry in full: what it says, whom it is for, who wrote it."""
    from bot.desks.knowledge import load_entry
    from bot.reports import faq as faq_report

    entry = asyncio.run(load_entry(settings, entry_id, revision))
    if as_json:
        echo_json(faq_report.as_json(entry))
        return
    echo_lines(faq_report.entry_lines(entry))


@faq.command("check")
@click.option("--links", is_flag=True, help="Also ask every linked address whether it is there.")
@json_option
@with_settings
def faq_check(settings: Settings, links: bool, as_json: bool) -> None:
    """Warn of what could be better about the published entries; change nothing.

    Nearly the same questions, few variants, no translation, overdue reviews, no owner; with --links, links that lead
    nowhere. Exit code 0 with warnings too.
    """
    from bot.desks.faq_check import check_entries
    from bot.reports.faq import remark_lines

    number, remarks = asyncio.run(check_entries(settings, SystemClock(), links=links))
    if as_json:
        echo_json([asdict(remark) for remark in remarks])
        return
    echo_lines(remark_lines(number, remarks))


for _command in (faq_encode, faq_eval, faq_gaps, faq_dismiss, faq_variants, faq_replay):
    faq.add_command(_command)
