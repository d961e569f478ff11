"""What happens to posts: accepted once, edited, deleted, asked once more. Inside the transactions of `ReplyStore`.

A post asked once more has a second entry whose key ends in `#2`, then `#3`: whoever edits or deletes the post means
all of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from storage import reply_rows, threads, tombstones
from storage.audit.trail import AuditTrail
from storage.basis import BasisKind
from storage.records import NewQuestion, Reply, ReplyFigures, ReplyState
from storage.schema import FeedbackRow, InboxRow, ReplyRow

# Events overtake each other by minutes at most; a post that was deleted is not delivered a day later.
BEYOND_REPAIR = frozenset({ReplyState.WITHDRAWING, ReplyState.WITHDRAWN, ReplyState.UNDELIVERABLE})


def accept(connection: Connection, trail: AuditTrail, question: NewQuestion, now: datetime) -> Reply | None:
    """A new post with its queued reply. None: it was here before, or was deleted before it came."""
    if is_known(connection, question.message_key) or tombstones.is_buried(connection, question.message_key):
        return None
    thread_id = threads.ensure_thread(
        connection, question.platform, question.tenant, question.channel, question.thread, now
    )
    topic = question.topic
    if topic is None and question.is_public:
        topic = threads.last_topic_of(connection, thread_id, question.user)  # whoever goes on, goes on in private
    exchange = threads.append_question(connection, thread_id, question.text, now)
    is_private = topic is not None and question.is_public
    post = {
        "message_key": question.message_key,
        "thread_id": thread_id,
        "exchange": exchange,
        "user": question.user,
        "address": dict(question.address),
        "sent_at": question.sent_at,
        "edited_at": question.edited_at,
        "is_in_history": not is_private,  # others go on in this thread
        "topic": topic,
        "is_public": question.is_public,
    }
    reply = reply_rows.put_in_line(connection, post, {"reply_id": question.reply_id}, now)
    trail.accepted(connection, question, exchange, now)
    return reply


def edit(
    connection: Connection,
    trail: AuditTrail,
    message_key: str,
    text: str,
    edited_at: datetime,
    now: datetime,
    window: timedelta,
    topic: str | None = None,
) -> Reply | None:
    """Take the newer text over and open the post's last reply again. None: nothing is to be answered anew.

    That is: the post is unknown, the edit is old or changes nothing, or the reply ended longer ago than `window`.
    """
    replies = _replies_of(connection, message_key)
    if not replies or not _take_edit(connection, replies[-1], edited_at):
        return None
    reply = replies[-1]
    if reply.question == text or reply.state in BEYOND_REPAIR:
        return None
    trail.edited(connection, reply, text, now)
    if _ended_before(connection, reply, now - window):
        return None
    threads.replace_question(connection, reply.thread_id, reply.exchange, text)
    if topic is not None:  # once it was private, it stays so
        values = {"topic": topic}
        connection.execute(update(InboxRow).where(InboxRow.message_key == reply.message_key).values(**values))
    reopen(connection, reply, stage_of(reply), now, attempt=0, interruptions=0)
    return reply_rows.find(connection, reply.reply_id)


def move_to_private(
    connection: Connection,
    trail: AuditTrail,
    message_key: str,
    topic: str,
    edited_at: datetime,
    text: str,
    new_reply_id: Callable[[str], str],
    now: datetime,
) -> list[Reply]:
    """The post was changed into something that is nobody else's business: what stands in public goes, and a reply of
    its own answers it. Empty: nothing stands in public, or the edit is old; `edit` does then.
    """
    replies = _replies_of(connection, message_key)
    last = replies[-1] if replies else None
    if last is None or not last.is_public or last.is_private or last.state in BEYOND_REPAIR:
        return []
    if not _take_edit(connection, last, edited_at):
        return []
    trail.edited(connection, last, text, now)
    _leave_out_of_history(connection, last)
    threads.replace_question(connection, last.thread_id, last.exchange, "")
    reopen(connection, last, ReplyState.WITHDRAWING, now)
    gone = reply_rows.find(connection, last.reply_id)
    key = next_key(last.message_key)
    anew = replace(_as_question(last, key, new_reply_id(key)), text=text, topic=topic, sent_at=now, edited_at=edited_at)
    private = accept(connection, trail, anew, now)
    return [one for one in (gone, private) if one is not None]


def withdraw(connection: Connection, trail: AuditTrail, message_key: str, now: datetime) -> list[Reply]:
    """The post was deleted: its words go, and each of its replies is to be taken away. Those that now have to be."""
    tombstones.bury(connection, [message_key], now)
    replies = [
        reply
        for reply in _replies_of(connection, message_key)
        if reply.state not in (ReplyState.WITHDRAWING, ReplyState.WITHDRAWN)
    ]
    for reply in replies:
        trail.deleted(connection, reply, now)
    replies += [message for reply in replies for message in _messages_about(connection, reply)]
    for reply in replies:
        threads.replace_question(connection, reply.thread_id, reply.exchange, "")
        _leave_out_of_history(connection, reply)
        reopen(connection, reply, ReplyState.WITHDRAWING, now)
    found = (reply_rows.find(connection, reply.reply_id) for reply in replies)
    return [reply for reply in found if reply is not None]


def ask_again(
    connection: Connection, trail: AuditTrail, reply_id: str, new_reply_id: Callable[[str], str], now: datetime
) -> Reply | None:
    """The question of an ended reply, asked once more with a reply of its own. None: it was, or it may not be."""
    before = reply_rows.find(connection, reply_id)
    if before is None or before.state.is_open or before.state in BEYOND_REPAIR:
        return None
    key = next_key(before.message_key)
    # Edits before it are as old for the new one.
    again = replace(_as_question(before, key, new_reply_id(key)), sent_at=now, edited_at=_edited_at(connection, before))
    reply = accept(connection, trail, again, now)
    if reply is not None:
        _leave_out_of_history(connection, before)
    return reply


def _as_question(reply: Reply, message_key: str, reply_id: str) -> NewQuestion:
    """What a reply answers, to be asked once more under another key."""
    return NewQuestion(
        message_key=message_key,
        reply_id=reply_id,
        platform=reply.platform,
        tenant=reply.tenant,
        channel=reply.channel,
        thread=reply.thread,
        user=reply.user,
        text=reply.question,
        address=reply.address,
        sent_at=reply.sent_at,
        topic=reply.topic,
        is_public=reply.is_public,
        again_of=reply.reply_id,
    )


def next_key(message_key: str) -> str:
    """The key of the same post asked once more: `k`, `k#2`, `k#3`."""
    post, _, number = message_key.partition("#")
    return f"{post}#{int(number or 1) + 1}"


def is_known(connection: Connection, message_key: str) -> bool:
    """Whether the post was accepted."""
    return (
        connection.execute(select(InboxRow.message_key).where(InboxRow.message_key == message_key)).first() is not None
    )


def show_again(connection: Connection, reply: Reply, now: datetime) -> Reply:
    """The text stays, and what stands around it is another: shown once more in the same message, by a new owner."""
    state = ReplyState.FINALIZING if reply.posted_ref else stage_of(reply)
    fresh = {"state": state, "fence": ReplyRow.fence + 1, "lease_until": None, "finished_at": None, "updated_at": now}
    connection.execute(update(ReplyRow).where(ReplyRow.reply_id == reply.reply_id).values(**fresh))
    shown = reply_rows.find(connection, reply.reply_id)
    assert shown is not None
    return shown


def stage_of(reply: Reply) -> ReplyState:
    """How far a reply has come that is to be written anew."""
    return ReplyState.POSTED if reply.posted_ref else ReplyState.INTENT if reply.intent_at else ReplyState.QUEUED


def _replies_of(connection: Connection, message_key: str) -> Sequence[Reply]:
    """All replies to a post, in the order in which it was asked."""
    again = (ReplyRow.message_key > f"{message_key}#") & (ReplyRow.message_key < f"{message_key}$")  # '$' follows '#'
    rows = connection.execute(
        reply_rows.reply_query()
        .where(or_(ReplyRow.message_key == message_key, again))
        .order_by(InboxRow.received_at, InboxRow.exchange)
    )
    return [reply_rows.record(row) for row in rows]


def _messages_about(connection: Connection, reply: Reply) -> list[Reply]:
    """What people were told because of a question: their answers to it, and the question itself where they read it.

    The question stays there as long as somebody else waits for the same answer.
    """
    if reply.escalation_id is None:
        return []
    rows = connection.execute(reply_rows.reply_query().where(ReplyRow.escalation_id == reply.escalation_id)).all()
    standing = [one for one in map(reply_rows.record, rows) if one.state not in BEYOND_REPAIR]
    relayed = [one for one in standing if one.message_key.startswith(f"relayed:{reply.reply_id}:")]
    kinds = {one.reply_id: one.basis.kind for one in standing if one.basis is not None}
    put = [one for one in standing if kinds.get(one.reply_id) is BasisKind.ESCALATED]
    is_waited_for = any(
        one.reply_id != reply.reply_id and kinds.get(one.reply_id) not in (BasisKind.ESCALATED, BasisKind.RELAYED)
        for one in standing
    )
    return relayed if is_waited_for else [*relayed, *put]


def _take_edit(connection: Connection, reply: Reply, edited_at: datetime) -> bool:
    """Whether this edit is newer than those taken before: edits come twice, and overtake each other."""
    taken = connection.execute(
        update(InboxRow)
        .where(InboxRow.message_key == reply.message_key)
        .where(or_(InboxRow.edited_at.is_(None), InboxRow.edited_at < edited_at))
        .values(edited_at=edited_at)
    )
    return taken.rowcount == 1


def _edited_at(connection: Connection, reply: Reply) -> datetime | None:
    query = select(InboxRow.edited_at).where(InboxRow.message_key == reply.message_key)
    return connection.execute(query).scalar_one()


def _ended_before(connection: Connection, reply: Reply, moment: datetime) -> bool:
    ended = select(ReplyRow.reply_id).where(ReplyRow.reply_id == reply.reply_id, ReplyRow.finished_at < moment)
    return connection.execute(ended).first() is not None


def _leave_out_of_history(connection: Connection, reply: Reply) -> None:
    connection.execute(update(InboxRow).where(InboxRow.message_key == reply.message_key).values(is_in_history=False))


def reopen(connection: Connection, reply: Reply, state: ReplyState, now: datetime, **values: Any) -> None:
    """A new fence: whoever works on the reply at this moment cannot write any more.

    `values` go over what is forgotten: the text and what it rested on. What people thought of it is forgotten too.
    """
    threads.forget_answer(connection, reply.thread_id, reply.exchange)
    connection.execute(delete(FeedbackRow).where(FeedbackRow.reply_id == reply.reply_id))
    ended = ("lease_until", "final_text", "outcome", "failure", "finished_at", "basis_kind", "basis")
    forgotten = dict.fromkeys((*ended, *ReplyFigures.__dataclass_fields__))
    connection.execute(
        update(ReplyRow)
        .where(ReplyRow.reply_id == reply.reply_id)
        .values({**forgotten, "state": state, "fence": ReplyRow.fence + 1, "updated_at": now, **values})
    )
