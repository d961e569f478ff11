"""Signing checkpoints of the audit log, and writing them down where whoever changes the database does not reach."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from bot.clock import Clock
from storage.audit.checkpointing import CheckpointRule, CheckpointStore
from storage.audit.checkpoints import Checkpoint, checkpoint_line
from storage.audit.settings import AuditFiles, AuditSettings
from storage.audit.shipping import append_to_file, send_to_syslog

log = structlog.get_logger(__name__)


class Checkpoints:
    def __init__(self, store: CheckpointStore, settings: AuditSettings, files: AuditFiles, clock: Clock) -> None:
        self._store = store
        self._rule = CheckpointRule(settings.checkpoint_entries, timedelta(seconds=settings.checkpoint_seconds))
        self._file = files.checkpoints
        self._syslog = settings.checkpoint_syslog
        self._clock = clock
        self._filed = 0  # up to which size this process has written them to the file

    async def run(self) -> None:
        """All that are due, and those that could not be written down before. Raises: AuditKeyUnusable, NotWritten."""
        for checkpoint in await self._store.take_due(self._rule, self._clock.now()):
            log.info("checkpoint", size=checkpoint.size)
        await self._ship()

    async def take_now(self) -> Checkpoint | None:
        """One over all there is. None: there are no entries. Raises: AuditKeyUnusable, NotWritten."""
        checkpoint = await self._store.take(self._clock.now())
        await self._ship()
        return checkpoint

    async def _ship(self) -> None:
        """To the file, then to the syslog: one that is down gets them all later. A crash on the way, or a syslog that
        goes in the middle, brings some twice; none is left out."""
        if not (checkpoints := await self._store.unshipped()):
            return
        last = checkpoints[-1].size
        if fresh := _lines(checkpoints, self._filed):
            await asyncio.to_thread(append_to_file, self._file, fresh)
            self._filed = last
        if self._syslog:
            await asyncio.to_thread(send_to_syslog, self._syslog, _lines(checkpoints))
        await self._store.record_shipped(last)


def _lines(checkpoints: Sequence[Checkpoint], behind: int = 0) -> list[bytes]:
    """Of those over more than so many entries."""
    return [checkpoint_line(checkpoint) for checkpoint in checkpoints if checkpoint.size > behind]
