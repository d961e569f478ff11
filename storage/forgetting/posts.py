"""Exchanges that are to be forgotten, with all that hangs on them. Inside the transactions of other stores."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, exists, select, update

from storage import tombstones
from storage.knowledge.entry_rows import chunks
from storage.learning.tables import DigestRow, DismissalRow, ReviewReminderRow
from storage.schema import (
    ChoiceRow,
    ContinuationRow,
    EscalationRow,
    ExpertAnswerRow,
    FeedbackRow,
    InboxRow,
    ReplyRow,
    ThreadRow,
    TurnRow,
)

PostQuery = Select[str, str, int, int, str, str, str, str, bool]


@dataclass(frozen=True, slots=True)
class Post:
    """A post of the inbox, or a notice that stands for one, with its reply."""

    message_key: str
    reply_id: str
    thread_id: int
    exchange: int
    platform: str
    channel: str
    thread: str
    user: str
    is_notice: bool


def post_query() -> PostQuery:
    """Rows for `posts_of`."""
    return (
        select(
            InboxRow.message_key,
            ReplyRow.reply_id,
            InboxRow.thread_id,
            InboxRow.exchange,
            ThreadRow.platform,
            ThreadRow.channel,
            ThreadRow.thread,
            InboxRow.user,
            InboxRow.is_notice,
        )
        .join(ReplyRow, ReplyRow.message_key == InboxRow.message_key)
        .join(ThreadRow, ThreadRow.thread_id == InboxRow.thread_id)
    )


def posts_of(connection: Connection, query: PostQuery) -> list[Post]:
    return [Post(*row) for row in connection.execute(query)]


def forget(connection: Connection, posts: Collection[Post], now: datetime) -> None:
    """The posts, their replies, and what people did with these. They will not be taken for new ones later."""
    reply_ids = [post.reply_id for post in posts]
    _forget_escalations(connection, reply_ids)
    for some in chunks(reply_ids):
        for row in (FeedbackRow, ChoiceRow, DismissalRow, ContinuationRow, ReviewReminderRow):
            connection.execute(delete(row).where(row.reply_id.in_(some)))
        connection.execute(update(DigestRow).where(DigestRow.reply_id.in_(some)).values(reply_id=None))
        connection.execute(delete(ReplyRow).where(ReplyRow.reply_id.in_(some)))
    for some in chunks(post.message_key for post in posts):
        connection.execute(delete(InboxRow).where(InboxRow.message_key.in_(some)))
    tombstones.bury(connection, [post.message_key for post in posts], now)
    _forget_turns(connection, posts)


def escalations_put_by(connection: Connection, reply_ids: Iterable[str]) -> list[str]:
    """Those whose question these replies, notices, put into their channel."""
    return [
        escalation_id
        for some in chunks(reply_ids)
        for escalation_id in connection.execute(
            select(EscalationRow.escalation_id).where(EscalationRow.notice_id.in_(some))
        ).scalars()
    ]


def _forget_escalations(connection: Connection, reply_ids: Sequence[str]) -> None:
    for some in chunks(escalations_put_by(connection, reply_ids)):
        connection.execute(update(ReplyRow).where(ReplyRow.escalation_id.in_(some)).values(escalation_id=None))
        connection.execute(delete(ExpertAnswerRow).where(ExpertAnswerRow.escalation_id.in_(some)))
        connection.execute(delete(EscalationRow).where(EscalationRow.escalation_id.in_(some)))


def _forget_turns(connection: Connection, posts: Collection[Post]) -> None:
    """And threads in which nothing is left: where a channel is somebody's own, it is named after them."""
    if not posts:
        return
    gone = delete(TurnRow).where(TurnRow.thread_id == bindparam("of"), TurnRow.exchange == bindparam("number"))
    connection.execute(gone, [{"of": post.thread_id, "number": post.exchange} for post in posts])
    is_empty = ~exists().where(InboxRow.thread_id == ThreadRow.thread_id)
    for some in chunks({post.thread_id for post in posts}):
        connection.execute(delete(ThreadRow).where(ThreadRow.thread_id.in_(some), is_empty))


def blank(connection: Connection, posts: Collection[Post]) -> None:
    """What the replies say goes, and what they rest on; that there were any stays."""
    for some in chunks(post.reply_id for post in posts):
        empty: dict[str, Any] = {"final_text": "", "basis": None}
        connection.execute(update(ReplyRow).where(ReplyRow.reply_id.in_(some)).values(**empty))
    for post in posts:
        of_exchange = TurnRow.thread_id == post.thread_id, TurnRow.exchange == post.exchange
        connection.execute(update(TurnRow).where(*of_exchange).values(text=""))
