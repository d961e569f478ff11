"""Commands about the database: `inthread db …`."""

from pathlib import Path

import click

from bot.cli.options import Commands, fail, with_settings
from bot.log import configure_logging
from bot.settings import Settings


@click.group(cls=Commands)
def db() -> None:
    """The database: create or migrate it, copy it, check it."""


@db.command("upgrade")
@with_settings
def db_upgrade(settings: Settings) -> None:
    """Create the database, or migrate it to this version. `inthread run` does it too."""
    from bot.assembly.data import prepare_data

    configure_logging(settings.log)
    before, after = prepare_data(settings)
    click.echo(f"{before or 'new'} → {after}" if before != after else f"at {after} already")


@db.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it is there already.")
@with_settings
def db_backup(settings: Settings, file: Path, force: bool) -> None:
    """Copy the database to FILE while the service runs, and check the copy.

    The copy is one whole file as of one moment. To go back to it: stop the service, delete inthread.db-wal and
    inthread.db-shm beside the database, put the copy in its place, start.
    """
    from storage.backup import back_up

    copied = back_up(settings.database_url, file, replace=force, own=settings.own_files)
    click.echo(f"{file}: {copied.size:,} bytes, revision {copied.revision}, {copied.replies:,} replies, checked")


@db.command("check")
@with_settings
def db_check(settings: Settings) -> None:
    """Look for damage: every page, every reference, the revision. Exit code 1 when there is some.

    Reads the whole file; safe while the service runs.
    """
    from storage.inspection import inspect_database

    report = inspect_database(settings.database_url)
    if report.faults:
        fail(f"{report.path}: {'; '.join(report.faults)}")
    click.echo(f"{report.path}: sound, at revision {report.revision}, {report.size:,} bytes")
