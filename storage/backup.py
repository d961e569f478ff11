"""A copy of the database while it is in use: whole, of one moment, checked, on the disk before it has its name."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from storage.errors import BackupFailed
from storage.inspection import database_file, find_damage, open_connection, read_revision
from storage.migrations import require_revision


@dataclass(frozen=True, slots=True)
class Backup:
    size: int
    revision: str | None
    replies: int


def back_up(url: str, target: Path, *, replace: bool = False) -> Backup:
    """Copy the database to `target`, readable for its owner only. Blocks; holds up no writer.

    Until the copy is whole and checked it has another name: what stands at `target` is never half a copy.
    Raises: BackupFailed, DatabaseUnusable, DatabaseOutdated.
    """
    source = database_file(url)
    _refuse(source, target, replace=replace)
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        backup = _copy(source, partial)
        _sync(partial)
        _refuse(source, target, replace=replace)  # somebody may have made it meanwhile
        partial.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise BackupFailed(
            f"cannot write {target} ({error.strerror}): check the folder, its space and rights"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    return backup


def _refuse(source: Path, target: Path, *, replace: bool) -> None:
    live = {source.resolve(), *(source.resolve().with_name(source.name + end) for end in ("-wal", "-shm"))}
    if target.resolve() in live:
        raise BackupFailed(f"{target} is the database itself: name another file")
    if target.is_dir():
        raise BackupFailed(f"{target} is a folder: name a file in it")
    if target.exists() and not replace:
        raise BackupFailed(f"{target} is there already: name another file, or add --force")


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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
