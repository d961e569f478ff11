"""What the answers need of the company's knowledge: to look a question up, and to have one entry."""

import asyncio
from typing import Protocol

from bot.conversation.knowledge.findings import Findings, Inquiry, Route
from storage.knowledge.records import EVERYONE, Entry, EntryStatus


class LooksUp(Protocol):
    @property
    def is_empty(self) -> bool:
        """Whether nothing is loaded, neither entries nor documents."""

    async def look_up(self, inquiry: Inquiry) -> Findings: ...

    async def open(self) -> None:
        """Before anything is asked of it."""

    async def keep_fresh(self) -> None:
        """Follow what is stored until cancelled."""

    async def close(self) -> None: ...


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

    async def open(self) -> None:
        pass

    async def keep_fresh(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


def is_for(entry: Entry, audience: frozenset[str]) -> bool:
    """Whether somebody with this audience may be answered with the entry, as it is now."""
    may_see = EVERYONE in entry.text.audience or not audience.isdisjoint(entry.text.audience)
    return may_see and entry.status is EntryStatus.PUBLISHED
