"""The newest snapshot of what is stored, made anew when something changes, while the one before serves."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from bot.clock import Clock
from bot.conversation.knowledge.encoding import Encoding, Progress, Texts
from bot.conversation.knowledge.retrieval.building import entry_texts, everyday_passages, everyday_texts
from bot.conversation.knowledge.retrieval.passage_index import passage_text
from bot.conversation.knowledge.snapshot import Snapshot, take_snapshot
from inference.embedding.embedder import Embedder
from inference.errors import InferenceError
from storage.errors import StorageError
from storage.knowledge.entries import EntryStore
from storage.knowledge.passages import PassageStore
from storage.knowledge.records import Entry, Passage
from storage.knowledge.vectors import VectorStore

log = structlog.get_logger(__name__)

OpenEmbedder = Callable[[], Embedder | None]

POLL_SECONDS = 2.0  # entries change from other processes too: `inthread faq import`
FIRST_SECONDS = 60.0  # that a question waits for the first snapshot
ENCODED_AT_ONCE = 64  # texts; with more to encode, words alone find them meanwhile
SLICE = 512  # texts, after which is looked whether there is something newer
NICENESS = 10


@dataclass(frozen=True, slots=True)
class KnowledgeStores:
    entries: EntryStore
    passages: PassageStore
    vectors: VectorStore


class _Unwanted(Exception):
    """The service stops: nobody waits for the snapshot that is being made."""


class Latest:
    """Owns the snapshot. Everything that takes long is done in a thread that steps back behind all others."""

    def __init__(self, stores: KnowledgeStores, open_embedder: OpenEmbedder, clock: Clock) -> None:
        self._stores = stores
        self._open_embedder: OpenEmbedder | None = open_embedder
        self._clock = clock
        self._background = ThreadPoolExecutor(1, "knowledge", initializer=_step_back)
        self._is_closing = threading.Event()
        self._encoding: Encoding | None = None
        self.embedder: Embedder | None = None
        self.encoder_fault = ""
        self._snapshot: Snapshot | None = None
        self._is_whole = False
        self._is_there = asyncio.Event()
        self.is_empty = True

    async def open(self) -> None:
        """Learn whether there is anything; what, the first snapshot knows."""
        await self._read()

    async def close(self) -> None:
        """What is under way in the background ends within part of a second."""
        self._is_closing.set()
        await asyncio.to_thread(self._background.shutdown, cancel_futures=True)

    async def snapshot(self) -> Snapshot | None:
        """The newest; at the start, when there is one. None: it takes too long."""
        try:
            async with asyncio.timeout(FIRST_SECONDS):
                await self._is_there.wait()
        except TimeoutError:
            log.warning("knowledge_not_ready", seconds=FIRST_SECONDS)
        return self._snapshot

    async def keep_fresh(self) -> None:
        """Follow the store until cancelled."""
        told = False
        while True:
            try:
                await self.refresh()
            except (StorageError, InferenceError) as error:
                log.warning("knowledge_not_refreshed", error=str(error))
            if self.encoder_fault and not told:
                log.error("encoder_unusable", error=self.encoder_fault)
                told = True
            await self._clock.sleep(POLL_SECONDS)

    async def refresh(self) -> None:
        """Until the snapshot is what is stored. Raises: StorageError, EngineFailed."""
        while not await self._is_current():
            generation = await self._generation()
            entries, passages = await self._read()
            missing = await self._missing(entries, passages)
            if len(missing) > ENCODED_AT_ONCE:
                await self._take(generation, entries, passages)
            if await self._encode(missing, generation):
                await self._take(generation, entries, passages)
                self._is_whole = True

    async def encode_all(self, progress: Progress) -> int:
        """Make the vectors that are missing; how many that were. Raises: as `refresh`."""
        missing = await self._missing(*await self._read())
        if self._encoding is not None:
            await self._encoding.encode(missing, progress)
        return len(missing)

    async def count(self) -> tuple[int, int, int]:
        """Entries, passages, and texts that have no vector yet. Raises: StorageError."""
        entries, passages = await self._read()
        return len(entries), len(passages), len(await self._missing(entries, passages))

    async def _open_encoder(self) -> None:
        """Once, when there is something to encode. Without it words alone find entries; `inthread doctor` says so."""
        if self._open_embedder is None or self.is_empty:
            return
        opening, self._open_embedder = self._open_embedder, None
        try:
            self.embedder = await asyncio.to_thread(opening)
        except InferenceError as error:
            self.encoder_fault = str(error)
        if self.embedder is not None:
            self._encoding = Encoding(self.embedder, self._stores.vectors, self._background)

    def _check(self) -> None:
        if self._is_closing.is_set():
            raise _Unwanted

    async def _is_current(self) -> bool:
        if self._snapshot is None or not self._is_whole:
            return False
        return self._snapshot.generation == await self._generation()

    async def _generation(self) -> int:
        return await self._stores.entries.generation()

    async def _read(self) -> tuple[list[Entry], list[Passage]]:
        entries, passages = await self._stores.entries.published(), await self._stores.passages.all()
        self.is_empty = not entries and not passages
        await self._open_encoder()
        return entries, passages

    async def _missing(self, entries: Sequence[Entry], passages: Sequence[Passage]) -> Texts:
        return Texts() if self._encoding is None else await self._encoding.missing(_texts(entries, passages))

    async def _encode(self, missing: Texts, generation: int) -> bool:
        """False: something has changed before all was done. What was done is kept."""
        if self._encoding is None or not len(missing):
            return True
        log.info("encoding_texts", texts=len(missing))
        for some in missing.slices(SLICE):
            await self._encoding.encode(some)
            if await self._generation() != generation:
                return False
        return True

    async def _take(self, generation: int, entries: Sequence[Entry], passages: Sequence[Passage]) -> None:
        known = None if self._encoding is None else await self._encoding.known()
        began = self._clock.monotonic()
        self._snapshot = await asyncio.get_running_loop().run_in_executor(
            self._background, take_snapshot, generation, entries, passages, known, self._check
        )
        self._is_whole = False
        self._is_there.set()
        seconds = round(self._clock.monotonic() - began, 1)
        log.info("knowledge_ready", entries=len(entries), passages=len(passages), seconds=seconds)


def _texts(entries: Sequence[Entry], passages: Sequence[Passage]) -> Texts:
    """Everyday sentences first: every judgement needs them."""
    if not entries and not passages:
        return Texts()
    own = list(entry_texts(entries))
    questions = [*everyday_texts(), *(text for text in own if not text.is_answer)]
    answers = [*everyday_passages(), *(text for text in own if text.is_answer)]
    return Texts([text.text for text in questions], [*(text.text for text in answers), *map(passage_text, passages)])


def _step_back() -> None:
    """Whoever asks comes first: on Linux a thread, and those it starts, can be nicer than the others."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
