"""How the answers go, in figures: nobody's words, nobody's name. Reads what is kept of replies, and only reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from storage.basis import BasisKind
from storage.database import Database

# What became of a question, as a reader of figures thinks of it.
DIRECT, SUGGESTED, GENERATED, UNANSWERED, OTHER = "direct", "suggested", "generated", "unanswered", "other"
WAYS = (DIRECT, SUGGESTED, GENERATED, UNANSWERED, OTHER)
_WAY_OF = {
    BasisKind.VERIFIED: DIRECT,
    BasisKind.SUGGESTED: SUGGESTED,
    BasisKind.DECLINED: SUGGESTED,
    BasisKind.GROUNDED: GENERATED,
    BasisKind.QUOTED: GENERATED,
    BasisKind.UNGROUNDED: GENERATED,
    BasisKind.PLAIN: GENERATED,
    BasisKind.NONE: UNANSWERED,
}
MOST_ENTRIES = 10


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Seconds; None where nothing was measured."""

    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class DayFigures:
    """`day`: `2026-03-02`. `ways`: how many questions ended in which of `WAYS`. Times of those that showed text."""

    day: str
    ways: Mapping[str, int]
    up: int
    down: int
    first_text: Percentiles
    waited: Percentiles

    @property
    def questions(self) -> int:
        return sum(self.ways.values())


@dataclass(frozen=True, slots=True)
class UsedEntry:
    entry_id: str
    title: str
    times: int


@dataclass(frozen=True, slots=True)
class Overview:
    """`days`: all of the time, oldest first. `hours`: questions by the hour of the day, 24 of them."""

    days: Sequence[DayFigures]
    hours: Sequence[int]
    entries: Sequence[UsedEntry]
    first_text: Percentiles
    waited: Percentiles

    @property
    def questions(self) -> int:
        return sum(day.questions for day in self.days)

    @property
    def ways(self) -> dict[str, int]:
        return {way: sum(day.ways.get(way, 0) for day in self.days) for way in WAYS}

    @property
    def up(self) -> int:
        return sum(day.up for day in self.days)

    @property
    def down(self) -> int:
        return sum(day.down for day in self.days)


_ASKED = """
WITH asked AS MATERIALIZED (
    SELECT reply.reply_id, reply.outcome, reply.basis_kind, reply.basis,
           date(inbox.received_at, :shift) AS day, CAST(strftime('%H', inbox.received_at, :shift) AS INTEGER) AS hour,
           (julianday(reply.text_shown_at) - julianday(inbox.received_at)) * 86400.0 AS first_text,
           (julianday(reply.started_at) - julianday(inbox.received_at)) * 86400.0 AS waited
    FROM inbox JOIN reply ON reply.message_key = inbox.message_key
    WHERE inbox.received_at >= :since AND NOT inbox.is_notice AND reply.state <> 'WITHDRAWN'
)
"""
_COUNTS = text(
    _ASKED + "SELECT day, basis_kind, outcome, count(*) AS times FROM asked GROUP BY day, basis_kind, outcome"
)
_HOURS = text(_ASKED + "SELECT hour, count(*) AS times FROM asked GROUP BY hour")
_ENTRIES = text(
    _ASKED + "SELECT json_extract(basis, '$.entries[0].entry_id') AS entry_id, "
    "max(json_extract(basis, '$.entries[0].title')) AS title, count(*) AS times "
    "FROM asked WHERE basis_kind = 'verified' GROUP BY entry_id ORDER BY times DESC, entry_id LIMIT :most"
)
_FEEDBACK = text(
    "SELECT date(given_at, :shift) AS day, verdict, count(*) AS times FROM feedback "
    "WHERE given_at >= :since GROUP BY day, verdict"
)
# The two values of each day, and of all days (day IS NULL), that stand at half and at 95 in a hundred.
_PERCENTILES = """
SELECT day, max(CASE WHEN place = (total + 1) / 2 THEN value END) AS p50,
       max(CASE WHEN place = (total * 95 + 99) / 100 THEN value END) AS p95
FROM (SELECT {day} AS day, {name} AS value, row_number() OVER (PARTITION BY {day} ORDER BY {name}) AS place,
             count(*) OVER (PARTITION BY {day}) AS total FROM asked WHERE {name} IS NOT NULL)
GROUP BY day
"""


class FiguresStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def overview(self, now: datetime, days: int, offset: timedelta) -> Overview:
        """Of so many days, today included. `offset`: of the clock by which days and hours are, to UTC."""
        return await self._database.read(lambda connection: _overview(connection, now, days, offset))


_NOTHING = Percentiles(None, None)


def _overview(connection: Connection, now: datetime, days: int, offset: timedelta) -> Overview:
    today = (now.astimezone(UTC) + offset).date()
    first = today - timedelta(days=days - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC) - offset
    span = {
        "since": since.replace(tzinfo=None).isoformat(" ", "microseconds"),
        "shift": f"{int(offset.total_seconds() // 60):+d} minutes",
    }
    hours = {row.hour: row.times for row in connection.execute(_HOURS, span)}
    first_text, waited = (_percentiles(connection, name, span) for name in ("first_text", "waited"))
    names = [(first + timedelta(days=number)).isoformat() for number in range(days)]
    return Overview(
        days=_days(connection, span, names, first_text, waited),
        hours=[hours.get(hour, 0) for hour in range(24)],
        entries=[
            UsedEntry(row.entry_id, row.title or row.entry_id, row.times)
            for row in connection.execute(_ENTRIES, {**span, "most": MOST_ENTRIES})
        ],
        first_text=first_text.get("", _NOTHING),
        waited=waited.get("", _NOTHING),
    )


def _days(
    connection: Connection,
    span: Mapping[str, Any],
    names: Sequence[str],
    first_text: Mapping[str, Percentiles],
    waited: Mapping[str, Percentiles],
) -> list[DayFigures]:
    """Those of no question too."""
    ways = _ways(connection, span)
    thumbs = {(row.day, row.verdict): row.times for row in connection.execute(_FEEDBACK, span)}
    return [
        DayFigures(
            day,
            ways.get(day, {}),
            thumbs.get((day, "up"), 0),
            thumbs.get((day, "down"), 0),
            first_text.get(day, _NOTHING),
            waited.get(day, _NOTHING),
        )
        for day in names
    ]


def _ways(connection: Connection, span: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """By day."""
    ways: dict[str, dict[str, int]] = {}
    for row in connection.execute(_COUNTS, span):
        of_day = ways.setdefault(row.day, {})
        way = _way(row.basis_kind, row.outcome)
        of_day[way] = of_day.get(way, 0) + row.times
    return ways


def _way(kind: str | None, outcome: str | None) -> str:
    if kind in _WAY_OF:
        return _WAY_OF[BasisKind(kind)]
    return GENERATED if outcome == "answered" else OTHER


def _percentiles(connection: Connection, name: str, span: Mapping[str, Any]) -> dict[str, Percentiles]:
    """By day, and under "" of all of them."""
    found: dict[str, Percentiles] = {}
    for day in ("day", "''"):
        query = text(_ASKED + _PERCENTILES.format(day=day, name=name))
        found |= {row.day: Percentiles(row.p50, row.p95) for row in connection.execute(query, span)}
    return found
