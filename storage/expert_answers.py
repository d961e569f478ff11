"""What happens when somebody answers a question that was handed to people. Inside `EscalationStore`'s transactions."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select, update

from storage import asking_people, inbox, notices, reply_rows
from storage.audit.trail import AuditTrail
from storage.basis import Basis, BasisKind, CitedEntry
from storage.dialect import insert
from storage.knowledge import proposing
from storage.knowledge.records import Author, Entry, EntryText
from storage.notices import Notice
from storage.records import Reply
from storage.schema import EscalationRow, ExpertAnswerRow, InboxRow, ReplyRow, ThreadRow


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnswer:
    """`message_key`: of the post that answers. `outcome`: how it counts for who asked."""

    escalation_id: str
    message_key: str
    platform: str
    tenant: str
    user: str
    text: str
    outcome: str

    @property
    def author(self) -> Author:
        return Author(self.platform, self.tenant, self.user)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The entry that an answer becomes. `owner`: who answers for it."""

    entry_id: str
    lang: str
    question: str
    owner: str


@dataclass(frozen=True, slots=True)
class Taken:
    """`to_show`: replies that are open because of it. `draft`: None if the entry is somebody else's by now."""

    to_show: tuple[Reply, ...]
    draft: Entry | None


def find_of_thread(connection: Connection, platform: str, channel: str, thread_ref: str) -> str | None:
    return connection.execute(
        select(EscalationRow.escalation_id)
        .join(ReplyRow, ReplyRow.reply_id == EscalationRow.notice_id)
        .join(InboxRow, InboxRow.message_key == ReplyRow.message_key)
        .join(ThreadRow, ThreadRow.thread_id == InboxRow.thread_id)
        .where(EscalationRow.channel == channel, ReplyRow.posted_ref == thread_ref, ThreadRow.platform == platform)
    ).scalar()


def take(
    connection: Connection,
    trail: AuditTrail,
    answer: NewAnswer,
    draft: Draft,
    new_reply_id: Callable[[str], str],
    now: datetime,
) -> Taken | None:
    asked = asking_people.askers(connection, answer.escalation_id)
    if is_known(connection, answer.message_key) or any(reply.user == answer.user for reply in asked):
        return None
    connection.execute(
        insert(ExpertAnswerRow).values(
            message_key=answer.message_key,
            escalation_id=answer.escalation_id,
            user=answer.user,
            text=answer.text,
            answered_at=now,
        )
    )
    trail.expert_answered(connection, answer.escalation_id, answer.author, answer.text, now)
    entry = _keep(connection, trail, answer, draft, now)
    relayed = [notices.announce(connection, _notice(reply, answer, new_reply_id), now) for reply in asked]
    return Taken((*relayed, *_say_that_it_is_kept(connection, answer.escalation_id, entry, now)), entry)


def is_known(connection: Connection, message_key: str) -> bool:
    known = select(ExpertAnswerRow.message_key).where(ExpertAnswerRow.message_key == message_key)
    return connection.execute(known).first() is not None


def relayed_key(reply_id: str, answer_key: str) -> str:
    """Names what was passed on to who asked: by their reply, and the post that it repeats."""
    return f"relayed:{reply_id}:{answer_key}"


def _notice(reply: Reply, answer: NewAnswer, new_reply_id: Callable[[str], str]) -> Notice:
    message_key = relayed_key(reply.reply_id, answer.message_key)
    return Notice(
        message_key=message_key,
        reply_id=new_reply_id(message_key),
        platform=reply.platform,
        tenant=reply.tenant,
        channel=reply.channel,
        thread=reply.thread,
        user=reply.user,
        question=reply.question,
        address=reply.address,
        text=answer.text,
        outcome=answer.outcome,
        basis=Basis(kind=BasisKind.RELAYED),
        escalation_id=answer.escalation_id,
        is_in_history=True,
    )


def _keep(connection: Connection, trail: AuditTrail, answer: NewAnswer, draft: Draft, now: datetime) -> Entry | None:
    """All that was answered so far, as the draft's answer."""
    said = connection.execute(
        select(ExpertAnswerRow.text)
        .where(ExpertAnswerRow.escalation_id == answer.escalation_id)
        .order_by(ExpertAnswerRow.answered_at, ExpertAnswerRow.message_key)
    ).scalars()
    text = EntryText(lang=draft.lang, question=draft.question, variants=(), answer="\n\n".join(said), owner=draft.owner)
    return proposing.propose(connection, trail, draft.entry_id, text, answer.author, now)


def _say_that_it_is_kept(connection: Connection, escalation_id: str, entry: Entry | None, now: datetime) -> list[Reply]:
    """The question's own message, shown again with what became of it; once."""
    query = select(EscalationRow.notice_id).where(EscalationRow.escalation_id == escalation_id)
    notice = reply_rows.find(connection, connection.execute(query).scalar_one())
    if entry is None or notice is None or notice.state in inbox.BEYOND_REPAIR:
        return []
    assert notice.basis is not None
    if notice.basis.entries:
        return []
    basis = replace(notice.basis, entries=(_cited(entry),))
    columns = reply_rows.basis_columns(basis)
    connection.execute(update(ReplyRow).where(ReplyRow.reply_id == notice.reply_id).values(**columns))
    return [inbox.show_again(connection, notice, now)]


def _cited(entry: Entry) -> CitedEntry:
    text = entry.text
    return CitedEntry(entry_id=entry.entry_id, revision=entry.revision, title=text.question, lang=text.lang)
