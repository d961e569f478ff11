"""Letting go what is old enough, once for each day."""

from datetime import date

import structlog

from bot.clock import Clock
from storage.audit.settings import AuditSettings
from storage.forgetting.due import RetentionRule
from storage.forgetting.retention import RetentionStore

log = structlog.get_logger(__name__)


def retention_rule(settings: AuditSettings) -> RetentionRule:
    return RetentionRule(settings.body_days, settings.header_days, settings.history_days, settings.channel_days)


class Retention:
    def __init__(self, store: RetentionStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._done: date | None = None

    async def run(self) -> None:
        now = self._clock.now()
        if self._done == now.date():
            return
        gone = await self._store.run(now)
        self._done = now.date()
        if not gone.is_nothing:
            log.info("retention", texts=gone.texts, exchanges=gone.exchanges, headers=gone.headers, held=gone.held)
