"""What owners do about the gaps that they were told of, where they read it."""

from enum import Enum, auto

import structlog

from bot.clock import Clock
from bot.conversation.knowledge.editing import Editor
from bot.delivery.owners import ADDED, CREATED, DISMISSED, Owners
from storage.basis import CitedGap
from storage.errors import EntryChanged
from storage.knowledge.records import Author
from storage.learning.digests import DigestStore, Settlement

log = structlog.get_logger(__name__)


class Added(Enum):
    """What became of words that were to be a variant."""

    YES = auto()
    GONE = auto()  # the gap is settled, or there is none
    NO_ENTRY = auto()  # retired, or changed at this moment


class GapDesk:
    """Gaps go by the id of the reply that told of them, and their number in it. Everything may come twice.

    `by`: as people call who does it.
    """

    def __init__(self, store: DigestStore, editor: Editor, owners: Owners, clock: Clock) -> None:
        self._store = store
        self._editor = editor
        self._owners = owners
        self._clock = clock

    async def find(self, reply_id: str, number: int) -> CitedGap | None:
        """None: it is settled, or there is none."""
        gap = await self._store.find_gap(reply_id, number)
        return None if gap is None or gap.settled else gap

    async def find_review(self, reply_id: str, number: int) -> str | None:
        """The id of the entry that is to be looked at."""
        return await self._store.find_review(reply_id, number)

    async def dismiss(self, reply_id: str, number: int, author: Author, by: str) -> None:
        """Put it aside, with all that is near to it, for good."""
        settlement = Settlement(DISMISSED, by, author)
        self._owners.show([await self._store.dismiss(reply_id, number, settlement, self._clock.now())])
        log.info("gap_dismissed", reply_id=reply_id, number=number)

    async def add_variant(self, reply_id: str, number: int, author: Author, by: str) -> Added:
        """Make its words a variant of the nearest entry. Raises: FieldsWrong."""
        gap = await self.find(reply_id, number)
        if gap is None or gap.entry is None:
            return Added.GONE
        try:
            entry = await self._editor.add_variant(gap.entry.entry_id, gap.question, author)
        except EntryChanged:
            return Added.NO_ENTRY
        if entry is None:
            return Added.NO_ENTRY
        await self._settle(reply_id, number, Settlement(ADDED, by, author))
        return Added.YES

    async def entry_written(self, reply_id: str, number: int, author: Author, by: str) -> None:
        """An entry was written for it."""
        await self._settle(reply_id, number, Settlement(CREATED, by, author))

    async def _settle(self, reply_id: str, number: int, settlement: Settlement) -> None:
        self._owners.show([await self._store.settle(reply_id, number, settlement, self._clock.now())])
