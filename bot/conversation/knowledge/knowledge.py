"""What the company knows about a question."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from bot.clock import Clock
from bot.conversation.characters import strip_invisible
from bot.conversation.knowledge.encoding import Progress
from bot.conversation.knowledge.findings import Findings, Inquiry, Route, ScoredEntry
from bot.conversation.knowledge.latest import KnowledgeStores, Latest, OpenEmbedder
from bot.conversation.knowledge.looking_up import is_for
from bot.conversation.knowledge.retrieval.reading import Floats, Reading, read
from bot.conversation.knowledge.snapshot import Asked, Snapshot
from inference.embedding.embedder import Embedder
from storage.knowledge.words import fold

LONGEST = 2_000  # characters of a question that are looked at
REMEMBERED = 1_024  # questions whose vectors are kept: the next one in a thread is read together with this one


class Knowledge:
    """Open it, keep `keep_fresh` running, ask, close it. Without an encoder: words alone, and never a direct answer."""

    def __init__(self, stores: KnowledgeStores, open_embedder: OpenEmbedder, clock: Clock) -> None:
        """`open_embedder`: called when there is something to encode; None from it: there is to be no encoder."""
        self._stores = stores
        self._latest = Latest(stores, open_embedder, clock)
        self._embed = lru_cache(REMEMBERED)(self._embed_question)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is loaded, neither entries nor documents."""
        return self._latest.is_empty

    @property
    def encoder(self) -> str:
        """What makes the vectors; empty without one."""
        return self._latest.embedder.id if self._latest.embedder is not None else ""

    @property
    def encoder_fault(self) -> str:
        """Why there is none, though there should be; empty otherwise."""
        return self._latest.encoder_fault

    @property
    def embedder(self) -> Embedder | None:
        """What makes the vectors, for whoever tries something out beside. None: there is none, or none yet."""
        return self._latest.embedder

    async def open(self) -> None:
        """Raises: StorageError."""
        await self._latest.open()

    async def close(self) -> None:
        await self._latest.close()

    async def keep_fresh(self) -> None:
        """Follow what is stored until cancelled."""
        await self._latest.keep_fresh()

    async def refresh(self) -> None:
        """Know what is stored now, all of it encoded. Raises: StorageError, EngineFailed."""
        await self._latest.refresh()

    async def encode_all(self, progress: Progress) -> int:
        """Make the vectors that are missing, for commands; how many. Raises: as `refresh`."""
        return await self._latest.encode_all(progress)

    async def count(self) -> tuple[int, int, int]:
        """Entries, passages, and texts that have no vector yet. Raises: StorageError."""
        return await self._latest.count()

    async def groups(self) -> frozenset[str]:
        """Ids of the user groups that something is kept for, to find out which of them somebody is in."""
        snapshot = None if self.is_empty else await self._latest.snapshot()
        return frozenset() if snapshot is None else snapshot.groups

    async def look_up(self, inquiry: Inquiry) -> Findings:
        """For people of the inquiry's audience: nobody else's entries are even compared.

        While a snapshot is made of newer entries the older one serves, but nothing that was taken back since.
        Raises: StorageError, EngineFailed.
        """
        snapshot = await self._latest.snapshot()
        if snapshot is None or self.is_empty:
            return Findings(route=Route.NONE)
        asked = await self._ask(inquiry.text, inquiry.audience)
        findings = await asyncio.to_thread(snapshot.find, asked)
        if inquiry.previous and findings.route is not Route.DIRECT:
            findings = await self._follow_up(snapshot, inquiry, asked, findings)
        return await self._as_of_now(findings, snapshot, inquiry.audience)

    async def nearness(self, texts: Sequence[str]) -> Floats | None:
        """(N, N): how near questions are in meaning, each to each. None without an encoder, or without entries.

        Raises: StorageError, EngineFailed.
        """
        snapshot = await self._latest.snapshot()
        if snapshot is None or self.is_empty:
            return None
        readings = [await self._read(text) for text in texts]
        return await asyncio.to_thread(snapshot.entries.nearness, readings)

    async def is_everyday(self, text: str) -> bool:
        """Whether it is small talk, or general knowledge, which no entry of any company answers."""
        snapshot = await self._latest.snapshot()
        if snapshot is None or self.is_empty:
            return False
        return await asyncio.to_thread(snapshot.entries.is_everyday, await self._read(text))

    async def _follow_up(self, snapshot: Snapshot, inquiry: Inquiry, asked: Asked, alone: Findings) -> Findings:
        """Look for it together with the question before. So much of guessing is suggested, never a direct answer."""
        if await asyncio.to_thread(snapshot.entries.is_everyday, asked.reading):
            return alone
        together = await self._ask(f"{inquiry.previous} {inquiry.text}", inquiry.audience)
        findings = await asyncio.to_thread(snapshot.find, together)
        if findings.score <= alone.score:
            return replace(alone, passages=findings.passages or alone.passages)
        return replace(findings, route=_at_most_suggested(findings.route))

    async def _ask(self, text: str, audience: frozenset[str]) -> Asked:
        reading, exactly = await asyncio.gather(self._read(text), self._stores.entries.asked_as(_looked_at(text)))
        return Asked(reading, audience, exactly)

    async def _read(self, text: str) -> Reading:
        text = _looked_at(text)
        return read(text, await asyncio.to_thread(self._embed, text))

    def _embed_question(self, text: str) -> Floats | None:
        embedder = self._latest.embedder
        return None if embedder is None else embedder.embed_queries([text])[0]

    async def _as_of_now(self, findings: Findings, snapshot: Snapshot, audience: frozenset[str]) -> Findings:
        if snapshot.generation == await self._stores.entries.generation():
            return findings
        found = [(one, await self._stores.entries.find(one.entry.entry_id)) for one in findings.entries]
        entries = tuple(ScoredEntry(now, one.score) for one, now in found if now is not None and is_for(now, audience))
        passages = tuple([p for p in findings.passages if await self._stores.passages.find(p.passage.passage_id)])
        is_same = entries[:1] == findings.entries[:1]
        route = findings.route if is_same else _at_most_suggested(findings.route)
        return Findings(route=route if entries else Route.NONE, entries=entries, passages=passages)


def _looked_at(text: str) -> str:
    return fold(strip_invisible(text)[:LONGEST])


def _at_most_suggested(route: Route) -> Route:
    return Route.SUGGEST if route is Route.DIRECT else route
