"""The tables of what the company knows: entries with their revisions, handbooks in passages, vectors.

The full-text indexes stand beside them and are no models: see `storage.knowledge.fulltext`.
"""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.schema import Base


class KnowledgeRow(Base):
    """One row: how often anything that questions are answered from has changed."""

    __tablename__ = "knowledge"

    knowledge_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    generation: Mapped[int]


class EntryRow(Base):
    """An entry, and which of its revisions holds. `number` is its row in the full-text index."""

    __tablename__ = "entry"

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    entry_id: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(index=True)
    revision: Mapped[int]


class EntryRevisionRow(Base):
    """What an entry said from `revised_at` on. Written once, never changed, never deleted."""

    __tablename__ = "entry_revision"

    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.entry_id"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    lang: Mapped[str]
    question: Mapped[str] = mapped_column(Text)
    variants: Mapped[list[str]] = mapped_column(JSON)
    answer: Mapped[str] = mapped_column(Text)
    owner: Mapped[str]
    audience: Mapped[list[str]] = mapped_column(JSON)
    source_url: Mapped[str]
    verified_at: Mapped[date | None]
    review_by: Mapped[date | None]
    author: Mapped[str]
    revised_at: Mapped[datetime]


class PhrasingRow(Base):
    """A way in which a published entry is asked; position 0 is its question. Follows from the revision that holds.

    `text_hash`: of the folded text (`storage.knowledge.words.fold`), so that the same words are found at once.
    """

    __tablename__ = "phrasing"

    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.entry_id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    text_hash: Mapped[bytes] = mapped_column(index=True)


class DocumentRow(Base):
    """A file of a handbook. `collection`: the folder that it was imported with."""

    __tablename__ = "document"

    name: Mapped[str] = mapped_column(primary_key=True)
    collection: Mapped[str] = mapped_column(index=True)
    content_sha256: Mapped[bytes]
    audience: Mapped[list[str]] = mapped_column(JSON)
    source_url: Mapped[str]
    author: Mapped[str]
    imported_at: Mapped[datetime]


class PassageRow(Base):
    """A piece of a document, in its order. `number` is its row in the full-text index."""

    __tablename__ = "passage"

    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    passage_id: Mapped[str] = mapped_column(unique=True)
    document: Mapped[str] = mapped_column(ForeignKey("document.name"), index=True)
    position: Mapped[int]
    heading_path: Mapped[list[str]] = mapped_column(JSON)
    text: Mapped[str] = mapped_column(Text)
    lang: Mapped[str]


class VectorRow(Base):
    """What an encoder makes of a text: float16, little-endian. `kind`: how it read it, as a question or a passage."""

    __tablename__ = "vector"

    encoder: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    text_hash: Mapped[bytes] = mapped_column(primary_key=True)
    vector: Mapped[bytes]
