"""The audit log for whoever has the database's file, or an exported one, at hand: open, check or export, close."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from storage.audit.checking import Verdict
from storage.audit.checkpoints import parse_shipped
from storage.audit.export import verify_export
from storage.audit.key_store import open_body_keys
from storage.audit.parallel import AuditPlace, find_all_well
from storage.audit.signing import PublicKey
from storage.audit.store import AuditStore, Taking
from storage.database import Database
from storage.errors import NotAnExport, NotCheckpoints
from storage.inspection import database_file

LONGEST_LINE = 1 << 24  # what is no line of ours is not read whole into the memory


def verify_database(place: AuditPlace, key: PublicKey, shipped: Mapping[int, bytes]) -> Verdict:
    """Safe while a service writes. Blocks; call it where no other thread runs (`find_all_well`).

    Raises: DatabaseUnusable, DatabaseOutdated, AuditKeyUnusable.
    """
    database_file(place.url)  # opening would make it
    found = find_all_well(place, key, shipped)
    return asyncio.run(_verify_whole(place, key, shipped)) if found is None else found


async def _verify_whole(place: AuditPlace, key: PublicKey, shipped: Mapping[int, bytes]) -> Verdict:
    keys = open_body_keys(place.keys, place.master)
    async with await Database.open(place.url) as database:
        return await AuditStore(database, keys).verify(key, shipped)


async def export_database(url: str, taking: Taking, file: BinaryIO, created: datetime) -> None:
    """Safe while a service writes. Raises: DatabaseUnusable, DatabaseOutdated, AuditKeyUnusable, OSError."""
    database_file(url)
    async with await Database.open(url) as database:
        store = AuditStore(database, taking.trail.keys)
        span = await store.record_export(taking, created)
        async with aclosing(store.export(created, span)) as chunks:
            async for chunk in chunks:
                await asyncio.to_thread(file.write, chunk)


def verify_file(path: Path, key: PublicKey | None, shipped: Mapping[int, bytes]) -> Verdict:
    """Check an exported file. Blocks. Raises: NotAnExport, when it cannot be read or is something else."""
    try:
        with path.open("rb") as file:
            return verify_export(_lines(file), key, shipped)
    except OSError as error:
        raise NotAnExport(f"cannot read {path} ({error.strerror}): check its permissions") from error
    except NotAnExport as error:
        raise NotAnExport(f"{path} is no audit export: {error}") from error


def load_shipped(path: Path, key: PublicKey) -> dict[int, bytes]:
    """The heads that checkpoints in a file were signed over, by size. Blocks. Raises: NotCheckpoints."""
    try:
        with path.open("rb") as file:
            return parse_shipped(_lines(file), key)
    except OSError as error:
        raise NotCheckpoints(f"cannot read {path} ({error.strerror}): check its permissions") from error
    except NotCheckpoints as error:
        raise NotCheckpoints(f"{path}: {error}") from error


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE):
        yield line
