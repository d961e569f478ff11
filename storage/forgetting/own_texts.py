"""What the log still has of somebody's words, and of what was said to them: for them, and inside transactions.

More than their conversations show: what they edited or deleted, and what is older than the thread history is kept.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from storage.audit.keys import BodyKeys
from storage.audit.log import person_of
from storage.forgetting.bodies import HAS_BODY
from storage.schema import AuditEntryRow

_SAID_WITH = ("platform", "channel", "thread")


@dataclass(frozen=True, slots=True)
class OwnTexts:
    """`since`: when the oldest was written. None: there is none."""

    count: int
    since: datetime | None


def count(connection: Connection, actor: str) -> OwnTexts:
    seqs = [row.seq for row in _rows(connection, actor, AuditEntryRow.seq)]
    if not seqs:
        return OwnTexts(0, None)
    header = connection.execute(select(AuditEntryRow.header).where(AuditEntryRow.seq == seqs[0])).scalar_one()
    return OwnTexts(len(seqs), datetime.fromisoformat(json.loads(header)["time"]))


def take(connection: Connection, keys: BodyKeys, actor: str) -> list[dict[str, Any]]:
    """All of them, oldest first. Where a key was lost there is nothing that anybody could read."""
    columns = (AuditEntryRow.seq, AuditEntryRow.header, AuditEntryRow.key_id, AuditEntryRow.sealed)
    taken = []
    for row in _rows(connection, actor, *columns):
        opened = None if row.key_id is None or row.sealed is None else keys.open(row.key_id, row.sealed)
        if opened is not None:
            header = json.loads(row.header)
            place = {name: header[name] for name in _SAID_WITH if name in header}
            said = {"entry": row.seq, "written": header["time"], "kind": header["kind"], **place}
            taken.append({**said, "body": json.loads(opened[1])})
    return taken


def _rows(connection: Connection, actor: str, *columns: Any) -> Iterator[Any]:
    query = select(AuditEntryRow.kind, *columns).where(AuditEntryRow.actor == actor, HAS_BODY)
    for row in connection.execute(query.order_by(AuditEntryRow.seq)):
        if person_of(str(row.kind), actor):
            yield row
