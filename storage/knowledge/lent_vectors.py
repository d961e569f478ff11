"""Vectors of one database beside those of another, which is only read: for trying something out."""

from collections.abc import Iterable

from storage.database import Database
from storage.knowledge.vectors import Vectors, VectorStore


class LentVectors(VectorStore):
    """What the lender has counts as known; what is new is kept in the database of our own."""

    def __init__(self, own: Database, lender: VectorStore) -> None:
        super().__init__(own)
        self._lender = lender

    async def missing(self, encoder: str, kind: str, texts: Iterable[str]) -> list[str]:
        return await super().missing(encoder, kind, await self._lender.missing(encoder, kind, texts))

    async def load(self, encoder: str, kind: str) -> Vectors:
        """The lender's first."""
        lent, own = await self._lender.load(encoder, kind), await super().load(encoder, kind)
        return Vectors([*lent.hashes, *own.hashes], lent.data + own.data)

    async def count(self, encoder: str, kind: str) -> int:
        return await self._lender.count(encoder, kind) + await super().count(encoder, kind)
