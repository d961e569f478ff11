"""Letting go what is old enough, once each day, when few are there: the file is written anew, and writers wait."""

from datetime import date, time, tzinfo

import structlog

from bot.clock import Clock
from storage.audit.settings import AuditSettings
from storage.forgetting.due import RetentionRule
from storage.forgetting.retention import RetentionStore

log = structlog.get_logger(__name__)


def retention_rule(settings: AuditSettings, zone: tzinfo) -> RetentionRule:
    """`zone`: whose days they are."""
    return RetentionRule(
        settings.body_days, settings.header_days, settings.history_days, settings.channel_days, zone=zone
    )


class Retention:
    """`at`: before that time of day, in the zone, nothing goes; after it, as soon as it is looked."""

    def __init__(self, store: RetentionStore, clock: Clock, at: time, zone: tzinfo) -> None:
        self._store = store
        self._clock = clock
        self._at = at
        self._zone = zone
        self._done: date | None = None

    async def run(self) -> None:
        now = self._clock.now()
        here = now.astimezone(self._zone)
        if self._done == here.date() or here.time() < self._at:
            return
        gone = await self._store.run(now)
        self._done = here.date()
        if not gone.is_nothing:
            log.info("retention", texts=gone.texts, exchanges=gone.exchanges, headers=gone.headers, held=gone.held)
