"""The database as the rest of the storage sees it: `await write(...)`, `await read(...)`.

Owns the connections and the threads they live in. One thread writes, so that writers never wait for each other inside
SQLite; a few read. No connection outlives the function that it is handed to, so none is held across an await.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, DBAPIError

from storage import sqlite
from storage.errors import DatabaseUnavailable, DatabaseUnusable, Trouble
from storage.migrations import require_current

T = TypeVar("T")
Observe = Callable[[str, float], None]
READERS = 2


class Database:
    """Open it with `Database.open`; close it after everything that uses it."""

    def __init__(self, url: str, observe: Observe = lambda kind, seconds: None) -> None:
        """`observe` is told, for each `read` or `write`, how many seconds the caller waited for it."""
        self._observe = observe
        self._on_trouble: Callable[[Trouble], None] = lambda trouble: None
        parsed = self._url = sqlite.parse_url(url)
        self._writer = sqlite.open_engine(parsed, writer=True)
        self._reader = sqlite.open_engine(parsed, writer=False, readers=READERS)
        self._write_thread = ThreadPoolExecutor(1, thread_name_prefix="storage-writer")
        self._read_threads = ThreadPoolExecutor(READERS, thread_name_prefix="storage-reader")

    @classmethod
    async def open(cls, url: str, observe: Observe = lambda kind, seconds: None) -> Self:
        """Connect and check that the migrations are the ones this version needs.

        Raises: DatabaseUnusable, DatabaseOutdated.
        """
        database = cls(url, observe)
        try:
            await database.read(require_current)
        except DatabaseError as error:
            await database.close()
            raise DatabaseUnusable(f"cannot open the database: {error.orig}: check [storage] url") from error
        except BaseException:
            await database.close()
            raise
        return database

    def tell_trouble(self, observer: Callable[[Trouble], None]) -> None:
        """From now on, tell `observer` of each write that the disk or a lock has prevented."""
        self._on_trouble = observer

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in the writer's thread in one transaction; committed when this returns, undone when it raises.

        Raises: DatabaseUnavailable, and whatever `work` raises.
        """

        def transact() -> T:
            with self._writer.begin() as connection:
                return work(connection)

        try:
            return await self._run("write", self._write_thread, transact)
        except DatabaseUnavailable as error:
            self._on_trouble(error.trouble)
            raise

    async def probe(self, *, for_room: bool = False) -> None:
        """Commit something that nobody reads: returns when writes succeed. `for_room`: and more than a page fits.

        Raises: DatabaseUnavailable.
        """

        def work(connection: Connection) -> None:
            if for_room:
                sqlite.require_room(self._url)
            sqlite.write_page(connection)

        await self.write(work)

    async def scrub(self) -> bool:
        """Write the whole file anew, so that nothing is left of what was deleted, and empty the write-ahead log.

        Writers wait for it: seconds for each GB. SQLite's secure_delete alone leaves copies where it moves rows.
        False: a reader kept the log from being emptied. Raises: DatabaseUnavailable.
        """

        def rewrite() -> bool:
            with self._writer.connect() as connection:
                return sqlite.rewrite(connection)

        return await self._run("write", self._write_thread, rewrite)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a reader's thread on one consistent snapshot. Raises: as `write`."""

        def look() -> T:
            with self._reader.connect() as connection:
                return work(connection)

        return await self._run("read", self._read_threads, look)

    async def _run(self, kind: str, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        try:
            return await _settled(threads.submit(work))
        except DBAPIError as error:
            if trouble := sqlite.find_trouble(error.orig):
                raise DatabaseUnavailable(trouble) from error
            raise
        finally:
            self._observe(kind, time.perf_counter() - began)

    async def close(self) -> None:
        """Wait for writes that were begun, then close every connection."""
        await asyncio.to_thread(self._shut_down)

    def _shut_down(self) -> None:
        self._write_thread.shutdown(wait=True)
        self._read_threads.shutdown(wait=True)
        self._reader.dispose()
        self._writer.dispose()  # last: the last connection to close checkpoints the WAL

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _settled(running: Future[T]) -> T:
    """Cancelled, it still waits for work that has begun: whoever comes next sees what that has committed.

    Else a reply could be closed behind the back of those who have just read that it is open. What has not begun is
    dropped.
    """
    try:
        return await asyncio.wrap_future(running)
    except asyncio.CancelledError:
        if not running.cancelled():
            await asyncio.wait({asyncio.wrap_future(running)})
        raise
