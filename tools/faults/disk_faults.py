"""What can befall a disk, done to a running service from outside: begins and ends with a `with` block."""

import contextlib
import resource
import shutil
import subprocess
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from storage import sqlite
from tools.faults.house import House
from tools.faults.judging import DATABASE

DISK = "disk"
DISK_BYTES = 8 << 20
PAGE_BYTES = 4096
LOCK_SECONDS = 30.0  # how long to wait for the lock that the service writes under

Fault = Callable[[House], AbstractContextManager[None]]


@contextmanager
def full_disk(home: House) -> Generator[None, None, None]:
    """Not a byte is free on the disk of the database."""
    filler = home.folder / DISK / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(PAGE_BYTES))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def held_lock(home: House) -> Generator[None, None, None]:
    """Another program is in the middle of a transaction. It is this one: a process other than the service's."""
    path = home.folder / DATABASE
    with closing(sqlite.load_driver().connect(path, isolation_level=None, timeout=LOCK_SECONDS)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def io_error(home: House) -> Generator[None, None, None]:
    """Writing behind the first page of any file fails with EFBIG, which SQLite reports as SQLITE_IOERR."""
    assert home.service is not None
    pid = home.service.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (PAGE_BYTES, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def small_disk(folder: Path) -> Generator[bool, None, None]:
    """A small file system of its own, mounted at `folder`. False: mounting is not allowed here, nothing was done."""
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "inthread-faults"]
    folder.mkdir()
    if mount is None or subprocess.run([mount, *options, folder], capture_output=True, check=False).returncode:
        yield False
        return
    try:
        yield True
    finally:
        # Lazily: the service of a case that went wrong may still have files open there.
        subprocess.run(["umount", "--lazy", folder], check=True)


def may_mount(scratch: Path) -> bool:
    """Whether a disk can be filled up here: root's privilege. `scratch`: a folder to try it in."""
    with small_disk(scratch / "may-mount") as is_mounted:
        return is_mounted
