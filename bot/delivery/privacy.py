"""One's own data: what people are told about it, what they see of it, take and erase. Knows no platform."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import structlog

from bot.clock import Clock
from bot.conversation.phrases import Language
from bot.conversation.privacy_phrases import PRIVACY_PHRASES
from storage.audit.settings import AuditSettings
from storage.errors import UnderHold
from storage.forgetting.erasing import ErasureStore
from storage.forgetting.own_data import OwnDataStore, Somebody
from storage.forgetting.traces import Person
from storage.knowledge.records import Author

log = structlog.get_logger(__name__)

VERSION_DIGITS = 8
Words = Mapping[Language, str]
Way = Literal["way_command", "way_page"]


@dataclass(frozen=True, slots=True)
class Erasing:
    """What to say to somebody who wanted to be forgotten, and whether they are."""

    is_done: bool
    said: Words


@dataclass(frozen=True, slots=True)
class OwnFile:
    """All that is kept about somebody, as JSON."""

    name: str
    text: str


class PrivacyDesk:
    def __init__(
        self,
        store: OwnDataStore,
        erasures: ErasureStore,
        settings: AuditSettings,
        clock: Clock,
        *,
        way: Way,
    ) -> None:
        """`way`: how people get here."""
        self._store = store
        self._erasures = erasures
        self._clock = clock
        written = {"en": settings.notice_en, "zh": settings.notice_zh}
        days = {"days": settings.body_days, "header_days": settings.header_days}
        self.notice: Words = {
            language: written[language] or default.format(**days, way=PRIVACY_PHRASES[way][language])
            for language, default in PRIVACY_PHRASES["notice"].items()
        }
        both = "\n".join(self.notice[language] for language in sorted(self.notice))
        self.version = sha256(both.encode()).hexdigest()[:VERSION_DIGITS]
        self.is_on = settings.notice

    async def is_to_be_told(self, who: Somebody) -> bool:
        """Whether they have not seen this version of the notice."""
        return self.is_on and not await self._store.was_told(who, self.version)

    async def record_told(self, who: Somebody) -> None:
        await self._store.record_told(who, self.version, self._clock.now())

    async def held(self, who: Somebody) -> Words:
        """How much is kept."""
        held = await self._store.count(who)
        if held.since is None:
            return PRIVACY_PHRASES["privacy_nothing"]
        figures = {"questions": held.questions, "judgements": held.judgements, "texts": held.texts}
        return _filled("privacy_held", **figures, since=held.since.date().isoformat())

    async def summary(self, who: Somebody, language: Language) -> str:
        """What is kept, and the notice."""
        return f"{(await self.held(who))[language]}\n\n{self.notice[language]}"

    async def take(self, who: Somebody) -> OwnFile:
        now = self._clock.now()
        text = json.dumps(await self._store.take(who, now), ensure_ascii=False, indent=1)
        return OwnFile(f"inthread-{now.date().isoformat()}.json", text)

    async def erase(self, who: Somebody) -> Erasing:
        reason = "the person asked for it themselves"
        author = Author(who.platform, who.tenant, who.user)
        try:
            erased = await self._erasures.erase(Person(who.platform, who.user), reason, author, self._clock.now())
        except UnderHold:
            return Erasing(is_done=False, said=PRIVACY_PHRASES["privacy_under_hold"])
        log.info("erased_on_request", platform=who.platform, questions=erased.questions)
        return Erasing(is_done=True, said=_filled("privacy_erased", questions=erased.questions))


def _filled(key: str, **values: object) -> Words:
    return {language: words.format(**values) for language, words in PRIVACY_PHRASES[key].items()}
