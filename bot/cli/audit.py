"""Commands about the audit log: `inthread audit …`."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.options import with_failures, with_settings
from bot.clock import SystemClock
from bot.settings import Settings

if TYPE_CHECKING:
    from storage.audit.checking import Verdict


@click.group()
def audit() -> None:
    """The audit log: check that nothing in it was changed, and take it elsewhere."""


@audit.command("verify")
@with_settings
def audit_verify(settings: Settings) -> None:
    """Check every entry of the audit log against its chain of hashes.

    Exit code 1 when one was changed, removed or moved; the last line then says `first bad entry: N`. Safe while the
    service runs.
    """
    from storage.audit.files import verify_database

    _report(asyncio.run(verify_database(settings.database_url)))


@audit.command("export")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The file to write.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there already.")
@with_settings
def audit_export(settings: Settings, out: Path, force: bool) -> None:
    """Write the whole audit log to FILE, as JSON Lines that can be checked without this program.

    The file holds what people asked and what they were answered; only its owner can read it. Its format is described in
    docs/audit.md. Safe while the service runs.
    """
    from storage.audit.files import export_database
    from storage.inspection import database_file
    from storage.whole_file import whole_file

    database = database_file(settings.database_url)
    with whole_file(out, replace=force, database=database) as partial, partial.open("wb") as file:
        asyncio.run(export_database(settings.database_url, file, SystemClock().now()))
    click.echo(f"{out}: {out.stat().st_size:,} bytes; check it with `inthread audit verify-export {out}`")


@audit.command("verify-export")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@with_failures
def audit_verify_export(file: Path) -> None:
    """Check an exported audit log, with nothing but the file.

    Exit code 1 when an entry was changed, removed or moved; the last line then says `first bad entry: N`.
    """
    from storage.audit.files import verify_file

    _report(verify_file(file))


def _report(verdict: "Verdict") -> None:
    if verdict.first_bad is None:
        click.echo(_praise(verdict))
        return
    click.echo(
        f"inthread: entry {verdict.first_bad} is not as it was written: {verdict.reason}: "
        "compare it with an export or a backup from before",
        err=True,
    )
    click.echo(f"first bad entry: {verdict.first_bad}")
    sys.exit(1)


def _praise(verdict: "Verdict") -> str:
    if verdict.head is None:
        return "no entries yet"
    erased = f", {verdict.erased:,} of them without their text" if verdict.erased else ""
    return f"{verdict.entries:,} entries, each as it was written{erased}; the last one's hash is {verdict.head.hex()}"
