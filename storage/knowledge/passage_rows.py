"""Documents and their passages in the tables: read as records, and written so that what did not change stays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, select, update

from storage.dialect import insert
from storage.knowledge import fulltext
from storage.knowledge.entry_rows import chunks
from storage.knowledge.fulltext import PASSAGES, make_indexable
from storage.knowledge.records import Author, GivenDocument, Passage
from storage.knowledge.tables import DocumentRow, PassageRow


@dataclass(frozen=True, slots=True)
class Stored:
    """What is compared with a file to see whether it has changed. `passage_ids`: in the document's order."""

    content_sha256: bytes
    audience: tuple[str, ...]
    source_url: str
    passage_ids: tuple[str, ...]

    def is_same(self, document: GivenDocument) -> bool:
        """The passages too: a newer version may split the same text otherwise."""
        return self == Stored(
            content_hash(document),
            document.audience,
            document.source_url,
            tuple(passage.passage_id for passage in document.passages),
        )


def content_hash(document: GivenDocument) -> bytes:
    return sha256(document.text.encode()).digest()


def passage_query() -> Select[Any]:
    return select(*PassageRow.__table__.columns, DocumentRow.audience, DocumentRow.source_url).join(
        DocumentRow, DocumentRow.name == PassageRow.document
    )


def record(row: Row[Any]) -> Passage:
    return Passage(
        passage_id=row.passage_id,
        document=row.document,
        heading_path=tuple(row.heading_path),
        text=row.text,
        lang=row.lang,
        audience=tuple(row.audience),
        source_url=row.source_url,
    )


def stored_documents(connection: Connection, collection: str) -> dict[str, Stored]:
    """The collection's documents, by name."""
    ids: dict[str, list[str]] = {}
    passages = (
        select(PassageRow.document, PassageRow.passage_id)
        .join(DocumentRow, DocumentRow.name == PassageRow.document)
        .where(DocumentRow.collection == collection)
        .order_by(PassageRow.document, PassageRow.position)
    )
    for row in connection.execute(passages):
        ids.setdefault(row.document, []).append(row.passage_id)
    documents = connection.execute(select(DocumentRow.__table__).where(DocumentRow.collection == collection))
    return {
        row.name: Stored(row.content_sha256, tuple(row.audience), row.source_url, tuple(ids.get(row.name, ())))
        for row in documents
    }


def write(connection: Connection, collection: str, document: GivenDocument, author: Author, now: datetime) -> None:
    """The document as it is from now on. A passage with the same id keeps its row."""
    values = {
        "collection": collection,
        "content_sha256": content_hash(document),
        "audience": document.audience,
        "source_url": document.source_url,
        "author": str(author),
        "imported_at": now,
    }
    statement = insert(DocumentRow).values(name=document.name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[DocumentRow.name], set_=values))
    _write_passages(connection, document)


def _write_passages(connection: Connection, document: GivenDocument) -> None:
    before = _numbers(connection, [document.name])
    now = {passage.passage_id for passage in document.passages}
    _remove_passages(connection, [number for passage_id, number in before.items() if passage_id not in now])
    rows = [_values(passage, position) for position, passage in enumerate(document.passages)]
    if kept := [{"of": row["passage_id"], "at": row["position"]} for row in rows if row["passage_id"] in before]:
        moved = update(PassageRow.__table__).values(position=bindparam("at"))  # type: ignore[arg-type]
        connection.execute(moved.where(PassageRow.passage_id == bindparam("of")), kept)
    if new := [row for row in rows if row["passage_id"] not in before]:
        connection.execute(insert(PassageRow), new)
    _index(connection, document)


def _index(connection: Connection, document: GivenDocument) -> None:
    numbers = _numbers(connection, [document.name])
    rows = {
        numbers[one.passage_id]: make_indexable("\n".join(one.heading_path), one.text, document.audience)
        for one in document.passages
    }
    fulltext.put(connection, PASSAGES, rows)


def remove(connection: Connection, names: Sequence[str]) -> None:
    _remove_passages(connection, list(_numbers(connection, names).values()))
    for some in chunks(names):
        connection.execute(delete(DocumentRow).where(DocumentRow.name.in_(some)))


def _remove_passages(connection: Connection, numbers: Sequence[int]) -> None:
    fulltext.remove(connection, PASSAGES, numbers)
    for some in chunks(numbers):
        connection.execute(delete(PassageRow).where(PassageRow.number.in_(some)))


def _numbers(connection: Connection, documents: Iterable[str]) -> dict[str, int]:
    """The rows of the documents' passages, by passage id."""
    query = select(PassageRow.passage_id, PassageRow.number)
    return {
        row.passage_id: row.number
        for some in chunks(documents)
        for row in connection.execute(query.where(PassageRow.document.in_(some)))
    }


def _values(passage: Passage, position: int) -> dict[str, Any]:
    return {
        "passage_id": passage.passage_id,
        "document": passage.document,
        "position": position,
        "heading_path": passage.heading_path,
        "text": passage.text,
        "lang": passage.lang,
    }
