"""Writing to the audit log, for stores inside their own transactions: an entry stands if and only if its cause does."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

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


def append(
    connection: Connection, entry: AuditEntry, random_bytes: Callable[[int], bytes] = secrets.token_bytes
) -> int:
    """Add the entry at the end of the chain; its seq. In the caller's write transaction, and undone with it.

    Writers take SQLite's lock when they begin, so nobody can come between reading the end and writing after it.
    """
    seq, prev = _end(connection)
    header = canonical({**entry.fields, "seq": seq, "time": utc_text(entry.at), "kind": entry.kind})
    salt = body = body_digest = None
    if entry.body is not None:
        salt, body = random_bytes(SALT_BYTES), canonical(entry.body)
        body_digest = digest_body(salt, body)
    connection.execute(
        _ADD,
        {
            "seq": seq,
            "header": header.decode(),
            "body_digest": body_digest,
            "prev": prev,
            "hash": link(prev, header, body_digest),
            "salt": salt,
            "body": None if body is None else body.decode(),
        },
    )
    return seq


def _end(connection: Connection) -> tuple[int, bytes]:
    """The next seq, and the hash that it follows."""
    last = connection.execute(_LAST).first()
    return (1, FIRST_PREV) if last is None else (last.seq + 1, last.hash)
