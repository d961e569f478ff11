"""A file that has its name only once it is whole and on the disk; readable for its owner alone."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from storage.errors import NotWritten


@contextlib.contextmanager
def whole_file(target: Path, *, replace: bool, own: Iterable[Path]) -> Iterator[Path]:
    """Write to the path that this gives: it becomes `target` at the end of the block, or is gone when that raises.

    `replace`: whether `target` may be there already. `own`: what it must not be, whatever was typed.
    Raises: NotWritten; it takes every OSError inside the block for one of writing.
    """
    _refuse_own(target, own)
    _refuse(target, replace=replace)
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield partial
        _sync(partial)
        _refuse(target, replace=replace)  # somebody may have made it meanwhile
        partial.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise NotWritten(f"cannot write {target} ({error.strerror}): check the folder, its space and rights") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _refuse_own(target: Path, own: Iterable[Path]) -> None:
    """Databases have files beside them."""
    kept = {one.with_name(one.name + end) for one in map(Path.resolve, own) for end in ("", "-wal", "-shm", "-journal")}
    if target.resolve() in kept:
        raise NotWritten(f"{target} is a file that inthread itself needs: name another one")


def _refuse(target: Path, *, replace: bool) -> None:
    if target.is_dir():
        raise NotWritten(f"{target} is a folder: name a file in it")
    if target.exists() and not replace:
        raise NotWritten(f"{target} is there already: name another file, or add --force")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
