"""Asking the last real questions again, of the entries as they are and as they would be. Nothing is written.

It is tried out in a database of its own, which is gone afterwards: with the real store, index and gate, and without
anybody's words. Vectors that are known are read from the real one.
"""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.clock import Clock
from bot.conversation.knowledge.files.formats import load_entries
from bot.conversation.knowledge.findings import Findings, Inquiry
from bot.conversation.knowledge.knowledge import Knowledge
from bot.conversation.knowledge.latest import KnowledgeStores
from bot.conversation.knowledge.reviews import shown_by
from bot.conversation.learning.moves import Move, Shown, moves_of, shown_of
from bot.errors import ServiceError
from bot.knowledge_desk import author_here
from bot.settings import Settings
from inference.embedding.opening import open_embedder
from storage import migrations
from storage.audit.keys import BodyKeys, MemoryKeys
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.inspection import database_file
from storage.knowledge.entries import EntryStore
from storage.knowledge.lent_vectors import LentVectors
from storage.knowledge.passages import PassageStore
from storage.knowledge.records import Entry, EntryStatus, GivenEntry
from storage.knowledge.vectors import VectorStore
from storage.learning.past_questions import PastQuestion, PastQuestionStore

PREFIX = "replay-"
LONGEST_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Replay:
    """`changed`: ids of the entries that the change touches."""

    questions: Sequence[PastQuestion]
    changed: Sequence[str]
    moves: Sequence[Move]


@dataclass(frozen=True, slots=True)
class _Bench:
    entries: EntryStore
    knowledge: Knowledge
    as_shown: Callable[[Findings], Findings]


async def replay(
    settings: Settings, path: Path | None, last: int, clock: Clock, asked: Callable[[int], None]
) -> Replay:
    """Against the entries as `path` changes them, or without one as they are when all drafts are published.

    `asked`: told after each question, of how many. Raises: FilesRefused, ServiceError, StorageError, EngineFailed.
    """
    given = None if path is None else await asyncio.to_thread(load_entries, [path])
    database_file(settings.database_url)
    async with await Database.open(settings.database_url) as real:
        questions = await PastQuestionStore(real).last(last)
        entries = await EntryStore(real, _NO_RECORD).list()
        changes = _drafts(entries) if given is None else given
        async with _bench(settings, real, clock) as bench:
            await _take(
                bench, [GivenEntry(entry_id=one.entry_id, text=one.text, status=one.status) for one in entries], clock
            )
            before = [await _ask(bench, question, len(questions), asked) for question in questions]
            changed = await _take(bench, changes, clock)
            after = [await _ask(bench, question, len(questions), asked) for question in questions]
    return Replay(questions, changed, moves_of((question.text for question in questions), before, after))


_NO_RECORD = AuditTrail(lambda platform, tenant, user: "", BodyKeys(MemoryKeys()))  # of what is only tried out


def _drafts(entries: Sequence[Entry]) -> list[GivenEntry]:
    drafts = [entry for entry in entries if entry.status is EntryStatus.DRAFT]
    if not drafts:
        raise ServiceError("there is nothing to try out: name a FILE with changed entries, or have drafts")
    return [GivenEntry(entry_id=entry.entry_id, text=entry.text, status=EntryStatus.PUBLISHED) for entry in drafts]


@asynccontextmanager
async def _bench(settings: Settings, real: Database, clock: Clock) -> AsyncGenerator[_Bench, None]:
    await asyncio.to_thread(_remove_left_over, settings.service.data_dir, clock.now().timestamp())
    with TemporaryDirectory(prefix=PREFIX, dir=settings.service.data_dir) as folder:
        url = f"sqlite:///{folder}/replay.db"
        await asyncio.to_thread(migrations.upgrade, url)
        async with await Database.open(url) as own:
            entries = EntryStore(own, _NO_RECORD)
            vectors = LentVectors(own, VectorStore(real))
            opening = partial(open_embedder, settings.answers.encoder, settings.models_dir)
            knowledge = Knowledge(KnowledgeStores(entries, PassageStore(own, _NO_RECORD), vectors), opening, clock)
            try:
                yield _Bench(entries, knowledge, shown_by(settings.answers, clock))
            finally:
                await knowledge.close()


def _remove_left_over(data_dir: Path, now: float) -> None:
    """What a replay that was killed could not take away."""
    for folder in data_dir.glob(f"{PREFIX}*"):
        if folder.stat().st_mtime < now - LONGEST_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


async def _take(bench: _Bench, given: Sequence[GivenEntry], clock: Clock) -> list[str]:
    now = clock.now()
    changes = await bench.entries.take_all(given, author_here(), now, now.astimezone().date())
    await bench.knowledge.refresh()
    return [change.after.entry_id for change in changes if change.before != change.after]


async def _ask(bench: _Bench, question: PastQuestion, total: int, asked: Callable[[int], None]) -> Shown:
    audience = frozenset({f"channel:{question.channel}"})
    inquiry = Inquiry(text=question.text, previous=question.previous, audience=audience)
    findings = bench.as_shown(await bench.knowledge.look_up(inquiry))
    asked(2 * total)
    return shown_of(findings)
