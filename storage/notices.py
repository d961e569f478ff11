"""Messages that nobody's post calls for: the same inbox, the same replies, so that each is shown exactly once too.

A notice is a reply whose text is known from the beginning. The post that it seems to answer was never written: it is
left out of everything that counts or lists what people asked. Inside the transactions of other stores.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from storage import reply_rows, threads
from storage.basis import Basis
from storage.records import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`question`: what it is about, in the words of who asked. `user`: whom it is for. The rest as of a question."""

    message_key: str
    reply_id: str
    platform: str
    tenant: str
    channel: str
    thread: str
    user: str
    question: str
    address: Mapping[str, str]
    text: str
    outcome: str
    basis: Basis
    escalation_id: str | None = None
    is_in_history: bool = False


def announce(connection: Connection, notice: Notice, now: datetime) -> Reply:
    """Put it down to be shown. What it says is part of the thread's history if it is in a thread of conversation."""
    thread_id = threads.ensure_thread(connection, notice.platform, notice.tenant, notice.channel, notice.thread, now)
    exchange = threads.append_question(connection, thread_id, notice.question, now)
    threads.record_answer(connection, thread_id, exchange, notice.text, now)
    post = {
        "message_key": notice.message_key,
        "thread_id": thread_id,
        "exchange": exchange,
        "user": notice.user,
        "address": dict(notice.address),
        "sent_at": now,
        "is_in_history": notice.is_in_history,
        "is_notice": True,
    }
    reply = {
        "reply_id": notice.reply_id,
        "final_text": notice.text,
        "outcome": notice.outcome,
        "escalation_id": notice.escalation_id,
        **reply_rows.basis_columns(notice.basis),
    }
    return reply_rows.put_in_line(connection, post, reply, now)
