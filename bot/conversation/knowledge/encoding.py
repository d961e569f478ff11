"""Texts that are to be found get their vectors: each once, kept in the database, so that a stop loses nothing."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from bot.conversation.knowledge.retrieval.reading import Floats
from bot.conversation.knowledge.vectors import KnownVectors, dimensions, stored_form
from inference.embedding.embedder import MOST_CHARACTERS, Embedder
from storage.knowledge.vectors import VectorStore

# Of a batch, part of a second: whoever asks meanwhile, or stops the service, waits no longer.
BATCH, BATCH_CHARACTERS = 32, 1_000
QUESTION, PASSAGE = "question", "passage"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Texts:
    """What is to be encoded, folded, by how it is read."""

    questions: Sequence[str] = ()
    passages: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.questions) + len(self.passages)

    def slices(self, size: int) -> Iterator["Texts"]:
        """So many at a time, the questions first."""
        for at in range(0, len(self.questions), size):
            yield Texts(questions=self.questions[at : at + size])
        for at in range(0, len(self.passages), size):
            yield Texts(passages=self.passages[at : at + size])


class Encoding:
    def __init__(self, embedder: Embedder, store: VectorStore, executor: Executor) -> None:
        """`executor`: where the encoder works when nobody waits for it."""
        self._embedder = embedder
        self._store = store
        self._executor = executor

    async def missing(self, texts: Texts) -> Texts:
        """Those that have no vector yet."""
        encoder = self._embedder.id
        return Texts(
            await self._store.missing(encoder, QUESTION, texts.questions),
            await self._store.missing(encoder, PASSAGE, texts.passages),
        )

    async def encode(self, texts: Texts, progress: Progress = lambda done, total: None) -> None:
        """`progress`: told after each batch how many are done, of how many. Raises: EngineFailed."""
        done = 0
        for kind, some, embed in (
            (QUESTION, texts.questions, self._embedder.embed_queries),
            (PASSAGE, texts.passages, self._embedder.embed_passages),
        ):
            for batch in _batches(some):
                await self._encode(kind, batch, embed)
                done += len(batch)
                progress(done, len(texts))

    async def known(self) -> tuple[KnownVectors, KnownVectors] | None:
        """All vectors of this encoder, of questions and of passages; None while there are none."""
        encoder = self._embedder.id
        stored = [await self._store.load(encoder, kind) for kind in (QUESTION, PASSAGE)]
        size = max(dimensions(some) for some in stored)
        return (KnownVectors.of(stored[0], size), KnownVectors.of(stored[1], size)) if size else None

    async def _encode(self, kind: str, batch: Sequence[str], embed: Callable[[Sequence[str]], Floats]) -> None:
        vectors = await asyncio.get_running_loop().run_in_executor(self._executor, embed, batch)
        await self._store.put(
            self._embedder.id, kind, {text: stored_form(vector) for text, vector in zip(batch, vectors, strict=True)}
        )


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """In their order; a text of many characters alone."""
    batch: list[str] = []
    characters = 0
    for text in texts:
        characters += len(text[:MOST_CHARACTERS])
        if batch and (len(batch) == BATCH or characters > BATCH_CHARACTERS):
            yield batch
            batch, characters = [], len(text[:MOST_CHARACTERS])
        batch.append(text)
    if batch:
        yield batch
