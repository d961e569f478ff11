"""Variants that people's own words make: proposed by one of them, added by itself when others agree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from bot.clock import Clock
from bot.conversation.knowledge.findings import Findings, Inquiry
from bot.conversation.knowledge.looking_up import LooksUp
from bot.conversation.learning import obstacles
from bot.conversation.learning.obstacles import Obstacle, owners_of
from bot.conversation.learning.signals import Proposal, Signal, propose, read_signals
from storage.errors import EntryChanged
from storage.feedback import FeedbackStore
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Author, Entry, EntryStatus
from storage.learning.rejections import RejectionStore, is_among

log = structlog.get_logger(__name__)

REMEMBERED = timedelta(days=180)  # so long after the second person may agree
INTHREAD = Author("inthread", "", "")  # who adds them


@dataclass(frozen=True, slots=True)
class Weighed:
    """A proposal, and what stands against it. None: people may accept it."""

    proposal: Proposal
    obstacle: Obstacle | None


@dataclass(frozen=True, slots=True)
class LearningStores:
    entries: EntryStore
    feedback: FeedbackStore
    rejections: RejectionStore


class Variants:
    """`after_people`: how many must agree before words are added by themselves; 0: somebody has to accept them."""

    def __init__(self, stores: LearningStores, knowledge: LooksUp, after_people: int, clock: Clock) -> None:
        self._stores = stores
        self._knowledge = knowledge
        self._after_people = after_people
        self._clock = clock
        self._added_from: tuple[Sequence[Signal], int] = ((), -1)

    async def proposals(self) -> list[Weighed]:
        """All that people's words propose, the newest first. What an entry has by now is not among it."""
        weighed = await self._weigh(propose(await self._signals()))
        return [one for one in weighed if one.obstacle is not Obstacle.KNOWN]

    async def add_agreed(self) -> list[Entry]:
        """Add what enough people agree on and nothing stands against; the entries as they are then."""
        signals, generation = await self._signals(), await self._stores.entries.generation()
        if not self._after_people or (signals, generation) == self._added_from:
            return []
        agreed = [one for one in propose(signals) if len(one.people) >= self._after_people and not one.against]
        added = [
            entry
            for one in await self._weigh(agreed)
            if one.obstacle is None and (entry := await self._add(one.proposal, INTHREAD)) is not None
        ]
        if not added:
            self._added_from = signals, generation
        return added

    async def accept(self, proposal: Proposal, author: Author) -> Entry | None:
        """What the entry is then; None: it was changed at the same moment, or is gone."""
        return await self._add(proposal, author)

    async def reject(self, proposal: Proposal, author: Author) -> None:
        await self._stores.rejections.reject(proposal.entry_id, proposal.text, author, self._clock.now())

    async def _signals(self) -> Sequence[Signal]:
        since = self._clock.now() - REMEMBERED
        choices = await self._stores.feedback.choices_since(since)
        return list(read_signals(choices, await self._stores.feedback.given_since(since)))

    async def _weigh(self, proposals: Iterable[Proposal]) -> list[Weighed]:
        """Cheap reasons first; the words alone are looked up as nobody in particular, among all entries."""
        entries = {entry.entry_id: entry for entry in await self._stores.entries.published()}
        owners, rejected = owners_of(entries.values()), await self._stores.rejections.all()
        audience = frozenset(label for entry in entries.values() for label in entry.text.audience)
        weighed = []
        for proposal in proposals:
            text, entry = proposal.text, entries.get(proposal.entry_id)
            if entry is None:
                weighed.append(Weighed(proposal, Obstacle.NO_ENTRY))
                continue
            obstacle = (
                obstacles.obstacle_of_words(text, entry)
                or (Obstacle.REJECTED if is_among(rejected, entry.entry_id, text) else None)
                or obstacles.obstacle_of_others(text, entry, owners)
                or obstacles.obstacle_of_past(text, await self._stores.entries.revisions(entry.entry_id))
                or obstacles.obstacle_of_nearness(entry, await self._find(text, audience))
            )
            weighed.append(Weighed(proposal, obstacle))
        return weighed

    async def _find(self, text: str, audience: frozenset[str]) -> Findings:
        return await self._knowledge.look_up(Inquiry(text=text, audience=audience))

    async def _add(self, proposal: Proposal, author: Author) -> Entry | None:
        """On top of the entry as it is now: its other variants may be a moment old."""
        before = await self._stores.entries.find(proposal.entry_id)
        if before is None or before.status is not EntryStatus.PUBLISHED:
            return None
        if obstacles.is_asked_as(before, proposal.text):
            return before
        text = replace(before.text, variants=(*before.text.variants, proposal.text))
        now = self._clock.now()
        try:
            after = await self._stores.entries.save(
                before.entry_id, text, before.status, author, now, seen=before.revision
            )
        except EntryChanged:
            return None  # by somebody at this very moment: it is proposed still
        log.info("variant_added", entry_id=after.entry_id, revision=after.revision, people=len(proposal.people))
        return after
