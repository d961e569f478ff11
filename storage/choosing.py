"""What happens to a reply that suggests entries when somebody chooses one, or none. Inside `ReplyStore`'s transactions.

It may be pressed twice, by two people, or after the question was edited: the first choice counts.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from storage import inbox, reply_rows, threads
from storage.audit.trail import AuditTrail
from storage.basis import Basis, BasisKind, CitedEntry
from storage.dialect import insert
from storage.records import Reply, ReplyState
from storage.schema import ChoiceRow


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reply is from now on. `basis`: its one entry, at the revision that is shown."""

    text: str
    outcome: str
    basis: Basis


def choose(
    connection: Connection, trail: AuditTrail, reply_id: str, user: str, choice: Choice, now: datetime
) -> Reply | None:
    reply = _suggesting(connection, reply_id)
    if reply is None:
        return None
    _record(connection, trail, reply, user, choice.basis.entries[0], now)
    state = ReplyState.FINALIZING if reply.posted_ref else inbox.stage_of(reply)
    final = {"final_text": choice.text, "outcome": choice.outcome, **reply_rows.basis_columns(choice.basis)}
    inbox.reopen(connection, reply, state, now, **final)
    threads.record_answer(connection, reply.thread_id, reply.exchange, choice.text, now)
    return reply_rows.find(connection, reply_id)


def decline(connection: Connection, trail: AuditTrail, reply_id: str, user: str, now: datetime) -> Reply | None:
    reply = _suggesting(connection, reply_id)
    if reply is None:
        return None
    assert reply.basis is not None
    declined = replace(reply.basis, kind=BasisKind.DECLINED)
    _record(connection, trail, reply, user, None, now)
    anew = {"attempt": 0, "interruptions": 0, **reply_rows.basis_columns(declined)}
    inbox.reopen(connection, reply, inbox.stage_of(reply), now, **anew)
    return reply_rows.find(connection, reply_id)


def _suggesting(connection: Connection, reply_id: str) -> Reply | None:
    reply = reply_rows.find(connection, reply_id)
    if reply is None or reply.state in inbox.BEYOND_REPAIR:
        return None
    return reply if reply.basis is not None and reply.basis.kind is BasisKind.SUGGESTED else None


def _record(
    connection: Connection, trail: AuditTrail, reply: Reply, user: str, entry: CitedEntry | None, now: datetime
) -> None:
    assert reply.basis is not None
    connection.execute(
        insert(ChoiceRow).values(
            reply_id=reply.reply_id,
            user=user,
            question=reply.question,
            offered=[offered.entry_id for offered in reply.basis.entries],
            entry_id=None if entry is None else entry.entry_id,
            revision=None if entry is None else entry.revision,
            chosen_at=now,
        )
    )
    trail.chosen(connection, reply, entry, user, now)
