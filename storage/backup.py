"""A copy of the database while it is in use: whole, of one moment, checked, on the disk before it has its name."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from storage.errors import BackupFailed
from storage.inspection import database_file, find_damage, open_connection, read_revision
from storage.migrations import require_revision
from storage.whole_file import whole_file


@dataclass(frozen=True, slots=True)
class Backup:
    size: int
    revision: str | None
    replies: int


def back_up(url: str, target: Path, *, replace: bool = False, own: Iterable[Path] = ()) -> Backup:
    """Copy the database to `target`, readable for its owner only. Blocks; holds up no writer.

    Until the copy is whole and checked it has another name: what stands at `target` is never half a copy. `own`: as of
    `whole_file`.
    Raises: BackupFailed, NotWritten, DatabaseUnusable, DatabaseOutdated.
    """
    source = database_file(url)
    with whole_file(target, replace=replace, own=(source, *own)) as partial:
        return _copy(source, partial)


def _copy(source: Path, partial: Path) -> Backup:
    with open_connection(source) as original, open_connection(partial, read_only=False) as copy:
        original.backup(copy)  # all pages in one step: one snapshot, and writers go on in the WAL
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a -wal beside it
        faults = find_damage(copy)
        if faults:
            raise BackupFailed(f"the copy is not sound ({faults[0]}): check the database with `inthread db check`")
        revision = read_revision(copy)
        require_revision(revision)
        replies = copy.execute("SELECT count(*) FROM reply").fetchone()[0]
    return Backup(partial.stat().st_size, revision, replies)
