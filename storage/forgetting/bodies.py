"""Bodies of the log that go: what was said is deleted, and the entry that says so names each. Inside transactions."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import Connection, Select, case, func, select, update

from storage.audit.log import person_of
from storage.knowledge.entry_rows import chunks
from storage.schema import AuditEntryRow

HAS_BODY = AuditEntryRow.sealed.is_not(None) | AuditEntryRow.body.is_not(None)


class SearchedBy(Protocol):
    """What the log is searched by, and has to forget in the same transaction."""

    def reindex(self, connection: Connection, seqs: Sequence[int]) -> None:
        """The bodies of these entries are gone."""

    def forget_to(self, connection: Connection, seq: int) -> None:
        """All entries up to this one are gone."""

    def leave_no_trace(self, connection: Connection) -> None:
        """Of what was forgotten, nothing is to be left in the index. Takes a second for a million entries."""


class _NotSearched:
    def reindex(self, connection: Connection, seqs: Sequence[int]) -> None:
        """There is no index."""

    def forget_to(self, connection: Connection, seq: int) -> None:
        """There is no index."""

    def leave_no_trace(self, connection: Connection) -> None:
        """There is no index."""


NOT_SEARCHED = _NotSearched()


def said_by(connection: Connection, actors: Iterable[str]) -> set[int]:
    """The entries whose bodies are these people's."""
    seqs: set[int] = set()
    for some in chunks(actors):
        query = select(AuditEntryRow.seq, AuditEntryRow.kind, AuditEntryRow.actor)
        rows = connection.execute(query.where(AuditEntryRow.actor.in_(some), HAS_BODY))
        seqs |= {row.seq for row in rows if person_of(str(row.kind), row.actor)}
    return seqs


def about_replies(connection: Connection, reply_ids: Iterable[str]) -> set[int]:
    return {
        seq
        for some in chunks(reply_ids)
        for seq in connection.execute(_with_body().where(AuditEntryRow.reply_id.in_(some))).scalars()
    }


def about(connection: Connection, kinds: Sequence[str], name: str, values: Iterable[str]) -> set[int]:
    """Those of these kinds in whose header `name` is one of the values."""
    header = AuditEntryRow.header  # one that was changed may be no JSON any more
    member = case((func.json_valid(header) == 1, func.json_extract(header, f"$.{name}")))
    return {
        seq
        for some in chunks(values)
        for seq in connection.execute(_with_body().where(AuditEntryRow.kind.in_(kinds), member.in_(some))).scalars()
    }


def remove(connection: Connection, seqs: Sequence[int], searched_by: SearchedBy) -> None:
    for some in chunks(seqs):
        gone = {"sealed": None, "key_id": None, "salt": None, "body": None}
        connection.execute(update(AuditEntryRow).where(AuditEntryRow.seq.in_(some)).values(**gone))
    searched_by.reindex(connection, seqs)


def _with_body() -> Select[int]:
    return select(AuditEntryRow.seq).where(HAS_BODY)
