"""Owners are reminded of entries that are to be looked at again: before the day, each once for that day."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256

import structlog

from bot.clock import Clock
from bot.conversation.knowledge.citing import cited
from bot.conversation.knowledge.reviews import is_due
from bot.conversation.learning.telling import due_first, language_of_owners, review_text
from bot.conversation.phrases import phrase
from bot.conversation.settings import AnswerSettings
from bot.delivery.owners import Owners
from bot.delivery.people import People
from bot.jobs.office_hours import ReviewSettings
from storage.basis import Basis, BasisKind, CitedEntry
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Entry
from storage.learning.reminders import ReminderStore
from storage.notices import Notice

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 12  # in a message; the rest in further ones


class ReviewReminders:
    """The job. Run as often as you like: within office hours, each entry and day once."""

    def __init__(
        self,
        settings: ReviewSettings,
        answers: AnswerSettings,
        entries: EntryStore,
        store: ReminderStore,
        owners: Owners,
        people: People,
        clock: Clock,
    ) -> None:
        """`people`: which channel is whose."""
        self._settings = settings
        self._answers = answers
        self._entries = entries
        self._store = store
        self._owners = owners
        self._people = people
        self._clock = clock

    async def run(self) -> None:
        """Raises: StorageError."""
        now = self._clock.now()
        if not self._settings.are_now(now):
            return
        today = self._settings.day_of(now)
        for channel, entries in (await self._due(today)).items():
            for at in range(0, len(entries), MOST_AT_ONCE):
                some = entries[at : at + MOST_AT_ONCE]
                reviews = [(entry.entry_id, entry.text.review_by) for entry in some if entry.text.review_by]
                notice = self._notice(channel, some, today)
                self._owners.show([await self._store.announce(reviews, notice, now)])
                log.info("reviews_told", channel=channel, entries=len(some))

    async def _due(self, today: date) -> dict[str, list[Entry]]:
        """By channel, what nobody was reminded of yet, the most urgent first."""
        published, reminded = await self._entries.published(), await self._store.reminded()
        by_channel: dict[str, list[Entry]] = defaultdict(list)
        for entry in due_first(entry for entry in published if is_due(entry, today, self._settings.days_ahead)):
            channel = self._people.channel_of(entry.text.owner)
            if channel is not None and (entry.entry_id, entry.text.review_by) not in reminded:
                by_channel[channel].append(entry)
        return by_channel

    def _notice(self, channel: str, entries: Sequence[Entry], today: date) -> Notice:
        language = language_of_owners([entry.text.lang for entry in entries], self._answers.language)
        citations = [replace(cited(entry, today), review_by=entry.text.review_by) for entry in entries]
        withheld = self._answers.withhold_overdue
        return self._owners.notice(
            f"reviews:{_name_of(citations)}",
            channel,
            phrase("reviews_head", language),
            [review_text(one, language, is_withheld=withheld) for one in citations],
            Basis(kind=BasisKind.REVIEWS, entries=tuple(citations)),
        )


def _name_of(citations: Iterable[CitedEntry]) -> str:
    """The same for the same entries and days, which are told once."""
    return sha256("\n".join(f"{one.entry_id} {one.review_by}" for one in citations).encode()).hexdigest()[:32]
