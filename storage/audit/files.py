"""The audit log for whoever has the database's file, or an exported one, at hand: open, check or export, close."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from storage.audit.checking import Verdict
from storage.audit.export import verify_export
from storage.audit.store import AuditStore
from storage.database import Database
from storage.errors import NotAnExport
from storage.inspection import database_file

LONGEST_LINE = 1 << 24  # what is no line of ours is not read whole into the memory


async def verify_database(url: str) -> Verdict:
    """Safe while a service writes. Raises: DatabaseUnusable, DatabaseOutdated."""
    database_file(url)
    async with await Database.open(url) as database:
        return await AuditStore(database).verify()


async def export_database(url: str, file: BinaryIO, created: datetime) -> None:
    """Safe while a service writes. Raises: DatabaseUnusable, DatabaseOutdated, OSError."""
    database_file(url)  # opening would make it
    async with await Database.open(url) as database, aclosing(AuditStore(database).export(created)) as chunks:
        async for chunk in chunks:
            await asyncio.to_thread(file.write, chunk)


def verify_file(path: Path) -> Verdict:
    """Check an exported file. Blocks. Raises: NotAnExport, when it cannot be read or is something else."""
    try:
        with path.open("rb") as file:
            return verify_export(_lines(file))
    except OSError as error:
        raise NotAnExport(f"cannot read {path} ({error.strerror}): check its permissions") from error
    except NotAnExport as error:
        raise NotAnExport(f"{path} is no audit export: {error}") from error


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE):
        yield line
