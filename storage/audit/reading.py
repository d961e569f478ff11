"""The log for those who may read it: conversations that are looked for, whole threads, and how sound it is.

Only reads. Who looks, and why, whoever calls this puts on record.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Select, case, func, select, text, tuple_

from storage.audit.conversation_rows import AuditConversationRow, AuditIndexRow
from storage.audit.conversations import Conversation, Filters, Found, LogFigures, LoggedEntry
from storage.audit.index_words import BlindWords, fact
from storage.audit.keys import BodyKeys
from storage.audit.pseudonyms import Pseudonym
from storage.audit.removals import REMOVALS
from storage.audit.search_index import ABOUT_AN_EXCHANGE, open_body
from storage.database import Database
from storage.schema import AuditCheckpointRow, AuditEntryRow, InboxRow, ReplyRow

_MATCH = "SELECT rowid FROM audit_words WHERE audit_words MATCH :words AND rowid < :before AND rowid >= :since"
_FOUND = text(f"{_MATCH} ORDER BY rowid DESC LIMIT :limit")
_NUMBERS = text(
    "SELECT number FROM audit_conversation WHERE number < :before AND number >= :since "
    "ORDER BY number DESC LIMIT :limit"
)
_TIME = case((func.json_valid(AuditEntryRow.header) == 1, func.json_extract(AuditEntryRow.header, "$.time")))
_SAYING = frozenset({"question", "question_edited", "reply"})
_BEYOND = 2**62
MOST_COUNTED = 10_000


class AuditReader:
    def __init__(self, database: Database, pseudonym: Pseudonym, keys: BodyKeys) -> None:
        self._database = database
        self._pseudonym = pseudonym
        self._keys = keys
        self._words = BlindWords(pseudonym)

    async def search(self, filters: Filters, before: int | None, limit: int) -> Found:
        """The newest first; `before`: the number of the last one of the page before."""

        def work(connection: Connection) -> Found:
            numbers = self._numbers(connection, filters, before, limit + 1)
            return Found(self._conversations(connection, numbers[:limit]), len(numbers) > limit)

        return await self._database.read(work)

    async def count(self, filters: Filters, most: int = MOST_COUNTED) -> int:
        """How many there are, counted up to `most`."""
        return await self._database.read(lambda connection: len(self._numbers(connection, filters, None, most)))

    async def find(self, number: int) -> Conversation | None:
        found = await self._database.read(lambda connection: self._conversations(connection, [number]))
        return found[0] if found else None

    async def thread(self, conversation: Conversation) -> Sequence[LoggedEntry]:
        """Every entry about the thread that it is part of, oldest first."""
        place = (conversation.platform, conversation.tenant, conversation.channel, conversation.thread)
        return await self._database.read(partial(self._thread, place=place))

    async def entries_of(self, kinds: Collection[str], before: int | None, limit: int) -> Sequence[LoggedEntry]:
        """Entries of these kinds, newest first."""
        query = (
            _entry_query()
            .where(AuditEntryRow.kind.in_(kinds), AuditEntryRow.seq < (before or _BEYOND))
            .order_by(AuditEntryRow.seq.desc())
            .limit(limit)
        )
        return await self._database.read(lambda connection: [self._entry(row) for row in connection.execute(query)])

    async def last_removal(self) -> int:
        """The last entry that says that texts are gone; 0, there is none."""
        query = select(func.coalesce(func.max(AuditEntryRow.seq), 0)).where(AuditEntryRow.kind.in_(REMOVALS))
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def pseudonyms_of(self, person: str) -> frozenset[str]:
        """What the log may call somebody: by a pseudonym, `platform:tenant:id`, or an id of any place that is known."""
        parts = person.split(":", 2)
        if len(parts) == 3:
            return frozenset({self._pseudonym(*parts)})
        places = await self.places()
        return frozenset({person, *(self._pseudonym(platform, tenant, person) for platform, tenant in places)})

    async def places(self) -> Sequence[tuple[str, str]]:
        """(platform, tenant) of all there are."""
        return await self._database.read(lambda connection: list(_places(connection)))

    async def figures(self) -> LogFigures:
        return await self._database.read(_figures)

    def _numbers(self, connection: Connection, filters: Filters, before: int | None, limit: int) -> Sequence[int]:
        span = {
            "before": min(before or _BEYOND, _number_at(connection, filters.until, _BEYOND)),
            "since": _number_at(connection, filters.since, 0),
            "limit": limit,
        }
        words = self._sought(filters)
        if words is None:
            return []
        if not words:
            return list(connection.execute(_NUMBERS, span).scalars())
        return list(connection.execute(_FOUND, {**span, "words": " AND ".join(words)}).scalars())

    def _sought(self, filters: Filters) -> list[str] | None:
        """What the index has to have, each a term. None: nothing can be it."""
        facts = ("channel", "platform", "outcome", "basis", "verdict", "model_id")
        terms = [fact(name, value) for name in facts if (value := getattr(filters, name))]
        if filters.actors is not None:
            if not filters.actors:
                return None
            terms.append(f"({' OR '.join(fact('actor', actor) for actor in sorted(filters.actors))})")
        words = self._words.of_query(filters.text)
        if filters.text and not words:
            return None
        return [*terms, *words]

    def _conversations(self, connection: Connection, numbers: Sequence[int]) -> list[Conversation]:
        row = AuditConversationRow
        query = (
            select(row, InboxRow.user)
            .outerjoin(ReplyRow, ReplyRow.reply_id == row.reply_id)
            .outerjoin(InboxRow, InboxRow.message_key == ReplyRow.message_key)
            .where(row.number.in_(numbers))
            .order_by(row.number.desc())
        )
        rows = connection.execute(query).all()
        said = self._said(connection, [one.reply_id for one in rows])
        return [_conversation(one, said.get(one.reply_id, [])) for one in rows]

    def _said(self, connection: Connection, reply_ids: Sequence[str]) -> dict[str, list[LoggedEntry]]:
        found: dict[str, list[LoggedEntry]] = {}
        for row in connection.execute(_about(AuditEntryRow.reply_id.in_(reply_ids))) if reply_ids else ():
            if row.kind in _SAYING:
                found.setdefault(row.reply_id, []).append(self._entry(row))
        return found

    def _thread(self, connection: Connection, place: tuple[str, str, str, str]) -> Sequence[LoggedEntry]:
        row = AuditConversationRow
        ids = select(row.reply_id).where(tuple_(row.platform, row.tenant, row.channel, row.thread) == place)
        rows = connection.execute(_about(AuditEntryRow.reply_id.in_(ids)))
        return [self._entry(one) for one in rows if one.kind in ABOUT_AN_EXCHANGE]

    def _entry(self, row: Any) -> LoggedEntry:
        body = open_body(self._keys, row.key_id, row.sealed, row.body)
        is_erased = body is None and row.body_digest is not None
        header = json.loads(row.header)  # the columns that it was found by follow from it: it is JSON still
        return LoggedEntry(row.seq, row.kind, _moment(header.get("time")), header, body, is_erased)


def _about(replies: Any) -> Select[Any]:
    """Entries about these replies, of all kinds: asked for kinds too, SQLite takes that index, and walks the log."""
    return _entry_query().where(replies).order_by(AuditEntryRow.seq)


def _entry_query() -> Select[Any]:
    columns = ("seq", "kind", "reply_id", "header", "body_digest", "key_id", "sealed", "body")
    return select(*(getattr(AuditEntryRow, name) for name in columns))


def _conversation(row: Any, entries: Sequence[LoggedEntry]) -> Conversation:
    asked = [entry for entry in entries if entry.kind != "reply"]
    replied = [entry for entry in entries if entry.kind == "reply"]
    facts = {name: getattr(row, name) for name in AuditConversationRow.__table__.columns.keys()}  # noqa: SIM118 - no dict
    return Conversation(
        **facts,
        user=row.user,
        question=_text_of(asked),
        answer=_text_of(replied),
        is_erased=any(entry.is_erased for entry in entries),
    )


def _text_of(entries: Sequence[LoggedEntry]) -> str | None:
    """Of the newest that says something."""
    for entry in reversed(entries):
        if entry.body is not None:
            return str(entry.body.get("text", ""))
    return None


def _number_at(connection: Connection, moment: datetime | None, otherwise: int) -> int:
    """The first conversation that was begun at this moment or later."""
    if moment is None:
        return otherwise
    row = AuditConversationRow
    query = select(row.number).where(row.asked_at >= moment).order_by(row.asked_at, row.number).limit(1)
    found = connection.execute(query).scalar()
    return _BEYOND if found is None else found


def _places(connection: Connection) -> Iterator[tuple[str, str]]:
    """From one to the next by the index: as many steps as there are places, however long the log is."""
    row = AuditConversationRow
    query = select(row.platform, row.tenant).order_by(row.platform, row.tenant).limit(1)
    found = connection.execute(query).first()
    while found is not None:
        yield found.platform, found.tenant
        found = connection.execute(query.where(tuple_(row.platform, row.tenant) > tuple(found))).first()


def _figures(connection: Connection) -> LogFigures:
    last = connection.execute(
        select(AuditEntryRow.seq, _TIME.label("time")).order_by(AuditEntryRow.seq.desc()).limit(1)
    ).first()
    signed = connection.execute(
        select(AuditCheckpointRow.size, AuditCheckpointRow.time, AuditCheckpointRow.signature)
        .order_by(AuditCheckpointRow.size.desc())
        .limit(1)
    ).first()
    return LogFigures(
        entries=0 if last is None else last.seq,
        indexed=connection.execute(select(func.max(AuditIndexRow.done_seq))).scalar() or 0,
        last_entry_at=None if last is None else _moment(last.time),
        last_checkpoint_at=None if signed is None else _moment(signed.time),
        last_checkpoint_size=0 if signed is None else signed.size,
    )


def _moment(written: object) -> datetime:
    """What was changed need not be a time any more: the chain says so, and the page is shown all the same."""
    try:
        return datetime.fromisoformat(str(written))
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
