"""What each kind of entry says, made from the records of questions and replies.

`actor` is the pseudonym of who asked (storage.audit.pseudonyms): a header carries nobody's id and nobody's words.
"""

from datetime import datetime

from storage.audit.canonical import Scalar
from storage.audit.log import AuditEntry
from storage.records import NewQuestion, Reply, ReplyFigures


def question_accepted(question: NewQuestion, exchange: int, actor: str, at: datetime) -> AuditEntry:
    fields = {**_place(question, actor), "reply_id": question.reply_id, "exchange": exchange, "actor": actor}
    return AuditEntry("question", at, fields, {"text": question.text})


def question_edited(reply: Reply, text: str, actor: str, at: datetime) -> AuditEntry:
    """`reply`: the one to the question. `text`: the question as it reads now."""
    return AuditEntry("question_edited", at, _exchange(reply, actor), {"text": text})


def question_deleted(reply: Reply, actor: str, at: datetime) -> AuditEntry:
    """`reply`: the one to the question. `actor` asked it; who deleted it, platforms do not say."""
    return AuditEntry("question_deleted", at, _exchange(reply, actor))


def reply_ended(reply: Reply, figures: ReplyFigures, *, edits: int, actor: str, at: datetime) -> AuditEntry:
    """`reply`, `figures` and `edits` as they stand once it is closed: read them after the change, not before."""
    fields: dict[str, Scalar] = {
        **_exchange(reply, actor),
        "state": reply.state.value,
        "outcome": reply.outcome,
        "failure": reply.failure,
        "attempt": reply.attempt,
        "edits": edits,
        **{name: getattr(figures, name) for name in ReplyFigures.__dataclass_fields__},
    }
    return AuditEntry("reply", at, fields, None if reply.final_text is None else {"text": reply.final_text})


def _exchange(reply: Reply, actor: str) -> dict[str, Scalar]:
    return {**_place(reply, actor), "reply_id": reply.reply_id, "exchange": reply.exchange, "actor": actor}


def _place(record: NewQuestion | Reply, actor: str) -> dict[str, Scalar]:
    # Where everybody has a channel of their own, as in the browser chat, its name is the person's id.
    channel = actor if record.channel == record.user else record.channel
    return {"platform": record.platform, "tenant": record.tenant, "channel": channel, "thread": record.thread}
