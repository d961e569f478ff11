"""The stores, an entry that WORDS are near to, and people who ask and say what they think."""

from typing import Any

from bot.conversation.knowledge import citing
from bot.conversation.knowledge.findings import Route
from bot.conversation.learning.variants import LearningStores, Variants
from storage.audit.trail import AuditTrail
from storage.basis import Basis
from storage.choosing import Choice
from storage.database import Database
from storage.feedback import FeedbackStore, Verdict
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Entry, EntryStatus
from storage.learning.rejections import RejectionStore
from storage.records import ReplyFigures, ReplyState
from storage.replies import ReplyStore
from tests.clock import START, ManualClock
from tests.conftest import TRAIL, a_question
from tests.shelf import Shelf
from tests.storage.knowledge.samples import HR, a_text
from tests.storage.test_replies import LEASE

WORDS = "Where do I leave my bike overnight?"


class Bench:
    def __init__(self, database: Database, clock: ManualClock, trail: AuditTrail = TRAIL) -> None:
        self.entries = EntryStore(database, trail)
        self.feedback = FeedbackStore(database, trail)
        self.rejections = RejectionStore(database, trail)
        self.replies = ReplyStore(database, trail)
        self.shelf = Shelf()
        self.clock = clock
        self.asked = 0

    def variants(self, after_people: int = 2) -> Variants:
        stores = LearningStores(self.entries, self.feedback, self.rejections)
        return Variants(stores, self.shelf, after_people, self.clock)

    async def publish(self, entry_id: str = "bicycles", **changes: Any) -> Entry:
        entry = await self.entries.save(entry_id, a_text(**changes), EntryStatus.PUBLISHED, HR, START)
        self.near(WORDS, entry)
        return entry

    def near(self, words: str, *entries: Entry, route: Route = Route.SUGGEST) -> None:
        self.shelf.lay_out(words, route, *entries)

    async def ask(self, text: str, basis: Basis, **changes: Any) -> str:
        """Somebody asks and gets a reply that rests on this; the reply's id."""
        self.asked += 1
        reply = await self.replies.accept(a_question(f"k{self.asked}", text=text, **changes), self.clock.now())
        assert reply is not None
        await self.end(reply.reply_id, basis)
        return reply.reply_id

    async def end(self, reply_id: str, basis: Basis) -> None:
        reply = await self.replies.claim(reply_id, self.clock.now(), LEASE)
        assert reply is not None
        now = self.clock.now()
        await self.replies.record_final(reply, "the answer", "answered", now, ReplyFigures(), basis=basis)
        await self.replies.record_closed(reply, ReplyState.DONE, now)

    async def choose(self, user: str, entry: Entry, text: str = WORDS) -> None:
        """Somebody asks, is asked back, and chooses the entry."""
        reply_id = await self.ask(text, citing.suggested([entry], START.date()), user=user)
        choice = Choice(entry.text.answer, "answered", citing.verified(entry, START.date()))
        assert await self.replies.choose(reply_id, user, choice, self.clock.now()) is not None
        await self.end(reply_id, choice.basis)

    async def thumb(self, user: str, entry: Entry, text: str = WORDS, verdict: Verdict = Verdict.UP, **of: Any) -> str:
        """Somebody asks, is shown the entry, and says what they think of that."""
        reply_id = await self.ask(text, citing.verified(entry, START.date()), user=user, **of)
        await self.feedback.record(reply_id, user, verdict, self.clock.now())
        return reply_id
