"""Commands about handbooks: `inthread docs …`."""

import asyncio
from pathlib import Path, PurePosixPath

import click

from bot.cli.faq_asking import encode_where_seen
from bot.cli.options import Commands, echo_json, echo_lines, json_option, refuse_files, with_settings
from bot.clock import SystemClock
from bot.errors import FilesRefused
from bot.log import configure_logging
from bot.settings import Settings

Audiences = dict[PurePosixPath, tuple[str, ...]]


@click.group(cls=Commands)
def docs() -> None:
    """Handbooks: folders of Markdown or text that generated answers are grounded in, cited."""


def _parse_audiences(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> Audiences:
    from bot.conversation.knowledge.entry_rules import audience_fault

    audiences: Audiences = {}
    for one in given:
        folder, equals, names = one.partition("=")
        audience = tuple(name.strip() for name in names.split(","))
        if not equals:
            raise click.BadParameter(f"{one!r} is not FOLDER=AUDIENCE; the whole handbook is the folder `.`")
        if fault := next(filter(None, map(audience_fault, audience)), None):
            raise click.BadParameter(fault.says())
        audiences[PurePosixPath(folder)] = audience
    return audiences


@docs.command("import")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR")
@click.option("--name", help="What it is called in citations. Default: the folder's name.")
@click.option(
    "--audience",
    "audiences",
    multiple=True,
    callback=_parse_audiences,
    metavar="FOLDER=WHO",
    help="Who may see a folder in it: channel:C…, group:S…, several with commas. Default: everyone. Repeatable.",
)
@click.option("--base-url", default="", metavar="URL", help="Where people can read the same files, for links.")
@click.option("--replace", is_flag=True, help="Even if no file of the last import is there any more.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@with_settings
def docs_import(
    settings: Settings,
    folder: Path,
    name: str | None,
    audiences: Audiences,
    base_url: str,
    replace: bool,
    dry_run: bool,
) -> None:
    """Take over a folder of Markdown or text, in passages; or take over what changed in it.

    Files that are gone since the last import are removed, and it is said. Safe while the service runs.
    """
    from bot.conversation.knowledge.handbooks.folder import Handbook
    from bot.desks.docs import import_handbook
    from bot.reports.docs import change_lines

    configure_logging(settings.log)
    called = folder.resolve().name if name is None else name
    _check_use(folder, called, audiences, base_url)
    handbook = Handbook(folder, called, audiences, base_url)
    try:
        changes = asyncio.run(import_handbook(settings, handbook, SystemClock(), replace=replace, dry_run=dry_run))
    except FilesRefused as error:
        refuse_files(error)
    echo_lines(change_lines(changes, dry_run=dry_run))
    if not dry_run:
        encode_where_seen(settings)


def _check_use(folder: Path, name: str, audiences: Audiences, base_url: str) -> None:
    from bot.conversation.knowledge.entry_rules import is_web_address

    for inside in audiences:
        if not (folder / inside).is_dir():
            raise click.UsageError(f"--audience: there is no folder {inside} in {folder}")
    if base_url and not is_web_address(base_url):
        raise click.UsageError("--base-url: write https://…")
    if not name or "/" in name or name != name.strip() or not name.isprintable():
        raise click.UsageError("--name: a few words without a slash")


@docs.command("list")
@json_option
@with_settings
def docs_list(settings: Settings, as_json: bool) -> None:
    """The documents that were imported: passages, when, for whom."""
    from bot.desks.docs import load_list
    from bot.reports import docs as docs_report

    documents = asyncio.run(load_list(settings))
    if as_json:
        echo_json([docs_report.as_json(document) for document in documents])
        return
    echo_lines(docs_report.list_lines(documents))


@docs.command("remove")
@click.argument("name")
@with_settings
def docs_remove(settings: Settings, name: str) -> None:
    """Remove a handbook: all documents that were imported under NAME."""
    from bot.desks.docs import remove_handbook
    from bot.reports.docs import change_lines

    echo_lines(change_lines(asyncio.run(remove_handbook(settings, name, SystemClock()))))
