"""What happens when somebody wants a person to answer. Inside `EscalationStore`'s transactions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from storage import inbox, notices, reply_rows
from storage.audit.trail import AuditTrail
from storage.basis import TOLD_TO_OWNERS, BasisKind
from storage.dialect import insert
from storage.knowledge.words import fold, text_hash
from storage.notices import Notice
from storage.records import Reply
from storage.schema import EscalationRow, ExpertAnswerRow, ReplyRow

# A question that nobody has answered for so long is put once more.
JOINED_WITHIN = timedelta(days=14)
# What a person can be asked about: not what is being made anew, and not what people said already.
_UNASKABLE = {BasisKind.SUGGESTED, BasisKind.DECLINED, BasisKind.ESCALATED, BasisKind.RELAYED}
_ASKABLE = frozenset(BasisKind) - _UNASKABLE - TOLD_TO_OWNERS


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEscalation:
    """`reply_id`: what did not answer it. `user` wants to know. `notice`: the message for `channel`, should it be new.

    `may_show_again`: whether the reply's message can be changed, to say that people were asked.
    """

    reply_id: str
    user: str
    owner: str
    channel: str
    notice: Notice
    may_show_again: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """`is_new`: nobody had asked the same. `to_show`: replies that are open because of it."""

    escalation_id: str
    is_new: bool
    to_show: tuple[Reply, ...]


def ask(connection: Connection, trail: AuditTrail, new: NewEscalation, now: datetime) -> Asked | None:
    reply = reply_rows.find(connection, new.reply_id)
    if reply is None or not _is_askable(reply):
        return None
    waiting = _find_waiting(connection, new.channel, reply.question, now)
    to_show = [] if waiting is not None else [_put(connection, new, reply.question, now)]
    escalation_id = waiting or new.notice.escalation_id
    assert escalation_id is not None
    connection.execute(update(ReplyRow).where(ReplyRow.reply_id == reply.reply_id).values(escalation_id=escalation_id))
    trail.asked_people(connection, reply, escalation_id, new.user, now)
    if new.may_show_again:
        to_show.append(inbox.show_again(connection, reply, now))
    return Asked(escalation_id, waiting is None, tuple(to_show))


def give_up(connection: Connection, trail: AuditTrail, notice_id: str, now: datetime) -> list[Reply]:
    escalation_id = connection.execute(
        select(EscalationRow.escalation_id).where(EscalationRow.notice_id == notice_id)
    ).scalar()
    if escalation_id is None:
        return []
    replies = askers(connection, escalation_id)
    for reply in replies:
        connection.execute(update(ReplyRow).where(ReplyRow.reply_id == reply.reply_id).values(escalation_id=None))
        trail.people_not_reached(connection, reply, escalation_id, now)
    return [inbox.show_again(connection, reply, now) for reply in replies]


def askers(connection: Connection, escalation_id: str) -> list[Reply]:
    """The replies that did not answer it, as far as their questions still stand."""
    rows = connection.execute(
        reply_rows.reply_query()
        .where(ReplyRow.escalation_id == escalation_id, ReplyRow.basis_kind.in_(_ASKABLE))
        .where(ReplyRow.state.not_in(inbox.BEYOND_REPAIR))
        .order_by(ReplyRow.created_at)
    )
    return [reply_rows.record(row) for row in rows]


def _is_askable(reply: Reply) -> bool:
    is_there = reply.state not in inbox.BEYOND_REPAIR and reply.final_text is not None
    return is_there and reply.escalation_id is None and reply.basis is not None and reply.basis.kind in _ASKABLE


def _find_waiting(connection: Connection, channel: str, question: str, now: datetime) -> str | None:
    """The same question there, in other spelling perhaps, that nobody has answered yet."""
    answered = select(ExpertAnswerRow.escalation_id)
    return connection.execute(
        select(EscalationRow.escalation_id)
        .join(ReplyRow, ReplyRow.reply_id == EscalationRow.notice_id)
        .where(EscalationRow.channel == channel, EscalationRow.question_key == _key(question))
        .where(EscalationRow.created_at > now - JOINED_WITHIN, EscalationRow.escalation_id.not_in(answered))
        .where(ReplyRow.state.not_in(inbox.BEYOND_REPAIR))
        .order_by(EscalationRow.created_at.desc())
        .limit(1)
    ).scalar()


def _put(connection: Connection, new: NewEscalation, question: str, now: datetime) -> Reply:
    notice = notices.announce(connection, new.notice, now)
    connection.execute(
        insert(EscalationRow).values(
            escalation_id=new.notice.escalation_id,
            notice_id=notice.reply_id,
            channel=new.channel,
            owner=new.owner,
            question=question,
            question_key=_key(question),
            created_at=now,
        )
    )
    return notice


def _key(question: str) -> bytes:
    return text_hash(fold(question).strip(" .?!。？！…"))
