"""Writing to the audit log, for stores inside their own transactions: an entry stands if and only if its cause does."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.audit.canonical import Scalar, canonical, utc_text
from storage.audit.chain import FIRST_PREV, SALT_BYTES, digest_body, link
from storage.schema import AuditEntryRow

RESERVED = frozenset({"seq", "time", "kind"})
# Made once: every question waits for them, and making them takes as long as running them.
_LAST = select(AuditEntryRow.seq, AuditEntryRow.hash).order_by(AuditEntryRow.seq.desc()).limit(1)
_ADD = insert(AuditEntryRow)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What happened. `fields` stand in the header, which outlives the body: nothing that a person or the model wrote.

    `body` is the text, or None when there is none.
    """

    kind: str
    at: datetime
    fields: Mapping[str, Scalar]
    body: Mapping[str, Scalar] | None = field(default=None, repr=False)  # people's words, and records are logged

    def __post_init__(self) -> None:
        assert RESERVED.isdisjoint(self.fields), "the log itself says these"


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry with its body bound and salted: what can be done before the end of the chain is known."""

    entry: AuditEntry
    salt: bytes | None
    body: bytes | None = field(repr=False)
    body_digest: bytes | None


def seal(entry: AuditEntry, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> SealedEntry:
    if entry.body is None:
        return SealedEntry(entry, None, None, None)
    salt, body = random_bytes(SALT_BYTES), canonical(entry.body)
    return SealedEntry(entry, salt, body, digest_body(salt, body))


def append(
    connection: Connection, entry: AuditEntry, random_bytes: Callable[[int], bytes] = secrets.token_bytes
) -> int:
    """Add the entry at the end of the chain; its seq. In the caller's write transaction, and undone with it.

    Writers take SQLite's lock when they begin, so nobody can come between reading the end and writing after it.
    """
    return append_all(connection, [seal(entry, random_bytes)])


def append_all(connection: Connection, entries: Iterable[SealedEntry]) -> int:
    """Add the entries in their order, as `append`; the last one's seq."""
    seq, prev = _end(connection)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        seq += 1
        rows.append(_row(entry, seq, prev))
        prev = rows[-1]["hash"]
    if rows:
        connection.execute(_ADD, rows)
    return seq


def _row(sealed: SealedEntry, seq: int, prev: bytes) -> dict[str, Any]:
    entry = sealed.entry
    header = canonical({**entry.fields, "seq": seq, "time": utc_text(entry.at), "kind": entry.kind})
    return {
        "seq": seq,
        "header": header.decode(),
        "body_digest": sealed.body_digest,
        "prev": prev,
        "hash": link(prev, header, sealed.body_digest),
        "salt": sealed.salt,
        "body": None if sealed.body is None else sealed.body.decode(),
    }


def _end(connection: Connection) -> tuple[int, bytes]:
    """The last entry's seq, and its hash, which the next one follows."""
    last = connection.execute(_LAST).first()
    return (0, FIRST_PREV) if last is None else (last.seq, last.hash)
