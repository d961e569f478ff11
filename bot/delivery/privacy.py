"""One's own data: what people are told about it, what they see of it, take and erase. Knows no platform."""

import json
from hashlib import sha256

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


class PrivacyDesk:
    def __init__(self, store: OwnDataStore, erasures: ErasureStore, settings: AuditSettings, clock: Clock) -> None:
        self._store = store
        self._erasures = erasures
        self._clock = clock
        written = {"en": settings.notice_en, "zh": settings.notice_zh}
        days = {"days": settings.body_days, "header_days": settings.header_days}
        self._notices: dict[Language, str] = {
            language: written[language] or default.format(**days)
            for language, default in PRIVACY_PHRASES["notice"].items()
        }
        both = "\n".join(self._notices[language] for language in sorted(self._notices))
        self.version = sha256(both.encode()).hexdigest()[:VERSION_DIGITS]
        self.is_on = settings.notice

    def notice(self, language: Language) -> str:
        return self._notices[language]

    async def is_to_be_told(self, who: Somebody) -> bool:
        """Whether they have not seen this version of the notice."""
        return self.is_on and not await self._store.was_told(who, self.version)

    async def record_told(self, who: Somebody) -> None:
        await self._store.record_told(who, self.version, self._clock.now())

    async def summary(self, who: Somebody, language: Language) -> str:
        """What is kept, and the notice."""
        held = await self._store.count(who)
        if held.since is None:
            said = PRIVACY_PHRASES["privacy_nothing"][language]
        else:
            said = PRIVACY_PHRASES["privacy_held"][language].format(
                questions=held.questions, judgements=held.judgements, since=held.since.date().isoformat()
            )
        return f"{said}\n\n{self.notice(language)}"

    async def take(self, who: Somebody) -> str:
        """All of it, as JSON."""
        return json.dumps(await self._store.take(who, self._clock.now()), ensure_ascii=False, indent=1)

    async def erase(self, who: Somebody, language: Language) -> str:
        """What to say to them about it."""
        reason = "the person asked for it themselves"
        author = Author(who.platform, who.tenant, who.user)
        try:
            erased = await self._erasures.erase(Person(who.platform, who.user), reason, author, self._clock.now())
        except UnderHold:
            return PRIVACY_PHRASES["privacy_under_hold"][language]
        log.info("erased_on_request", platform=who.platform, questions=erased.questions)
        return PRIVACY_PHRASES["privacy_erased"][language].format(questions=erased.questions)
