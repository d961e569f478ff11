"""What the log is searched by, following the log: never in the way of who writes to it.

An entry is found a moment after it was written. Of bodies that were erased nothing stays: `reindex` puts them in anew,
from what is left of them, in the transaction of whoever erases.
"""

import asyncio
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, func, select, text, update

from storage.audit.conversation_rows import AuditConversationRow, AuditIndexRow
from storage.audit.index_words import BlindWords, fact
from storage.audit.keys import BodyKeys
from storage.audit.pseudonyms import Pseudonym
from storage.database import Database
from storage.dialect import insert, merge_index
from storage.schema import AuditEntryRow

BATCH = 200  # entries; others write between two of them
ABOUT_AN_EXCHANGE = frozenset(
    "question question_edited question_deleted reply suggestion_chosen feedback people_asked people_not_reached".split()
)
FACTS = ("platform", "channel", "actor", "outcome", "basis", "model_id", "verdict")
_PUT = text("INSERT OR REPLACE INTO audit_words (rowid, words) VALUES (:number, :words)")
_FORGET = text("DELETE FROM audit_words WHERE rowid IN (SELECT number FROM audit_conversation WHERE number <= :seq)")
_SEALED = (AuditEntryRow.sealed.is_not(None)) | (AuditEntryRow.body.is_not(None))


@dataclass(frozen=True, slots=True)
class _Document:
    """A conversation's row, its words, and the entries whose bodies they are from."""

    row: Mapping[str, Any]
    words: str
    seqs: Collection[int]


class SearchIndex:
    """Owns `audit_conversation`, `audit_words` and `audit_index`. One of it at a time."""

    def __init__(self, database: Database, pseudonym: Pseudonym, keys: BodyKeys) -> None:
        self._database = database
        self._keys = keys
        self._words = BlindWords(pseudonym)
        self._turn = asyncio.Lock()

    async def catch_up(self) -> int:
        """Index what is new, until nothing is; how many entries that were."""
        total = 0
        async with self._turn:
            while (taken := await self._take_batch()) > 0:
                total += taken
        return total

    async def begin_anew(self) -> None:
        """Forget all of it; `catch_up` makes it again."""
        await self._database.write(_clear)

    def reindex(self, connection: Connection, seqs: Iterable[int]) -> None:
        """Put the conversations of these entries in as they are now, in the caller's transaction."""
        query, pending = select(AuditEntryRow.kind, AuditEntryRow.reply_id), list(seqs)
        for at in range(0, len(pending), BATCH):
            rows = connection.execute(query.where(AuditEntryRow.seq.in_(pending[at : at + BATCH]))).all()
            ids = dict.fromkeys(row.reply_id for row in rows if row.kind in ABOUT_AN_EXCHANGE and row.reply_id)
            for document in self._documents(connection, list(ids)):
                if _is_indexed(connection, document):
                    _write(connection, document)

    def forget_to(self, connection: Connection, seq: int) -> None:
        """Entries up to this one are gone as a whole: so are the conversations that began there."""
        connection.execute(_FORGET, {"seq": seq})
        connection.execute(delete(AuditConversationRow).where(AuditConversationRow.number <= seq))

    def leave_no_trace(self, connection: Connection) -> None:
        merge_index(connection, "audit_words")

    async def _take_batch(self) -> int:
        """Made ready in a reader's thread, so that a writer waits for the writing alone."""
        taken, last, documents = await self._database.read(self._read_batch)
        if not taken:
            return 0
        if not await self._database.write(partial(_write_batch, documents=documents, last=last)):
            return await self._take_batch()
        return taken

    def _read_batch(self, connection: Connection) -> tuple[int, int, Sequence[_Document]]:
        query = (
            select(AuditEntryRow.seq, AuditEntryRow.kind, AuditEntryRow.reply_id)
            .where(AuditEntryRow.seq > _done(connection))
            .order_by(AuditEntryRow.seq)
            .limit(BATCH)
        )
        rows = connection.execute(query).all()
        ids = dict.fromkeys(row.reply_id for row in rows if row.kind in ABOUT_AN_EXCHANGE and row.reply_id is not None)
        return len(rows), rows[-1].seq if rows else 0, self._documents(connection, list(ids))

    def _documents(self, connection: Connection, reply_ids: Sequence[str]) -> list[_Document]:
        query = (
            select(AuditEntryRow.seq, AuditEntryRow.kind, AuditEntryRow.reply_id, AuditEntryRow.header)
            .add_columns(AuditEntryRow.key_id, AuditEntryRow.sealed, AuditEntryRow.body)
            .where(AuditEntryRow.reply_id.in_(reply_ids))  # not by kind too: SQLite would walk the log by that index
            .order_by(AuditEntryRow.seq)
        )
        by_reply: dict[str, list[Any]] = {}
        for row in connection.execute(query) if reply_ids else ():
            if row.kind in ABOUT_AN_EXCHANGE:
                by_reply.setdefault(row.reply_id, []).append(row)
        documents = (self._document(rows) for rows in by_reply.values())
        return [document for document in documents if document is not None]

    def _document(self, rows: Sequence[Any]) -> _Document | None:
        """None: a header was changed so that it says nothing any more. `verify` names it; a search cannot find it."""
        try:
            facts = conversation_of([json.loads(row.header) for row in rows])
        except (ValueError, KeyError, TypeError):
            return None
        bodies = {row.seq: body for row in rows if (body := self._body(row)) is not None}
        texts = [value for body in bodies.values() for value in body.values() if isinstance(value, str)]
        found = [fact(name, str(facts[name])) for name in FACTS if facts[name] is not None]
        return _Document(facts, " ".join([*found, *self._words.of_texts(texts)]), tuple(bodies))

    def _body(self, row: Any) -> dict[str, Any] | None:
        return open_body(self._keys, row.key_id, row.sealed, row.body)


def open_body(keys: BodyKeys, key_id: bytes | None, sealed: bytes | None, body: str | None) -> dict[str, Any] | None:
    """What the entry says, if it says anything, and nobody has erased it."""
    if key_id is not None and sealed is not None:
        opened = keys.open(key_id, sealed)
        body = None if opened is None else opened[1].decode(errors="replace")
    try:
        said = None if body is None else json.loads(body)
    except ValueError:  # it was changed: the chain says so
        return None
    return said if isinstance(said, dict) else None


def conversation_of(headers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The row of a conversation, from the headers of its entries in order: the newest word about each thing counts."""
    first = headers[0]
    facts: dict[str, Any] = {"number": first["seq"], "asked_at": datetime.fromisoformat(first["time"])}
    facts |= {
        name: first.get(name) for name in ("reply_id", "platform", "tenant", "channel", "thread", "exchange", "actor")
    }
    facts |= dict.fromkeys(("state", "outcome", "basis", "model_id", "verdict"))
    for header in headers:
        if header["kind"] == "reply":
            facts |= {name: header.get(name) for name in ("state", "outcome", "basis", "model_id")}
        elif header["kind"] == "feedback":
            facts["verdict"] = header.get("verdict")
    return facts


def _write_batch(connection: Connection, documents: Sequence[_Document], last: int) -> bool:
    """False: bodies were erased since they were read; nothing is written then."""
    seqs = [seq for document in documents for seq in document.seqs]
    there = select(func.count()).select_from(AuditEntryRow).where(AuditEntryRow.seq.in_(seqs), _SEALED)
    if connection.execute(there).scalar_one() != len(seqs):
        return False
    for document in documents:
        _write(connection, document)
    done = insert(AuditIndexRow).values(only=1, done_seq=last)
    connection.execute(done.on_conflict_do_update(index_elements=["only"], set_={"done_seq": last}))
    return True


def _write(connection: Connection, document: _Document) -> None:
    row = dict(document.row)
    values = {name: value for name, value in row.items() if name not in ("number", "reply_id")}
    put = insert(AuditConversationRow).values(**row)
    connection.execute(put.on_conflict_do_update(index_elements=["number"], set_=values))
    connection.execute(_PUT, {"number": row["number"], "words": document.words})


def _is_indexed(connection: Connection, document: _Document) -> bool:
    return bool(connection.execute(select(1).where(AuditConversationRow.number == document.row["number"])).scalar())


def _done(connection: Connection) -> int:
    return connection.execute(select(AuditIndexRow.done_seq)).scalar() or 0


def _clear(connection: Connection) -> None:
    connection.execute(text("INSERT INTO audit_words (audit_words) VALUES ('delete-all')"))
    connection.execute(delete(AuditConversationRow))
    connection.execute(update(AuditIndexRow).values(done_seq=0))
