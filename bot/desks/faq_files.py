"""Taking entries over from files, and writing them into files."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.clock import Calendar, Clock
from bot.conversation.knowledge.files.formats import ENDINGS, Format, load_entries, write_entry, write_file
from bot.desks.knowledge import open_desk
from bot.errors import ServiceError
from bot.settings import Settings
from storage.inspection import database_file
from storage.knowledge.records import Entry, EntryChange, EntryStatus
from storage.whole_file import whole_file


@dataclass(frozen=True, slots=True)
class Import:
    """What became of each entry, in the files' order. `withheld`: drafts and retired ones whose
    files leave that open.
    """

    changes: Sequence[EntryChange]
    withheld: Sequence[Entry]


async def import_files(settings: Settings, paths: Sequence[Path], clock: Clock, *, dry_run: bool) -> Import:
    """All entries of all files in one transaction. `dry_run`: only say what would become of them.

    Raises: FilesRefused, StorageError.
    """
    given = await asyncio.to_thread(load_entries, paths)
    now = clock.now()
    async with open_desk(settings, create=not dry_run) as desk:
        take = desk.entries.preview if dry_run else desk.entries.take_all
        changes = await take(given, desk.author, now, Calendar(clock, settings.admin.zone).today())
    open_ids = {one.entry_id for one in given if one.status is None}
    standing = [change.after for change in changes if change.after.entry_id in open_ids]
    return Import(changes, [entry for entry in standing if entry.status is not EntryStatus.PUBLISHED])


async def export_files(
    settings: Settings, target: Path, form: Format | None, status: EntryStatus | None, *, replace: bool
) -> tuple[int, Format]:
    """Write entries into `target`, which for Markdown is a folder; how many, and in which format.

    Raises: ServiceError, StorageError.
    """
    form = form or _guess_format(target)
    if form is Format.MARKDOWN and target.suffix.lower() in ENDINGS:
        raise ServiceError(f"Markdown holds one entry in a file: name a folder instead of {target}")
    async with open_desk(settings) as desk:
        entries = await desk.entries.list(status)
    own = (database_file(settings.database_url), *settings.own_files)
    await asyncio.to_thread(_write, entries, target, form, own, replace)
    return len(entries), form


def _guess_format(target: Path) -> Format:
    if form := ENDINGS.get(target.suffix.lower()):
        return form
    if target.is_dir():
        return Format.MARKDOWN
    raise ServiceError(f"which format? Name a file that ends in .yaml or .csv, or add --format, to {target}")


def _write(entries: Sequence[Entry], target: Path, form: Format, own: Sequence[Path], replace: bool) -> None:
    if form is not Format.MARKDOWN:
        _write_text(target, write_file(entries, form), own, replace)
        return
    try:
        target.mkdir(exist_ok=True)
    except OSError as error:
        raise ServiceError(f"cannot make the folder {target} ({error.strerror}): check its place and rights") from error
    for entry in entries:
        _write_text(target / f"{entry.entry_id}.md", write_entry(entry), own, replace)


def _write_text(target: Path, text: str, own: Sequence[Path], replace: bool) -> None:
    with whole_file(target, replace=replace, own=own) as partial:
        partial.write_text(text, "utf-8", newline="")
