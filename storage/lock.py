"""One service per database: two would take up each other's replies and answer twice."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import make_url

from storage.errors import DatabaseInUse, DatabaseUnusable


@contextmanager
def sole_service(url: str) -> Iterator[None]:
    """Hold the lock file beside the database. The system releases it with the process, however that ends.

    Tools that only look, or back up, need no lock.
    Raises: DatabaseInUse, naming the process that holds it; DatabaseUnusable, when the file cannot be written.
    """
    path = Path(f"{make_url(url).database}.lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseUnusable(
            f"cannot write {path} ({error.strerror}): check the permissions of the folder, and its disk"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            raise DatabaseInUse(
                f"another inthread (process {holder}) serves this database: stop it, or give this one its own data_dir"
            ) from None
        # The number is for people alone: a full disk is told by the database itself.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)
