"""What the answers need of the company's knowledge: to look a question up, and to have one entry."""

from typing import Protocol

from bot.conversation.knowledge.findings import Findings, Inquiry, Route
from storage.knowledge.records import EVERYONE, Entry, EntryStatus


class LooksUp(Protocol):
    @property
    def is_empty(self) -> bool:
        """Whether nothing is loaded, neither entries nor documents."""

    async def look_up(self, inquiry: Inquiry) -> Findings: ...


class FindsEntries(Protocol):
    async def find(self, entry_id: str) -> Entry | None:
        """The entry as it is now, whatever its status."""


class NoKnowledge:
    """Implements `LooksUp` and `FindsEntries` where there is nothing to know."""

    is_empty = True

    async def look_up(self, inquiry: Inquiry) -> Findings:
        return Findings(route=Route.NONE)

    async def find(self, entry_id: str) -> Entry | None:
        return None


def is_for(entry: Entry, audience: frozenset[str]) -> bool:
    """Whether somebody with this audience may be answered with the entry, as it is now."""
    may_see = EVERYONE in entry.text.audience or not audience.isdisjoint(entry.text.audience)
    return may_see and entry.status is EntryStatus.PUBLISHED
