"""Whether the database takes writes: what readiness says, and who finds out that it does again.

A full disk, a lock that somebody holds and an I/O error come and go without us. A write that meets one tells; from then
on a small write is tried once a second until it is committed. Knows no SQLite: what an error means is the storage's.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot import metrics
from bot.clock import Clock
from storage.database import Database
from storage.errors import DatabaseUnavailable, Trouble

log = structlog.get_logger(__name__)

PROBE_SECONDS = 1.0


class DatabaseHealth:
    """Owned by the event loop. Run `watch` as a task of it."""

    def __init__(self, database: Database, clock: Clock, on_recovery: Callable[[], Awaitable[object]]) -> None:
        """`on_recovery` is awaited each time that writes succeed again."""
        self._database = database
        self._clock = clock
        self._on_recovery = on_recovery
        self._trouble: Trouble | None = None
        self._failed = asyncio.Event()
        database.tell_trouble(self._note)
        metrics.record_database_usable(is_usable=True)

    @property
    def is_healthy(self) -> bool:
        """Whether the last write that counts was committed."""
        return self._trouble is None

    async def watch(self) -> None:
        """Never returns. Raises: what is no trouble of the database's."""
        while True:
            await self._failed.wait()
            began = self._clock.monotonic()
            while self._failed.is_set():
                await self._clock.sleep(PROBE_SECONDS)
                await self._probe()
            self._trouble = None
            metrics.record_database_usable(is_usable=True)
            log.info("database_usable", after_seconds=round(self._clock.monotonic() - began, 1))
            await self._recover()

    async def _probe(self) -> None:
        """A write of any kind that fails from here on counts anew."""
        self._failed.clear()
        try:
            await self._database.probe(for_room=self._trouble is Trouble.FULL)
        except DatabaseUnavailable as error:
            log.debug("database_still_unusable", trouble=error.trouble)

    async def _recover(self) -> None:
        try:
            await self._on_recovery()
        except DatabaseUnavailable as error:
            self._note(error.trouble)

    def _note(self, trouble: Trouble) -> None:
        metrics.record_database_trouble(trouble)
        if self._trouble is None:
            metrics.record_database_usable(is_usable=False)
            log.error("database_unusable", trouble=trouble, hint=str(DatabaseUnavailable(trouble)))
        self._trouble = trouble
        self._failed.set()
