"""The settings on record: an entry when they are others than at the last start."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from storage.audit.log import AuditEntry
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.schema import AuditEntryRow

KIND = "settings_changed"


class SettingsRecord:
    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def record(self, values: Mapping[str, str], now: datetime) -> bool:
        """`values`: all there are, by name, without secrets. False: nothing has changed since they were recorded."""

        def work(connection: Connection) -> bool:
            before = self._last(connection)
            if before == values:
                return False
            self._trail.add(connection, _entry(before, values, now))
            return True

        return await self._database.write(work)

    def _last(self, connection: Connection) -> Mapping[str, str] | None:
        """None: they were never recorded, or so long ago that the text is gone."""
        query = (
            select(AuditEntryRow.key_id, AuditEntryRow.sealed)
            .where(AuditEntryRow.kind == KIND)
            .order_by(AuditEntryRow.seq.desc())
            .limit(1)
        )
        row = connection.execute(query).first()
        if row is None or row.key_id is None or row.sealed is None:
            return None
        opened = self._trail.keys.open(row.key_id, row.sealed)
        if opened is None:
            return None
        values: dict[str, str] = json.loads(json.loads(opened[1])["settings"])
        return values


def _entry(before: Mapping[str, str] | None, values: Mapping[str, str], now: datetime) -> AuditEntry:
    """The header names what has changed; what it was, and all there is, stands in the body."""
    changed = [] if before is None else list(_changed(before, values))
    lines = [f"{name}: {(before or {}).get(name, 'not there')} → {values.get(name, 'not there')}" for name in changed]
    body = {"changes": "\n".join(lines), "settings": json.dumps(values, ensure_ascii=False, sort_keys=True)}
    return AuditEntry(KIND, now, {"settings": " ".join(changed), "is_first": before is None}, body)


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    yield from (name for name in sorted({*before, *after}) if before.get(name) != after.get(name))
