"""The weekly digest: each channel of owners is told what nothing answered, on the first working day of the week."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

import structlog

from bot.clock import Clock
from bot.conversation.learning.gaps import Gap, Gaps
from bot.conversation.learning.telling import cite_gap, gap_text, language_of_owners
from bot.conversation.phrases import phrase
from bot.delivery.owners import Owners
from bot.delivery.people import People
from bot.jobs.office_hours import DigestSettings
from storage.basis import Basis, BasisKind, CitedGap
from storage.learning.digests import DigestStore
from storage.notices import Notice

log = structlog.get_logger(__name__)

EVERYBODY = ""  # in place of a channel: the week's digests are all put down


class WeeklyDigest:
    """The job. Run as often as you like: within office hours, once a week, each channel once."""

    def __init__(
        self,
        settings: DigestSettings,
        gaps: Gaps,
        store: DigestStore,
        owners: Owners,
        people: People,
        language: str,
        clock: Clock,
    ) -> None:
        """`people`: which channel is whose. `language`: [answers] language."""
        self._settings = settings
        self._gaps = gaps
        self._store = store
        self._owners = owners
        self._people = people
        self._language = language
        self._clock = clock

    async def run(self) -> None:
        """Raises: StorageError, EngineFailed."""
        now = self._clock.now()
        week = self._settings.week_of(now)
        if not self._settings.are_now(now) or EVERYBODY in await self._store.channels_told(week):
            return
        by_channel = self._by_channel(
            await self._gaps.find(now - timedelta(days=self._settings.days_back)), self._settings.day_of(now)
        )
        for channel, gaps in by_channel.items():
            notice = self._notice(week, channel, gaps[: self._settings.gaps])
            self._owners.show([await self._store.announce(week, channel, notice, now)])
        await self._store.announce(week, EVERYBODY, None, now)
        log.info("digest_made", week=week, channels=len(by_channel))

    def _by_channel(self, gaps: Sequence[Gap], today: date) -> dict[str, list[CitedGap]]:
        """Of whoever owns the nearest entry; what nobody has a channel for is left out."""
        by_channel: dict[str, list[CitedGap]] = defaultdict(list)
        for gap in gaps:
            cited = cite_gap(gap, today)
            owner = cited.entry.owner if cited is not None and cited.entry is not None else ""
            channel = self._people.channel_of(owner)
            if cited is not None and channel is not None:
                by_channel[channel].append(cited)
        return by_channel

    def _notice(self, week: str, channel: str, gaps: Sequence[CitedGap]) -> Notice:
        language = language_of_owners([gap.lang for gap in gaps], self._language)
        return self._owners.notice(
            f"digest:{week}:{channel}",
            channel,
            phrase("digest_head", language, days=self._settings.days_back),
            [gap_text(gap, language) for gap in gaps],
            Basis(kind=BasisKind.DIGEST, gaps=tuple(gaps)),
        )
