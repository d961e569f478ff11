"""Asking the last real questions again, of the entries as they are and as they would be. Nothing is written.

It is tried out in a database of its own, which is gone afterwards: with the real store, index and gate, and without
anybody's words. Vectors that are known are read from the real one.
"""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.clock import Calendar
from bot.conversation.knowledge.findings import Findings, Inquiry
from bot.conversation.knowledge.knowledge import Knowledge
from bot.conversation.knowledge.latest import KnowledgeStores, OpenEmbedder
from bot.conversation.learning.moves import Move, Shown, moves_of, shown_of
from storage import migrations
from storage.audit.keys import BodyKeys, MemoryKeys
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.lent_vectors import LentVectors
from storage.knowledge.passages import PassageStore
from storage.knowledge.records import Author, Entry, EntryStatus, GivenEntry
from storage.knowledge.vectors import VectorStore
from storage.learning.past_questions import PastQuestion, PastQuestionStore

PREFIX = "replay-"
LONGEST_SECONDS = 86_400.0
_NO_RECORD = AuditTrail(lambda platform, tenant, user: "", BodyKeys(MemoryKeys()))  # of what is only tried out


@dataclass(frozen=True, slots=True)
class Replay:
    """`changed`: ids of the entries that the change touches."""

    questions: Sequence[PastQuestion]
    changed: Sequence[str]
    moves: Sequence[Move]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`folder`: where the database to try it out in may stand. `author`: who tries it out."""

    real: Database
    open_embedder: OpenEmbedder
    as_shown: Callable[[Findings], Findings]
    folder: Path
    author: Author
    calendar: Calendar

    async def replay(self, changes: Sequence[GivenEntry], last: int, asked: Callable[[int], None]) -> Replay:
        """What the last questions would be answered with. `asked`: told after each question, of how many.

        Raises: StorageError, EngineFailed.
        """
        questions = await PastQuestionStore(self.real).last(last)
        entries = await EntryStore(self.real, _NO_RECORD).list()
        async with self._bench() as bench:
            await self._take(
                bench, [GivenEntry(entry_id=one.entry_id, text=one.text, status=one.status) for one in entries]
            )
            before = [await self._ask(bench, question, len(questions), asked) for question in questions]
            changed = await self._take(bench, changes)
            after = [await self._ask(bench, question, len(questions), asked) for question in questions]
        return Replay(questions, changed, moves_of((question.text for question in questions), before, after))

    @asynccontextmanager
    async def _bench(self) -> AsyncGenerator["_Bench", None]:
        await asyncio.to_thread(_remove_left_over, self.folder, self.calendar.clock.now().timestamp())
        with TemporaryDirectory(prefix=PREFIX, dir=self.folder) as folder:
            url = f"sqlite:///{folder}/replay.db"
            await asyncio.to_thread(migrations.upgrade, url)
            async with await Database.open(url) as own:
                entries = EntryStore(own, _NO_RECORD)
                vectors = LentVectors(own, VectorStore(self.real))
                stores = KnowledgeStores(entries, PassageStore(own, _NO_RECORD), vectors)
                knowledge = Knowledge(stores, self.open_embedder, self.calendar.clock)
                try:
                    yield _Bench(entries, knowledge)
                finally:
                    await knowledge.close()

    async def _take(self, bench: "_Bench", given: Sequence[GivenEntry]) -> list[str]:
        now = self.calendar.clock.now()
        changes = await bench.entries.take_all(given, self.author, now, self.calendar.today())
        await bench.knowledge.refresh()
        return [change.after.entry_id for change in changes if change.before != change.after]

    async def _ask(self, bench: "_Bench", question: PastQuestion, total: int, asked: Callable[[int], None]) -> Shown:
        audience = frozenset({f"channel:{question.channel}"})
        inquiry = Inquiry(text=question.text, previous=question.previous, audience=audience)
        findings = self.as_shown(await bench.knowledge.look_up(inquiry))
        asked(2 * total)
        return shown_of(findings)


@dataclass(frozen=True, slots=True)
class _Bench:
    entries: EntryStore
    knowledge: Knowledge


def _remove_left_over(data_dir: Path, now: float) -> None:
    """What a replay that was killed could not take away."""
    for folder in data_dir.glob(f"{PREFIX}*"):
        if folder.stat().st_mtime < now - LONGEST_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def drafts_published(entries: Sequence[Entry]) -> list[GivenEntry]:
    """The change that publishes all drafts."""
    drafts = [entry for entry in entries if entry.status is EntryStatus.DRAFT]
    return [GivenEntry(entry_id=entry.entry_id, text=entry.text, status=EntryStatus.PUBLISHED) for entry in drafts]
