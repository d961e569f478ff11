"""What is old enough to go: texts of the log, exchanges of the thread history, the log's oldest headers. Only looks.

Days are counted where the company is and go whole: what goes, goes once a day. Holds are stronger than age.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from storage.audit.canonical import canonical, utc_text
from storage.audit.log import person_of
from storage.audit.pseudonyms import Pseudonym
from storage.forgetting import posts
from storage.forgetting.bodies import HAS_BODY
from storage.forgetting.held import HeldPlaces
from storage.forgetting.holds import Hold, all_holds
from storage.records import CLOSED_STATES
from storage.schema import AuditCheckpointRow, AuditEntryRow, InboxRow, ReplyRow, ThreadRow


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """In days. `channels`: for texts and history of channels that are named, in place of the general ones.

    `zone`: when a day begins.
    """

    texts: int
    headers: int
    history: int
    channels: Mapping[str, int]
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Due:
    """`texts`: entries whose bodies may go, ascending; `exchanges`: keys of their posts. `headers_to`: the last of the
    oldest entries that can go as a whole, `headers` of them, once these texts have gone; None: none can.

    `held`: texts that are old enough, and stay because of `holds`.
    """

    texts: list[int]
    exchanges: list[str]
    headers_to: int | None
    headers: int
    held: int
    holds: list[Hold]


def find_due(connection: Connection, pseudonym: Pseudonym, rule: RetentionRule, now: datetime) -> Due:
    """Reads the log as far as things may be due, and where channels have days of their own all of it."""
    look = _Look(connection, pseudonym, rule, now)
    texts = sorted(look.texts())
    headers_to = look.headers_to()
    up_to = select(func.count()).where(AuditEntryRow.seq <= (headers_to or 0))
    headers = connection.execute(up_to).scalar_one()
    return Due(texts, list(look.exchanges()), headers_to, headers, look.held, look.holds)


class _Look:
    def __init__(self, connection: Connection, pseudonym: Pseudonym, rule: RetentionRule, now: datetime) -> None:
        self._connection = connection
        self._rule = rule
        self._today = now.astimezone(rule.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        self.holds = all_holds(connection)
        self._held = HeldPlaces(connection, pseudonym, self.holds)
        self._limits = {channel: utc_text(self._before(days)) for channel, days in rule.channels.items()}
        self.held = 0

    def texts(self) -> Iterator[int]:
        """What the company says (entries, handbooks, erasures) stays as long as its header."""
        rule = self._rule
        yield from self._texts_before(rule.texts, true())
        for channel, days in rule.channels.items():
            if days < rule.texts:
                # The bytes of a member of the header: a quotation mark inside a string of somebody's is escaped.
                mark = canonical({"channel": channel}).decode()[1:-1]
                yield from self._texts_before(days, func.instr(AuditEntryRow.header, mark) > 0, since=rule.texts)

    def _texts_before(self, days: int, among: ColumnElement[bool], since: int | None = None) -> Iterator[int]:
        """Older than `days`, and not older than `since`."""
        query = select(AuditEntryRow.seq, AuditEntryRow.header).where(HAS_BODY, among).order_by(AuditEntryRow.seq)
        latest, general = utc_text(self._before(days)), utc_text(self._before(self._rule.texts))
        earliest = "" if since is None else utc_text(self._before(since))
        for row in self._connection.execute(query):
            header = _parse(row.header)
            if header is None or not person_of(str(header["kind"]), header.get("actor")):
                continue
            if str(header["time"]) >= latest:
                return
            if not earliest <= str(header["time"]) < self._limits.get(str(header.get("channel")), general):
                continue
            if self._held.of_header(header):
                self.held += 1
                continue
            yield row.seq

    def exchanges(self) -> Iterator[str]:
        """Of the thread history, ended, oldest first."""
        rule = self._rule
        special = [
            and_(ThreadRow.channel == channel, InboxRow.received_at < self._before(days))
            for channel, days in rule.channels.items()
        ]
        general = and_(ThreadRow.channel.not_in(rule.channels), InboxRow.received_at < self._before(rule.history))
        query = (
            posts.post_query()
            .where(ReplyRow.state.in_(CLOSED_STATES), or_(general, *special))
            .order_by(InboxRow.received_at)
        )
        for post in posts.posts_of(self._connection, query):
            if self._held.of_post(post) is None:
                yield post.message_key

    def headers_to(self) -> int | None:
        """One that a checkpoint covers, so that the rest can still be checked from there."""
        limit = utc_text(self._before(self._rule.headers))
        first = last = None
        query = select(AuditEntryRow.seq, AuditEntryRow.header).order_by(AuditEntryRow.seq)
        for row in self._connection.execute(query):
            header = _parse(row.header)
            if header is None or str(header["time"]) >= limit or self._held.of_header(header):
                break
            first, last = first or row.seq, row.seq
        if last is None:
            return None
        covered = select(func.max(AuditCheckpointRow.size)).where(AuditCheckpointRow.size.between(first, last))
        return self._connection.execute(covered).scalar()

    def _before(self, days: int) -> datetime:
        return self._today - timedelta(days=days)


def _parse(header: str) -> dict[str, object] | None:
    """None: it was changed. That is found by `verify`, and stays as it is."""
    try:
        said = json.loads(header)
        return said if {"kind", "time"} <= said.keys() else None
    except (ValueError, AttributeError):
        return None
