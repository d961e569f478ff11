"""Keys in files: made at the first start, readable for their owner alone, never half a key."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from storage.errors import AuditKeyUnusable


def load_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """What the file holds; when it is missing, what `make` gives. Blocks. Raises: AuditKeyUnusable."""
    try:
        if not path.exists():
            _write(path, make())
        return path.read_bytes()
    except OSError as error:
        raise AuditKeyUnusable(f"cannot read or write {path} ({error.strerror}): check the permissions") from error


def _write(path: Path, contents: bytes) -> None:
    """Whole or not at all; of two that make it at once, the first one's stays."""
    new = path.with_name(f".{path.name}.new-{os.getpid()}")
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(new)
    finally:
        new.unlink(missing_ok=True)
