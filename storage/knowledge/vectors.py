"""Vectors of texts, kept so that no text is encoded twice. What is in them, the encoder alone knows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select

from storage.database import Database
from storage.dialect import insert
from storage.knowledge.tables import VectorRow
from storage.knowledge.words import text_hash

READ_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Vectors:
    """All vectors of an encoder and a kind: `data` is their float16 rows one after another, in the order of `hashes`.

    A text is found under `storage.knowledge.words.text_hash` of it.
    """

    hashes: Sequence[bytes]
    data: bytes


class VectorStore:
    """Keyed by text, encoder and kind. `encoder`: names the weights too, so that other weights are another encoder.

    `kind`: how the text was read: some encoders make another vector of a question than of a passage.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def missing(self, encoder: str, kind: str, texts: Iterable[str]) -> list[str]:
        """Those of the texts that have no vector yet, each once, in their order."""
        known = await self._database.read(lambda connection: _hashes(connection, encoder, kind))
        return [text for text in dict.fromkeys(texts) if text_hash(text) not in known]

    async def put(self, encoder: str, kind: str, vectors: Mapping[str, bytes]) -> None:
        """By text. A vector that is there already is replaced."""
        rows: list[dict[str, Any]] = [
            {"encoder": encoder, "kind": kind, "text_hash": text_hash(text), "vector": vector}
            for text, vector in vectors.items()
        ]
        if rows:
            await self._database.write(lambda connection: _put(connection, rows))

    async def load(self, encoder: str, kind: str) -> Vectors:
        return await self._database.read(lambda connection: _load(connection, encoder, kind))

    async def count(self, encoder: str, kind: str) -> int:
        query = select(func.count()).select_from(VectorRow).where(*_are(encoder, kind))
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def forget_others(self, encoder: str) -> int:
        """Delete what other encoders made; how many vectors that were."""
        statement = delete(VectorRow).where(VectorRow.encoder != encoder)
        return await self._database.write(lambda connection: connection.execute(statement).rowcount)


def _are(encoder: str, kind: str) -> tuple[ColumnElement[bool], ...]:
    return VectorRow.encoder == encoder, VectorRow.kind == kind


def _hashes(connection: Connection, encoder: str, kind: str) -> frozenset[bytes]:
    return frozenset(connection.execute(select(VectorRow.text_hash).where(*_are(encoder, kind))).scalars())


def _put(connection: Connection, rows: list[dict[str, Any]]) -> None:
    statement = insert(VectorRow)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[VectorRow.encoder, VectorRow.kind, VectorRow.text_hash],
            set_={"vector": statement.excluded.vector},
        ),
        rows,
    )


def _load(connection: Connection, encoder: str, kind: str) -> Vectors:
    query = select(VectorRow.text_hash, VectorRow.vector).where(*_are(encoder, kind))
    hashes, data = list[bytes](), bytearray()
    for row in connection.execute(query.execution_options(yield_per=READ_AT_ONCE)):  # all at once is a gigabyte
        hashes.append(row.text_hash)
        data += row.vector
    return Vectors(hashes, bytes(data))
