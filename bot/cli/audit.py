"""Commands about the audit log: `inthread audit …`."""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.audit_forgetting import audit_erase, audit_hold, audit_holds, audit_retention
from bot.cli.options import Commands, with_failures, with_settings
from bot.clock import SystemClock
from bot.settings import Settings

if TYPE_CHECKING:
    from storage.audit.checking import Verdict


key_option = click.option(
    "--key", "key_path", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="PEM-FILE",
    help="What `inthread audit public-key` printed.",
)  # fmt: skip
checkpoints_option = click.option(
    "--checkpoints", "checkpoints_path", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
    help="Checkpoints that were kept elsewhere: they show that the end was cut off or rolled back.",
)  # fmt: skip


@click.group(cls=Commands)
def audit() -> None:
    """The audit log: check that nothing in it was changed, and take it elsewhere."""


@audit.command("verify")
@key_option
@checkpoints_option
@with_settings
def audit_verify(settings: Settings, key_path: Path | None, checkpoints_path: Path | None) -> None:
    """Check every entry of the audit log against its chain of hashes and its signed checkpoints.

    Exit code 1 when one was changed, removed or moved; the last line then says `first bad entry: N`. Safe while the
    service runs. By default the key is our own and the checkpoints are those of [audit] checkpoint_file.
    """
    from storage.audit.files import load_shipped, verify_database
    from storage.audit.parallel import AuditPlace
    from storage.audit.signing import load_public_key, load_signer
    from storage.inspection import database_file

    database_file(settings.database_url)  # without one there is nothing to make a key for
    files = settings.audit_files
    key = load_public_key(key_path) if key_path else load_signer(files.signing_key).public_key
    path = checkpoints_path or (files.checkpoints if files.checkpoints.exists() else None)
    shipped = load_shipped(path, key) if path else {}
    place = AuditPlace(settings.database_url, files.body_keys, files.master_key)
    _report(verify_database(place, key, shipped))


@audit.command("checkpoint")
@with_settings
def audit_checkpoint(settings: Settings) -> None:
    """Sign a checkpoint over the whole log now, write it down where [audit] says, and print it.

    Keep what is printed elsewhere: against it `verify --checkpoints` finds that the end was cut off or rolled back.
    """
    from bot.desks.audit import take_checkpoint
    from storage.audit.checkpoints import checkpoint_line

    checkpoint = asyncio.run(take_checkpoint(settings, SystemClock()))
    click.echo("no entries yet" if checkpoint is None else checkpoint_line(checkpoint).decode().rstrip())


@audit.command("public-key")
@with_settings
def audit_public_key(settings: Settings) -> None:
    """Print the key that checkpoints can be checked with, as PEM. Give it to whoever is to check an export."""
    from bot.desks.audit import load_own_key

    click.echo(load_own_key(settings).pem.decode().rstrip())


@audit.command("export")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The file to write.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there already.")
@click.option("--reason", default="", metavar="TEXT", help="Why. It stands in the audit log.")
@with_settings
def audit_export(settings: Settings, out: Path, force: bool, reason: str) -> None:
    """Write the whole audit log to FILE, as JSON Lines that can be checked without this program.

    The file holds what people asked and what they were answered; only its owner can read it. Its format is described in
    docs/audit.md. Safe while the service runs. That it was taken stands in the log, a checkpoint over it in the file.
    """
    from bot.desks.audit import taking_here
    from storage.audit.files import export_database
    from storage.inspection import database_file
    from storage.whole_file import whole_file

    own = (database_file(settings.database_url), *settings.own_files)
    with whole_file(out, replace=force, own=own) as partial, partial.open("wb") as file:
        asyncio.run(export_database(settings.database_url, taking_here(settings, reason), file, SystemClock().now()))
    click.echo(f"{out}: {out.stat().st_size:,} bytes; check it with `inthread audit verify-export {out}`")


@audit.command("verify-export")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@key_option
@checkpoints_option
@with_failures
def audit_verify_export(file: Path, key_path: Path | None, checkpoints_path: Path | None) -> None:
    """Check an exported audit log, with nothing but the file and the key.

    Exit code 1 when an entry was changed, removed or moved; the last line then says `first bad entry: N`. Without --key
    signatures are not checked.
    """
    from storage.audit.files import load_shipped, verify_file
    from storage.audit.signing import load_public_key

    if checkpoints_path and not key_path:
        raise click.UsageError("--checkpoints needs --key: they are worth what their signatures are")
    key = load_public_key(key_path) if key_path else None
    shipped = load_shipped(checkpoints_path, key) if checkpoints_path and key else {}
    verdict = verify_file(file, key, shipped)
    _report(verdict, _notes(verdict, has_key=key is not None))


for command in (audit_erase, audit_hold, audit_holds, audit_retention):
    audit.add_command(command)


def _report(verdict: "Verdict", notes: Iterable[str] = ()) -> None:
    if verdict.first_bad is None:
        for line in (_praise(verdict), *notes):
            click.echo(line)
        return
    click.echo(
        f"inthread: entry {verdict.first_bad} is not as it was written: {verdict.reason}: "
        "compare it with an export or a backup from before",
        err=True,
    )
    click.echo(f"first bad entry: {verdict.first_bad}")
    sys.exit(1)


def _notes(verdict: "Verdict", *, has_key: bool) -> Iterator[str]:
    """What a file alone cannot show."""
    if verdict.first > 1:
        yield f"it begins with entry {verdict.first:,}: older ones are not in it"
    if verdict.entries and not has_key:
        yield "signatures were not checked: add --key"
    elif verdict.unsigned:
        yield f"the last {verdict.unsigned:,} are under no checkpoint: whoever has the file can write such ones"


def _praise(verdict: "Verdict") -> str:
    if verdict.head is None:
        return "no entries yet"
    said = f"{verdict.entries:,} entries, each as it was written"
    if verdict.erased:
        said += f", {verdict.erased:,} of them without their text"
    said += f"; the last one's hash is {verdict.head.hex()}"
    if (signed := verdict.signed) is not None:
        said += f"; the last of {verdict.checkpoints:,} checkpoints covers {signed.size:,}, {signed.time}"
    return said
