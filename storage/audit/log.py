"""Writing to the audit log, for stores inside their own transactions: an entry stands if and only if its cause does."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.audit.canonical import Scalar, canonical, utc_text
from storage.audit.chain import FIRST_PREV, SALT_BYTES, digest_body, link
from storage.audit.keys import BodyKeys
from storage.schema import AuditEntryRow

RESERVED = frozenset({"seq", "time", "kind"})
# What these say is the company's, and stays when whoever did it is erased; all else is the actor's.
_COMPANYS = ("entry_", "document_", "model_", "erasure", "retention", "hold_", "settings_")
# Whoever types a name that is refused may be anybody. A key for each would be a file that guessers fill, and making one
# takes a moment that tells which names were never here.
_STRANGERS, _STRANGER = frozenset({"sign_in_refused"}), "a stranger"
_MONTH = len("2026-03")
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


def append(connection: Connection, keys: BodyKeys, entry: AuditEntry) -> int:
    """Add the entry at the end of the chain; its seq. In the caller's write transaction, and undone with it.

    Writers take SQLite's lock when they begin, so nobody can come between reading the end and writing after it.
    """
    return append_all(connection, keys, [seal(entry)])


def append_all(connection: Connection, keys: BodyKeys, entries: Iterable[SealedEntry]) -> int:
    """Add the entries in their order, as `append`; the last one's seq."""
    seq, prev = _end(connection)
    encrypting = _Encrypting(connection, keys)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        seq += 1
        rows.append(_row(entry, seq, prev) | encrypting.columns(entry))
        prev = rows[-1]["hash"]
    if rows:
        connection.execute(_ADD, rows)
    return seq


def person_of(kind: str, actor: object) -> str:
    """Under whose key the body of such an entry is: a pseudonym, "" for the company, or that of all strangers."""
    if kind in _STRANGERS:
        return _STRANGER
    return "" if kind.startswith(_COMPANYS) or not isinstance(actor, str) else actor


class _Encrypting:
    """Bodies of one transaction: each key is asked for once."""

    def __init__(self, connection: Connection, keys: BodyKeys) -> None:
        self._connection = connection
        self._keys = keys
        self._current: dict[tuple[str, str], bytes] = {}

    def columns(self, sealed: SealedEntry) -> dict[str, bytes | None]:
        if sealed.salt is None or sealed.body is None:
            return {"key_id": None, "sealed": None}
        entry = sealed.entry
        whose = person_of(entry.kind, entry.fields.get("actor")), utc_text(entry.at)[:_MONTH]
        if (key_id := self._current.get(whose)) is None:
            key_id = self._current[whose] = self._keys.current(self._connection, *whose, entry.at)
        return {"key_id": key_id, "sealed": self._keys.seal(key_id, sealed.salt, sealed.body)}


def _row(sealed: SealedEntry, seq: int, prev: bytes) -> dict[str, Any]:
    entry = sealed.entry
    header = canonical({**entry.fields, "seq": seq, "time": utc_text(entry.at), "kind": entry.kind})
    return {
        "seq": seq,
        "header": header.decode(),
        "body_digest": sealed.body_digest,
        "prev": prev,
        "hash": link(prev, header, sealed.body_digest),
    }


def _end(connection: Connection) -> tuple[int, bytes]:
    """The last entry's seq, and its hash, which the next one follows."""
    last = connection.execute(_LAST).first()
    return (0, FIRST_PREV) if last is None else (last.seq, last.hash)
