"""What the answers need of the company's knowledge: to look a question up, and to have one entry."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.conversation.knowledge.findings import Findings, Inquiry, Route
from storage.knowledge.records import EVERYONE, Entry, EntryStatus


class LooksUp(Protocol):
    @property
    def is_empty(self) -> bool:
        """Whether nothing is loaded, neither entries nor documents."""

    async def groups(self) -> frozenset[str]:
        """Ids of the user groups that something is kept for."""

    async def look_up(self, inquiry: Inquiry) -> Findings: ...

    async def nearness(self, texts: Sequence[str]) -> NDArray[np.floating] | None:
        """(N, N): how near questions are in meaning, each to each. None without an encoder."""

    async def is_everyday(self, text: str) -> bool:
        """Whether it is small talk, or general knowledge, which no entry of any company answers."""

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

    async def groups(self) -> frozenset[str]:
        return frozenset()

    async def look_up(self, inquiry: Inquiry) -> Findings:
        return Findings(route=Route.NONE)

    async def nearness(self, texts: Sequence[str]) -> NDArray[np.floating] | None:
        return None

    async def is_everyday(self, text: str) -> bool:
        return False

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
