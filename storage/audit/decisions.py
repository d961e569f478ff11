"""What each kind of entry says about decisions of whoever looks after the answers."""

from datetime import datetime

from storage.audit.canonical import Scalar
from storage.audit.log import AuditEntry
from storage.knowledge.records import Author


def gap_dismissed(gap: str, questions: int, author: Author, actor: str, at: datetime) -> AuditEntry:
    """`gap`: the reply to the question that stood for it. The questions themselves are on record already."""
    return AuditEntry("gap_dismissed", at, _gap(gap, questions, author, actor))


def gap_restored(gap: str, questions: int, author: Author, actor: str, at: datetime) -> AuditEntry:
    return AuditEntry("gap_restored", at, _gap(gap, questions, author, actor))


def variant_rejected(entry_id: str, author: Author, actor: str, at: datetime) -> AuditEntry:
    """Without the words: they are somebody's who asked, and stand with the question."""
    return AuditEntry("variant_rejected", at, {"entry_id": entry_id, "via": author.platform, "actor": actor})


def _gap(gap: str, questions: int, author: Author, actor: str) -> dict[str, Scalar]:
    return {"reply_id": gap, "questions": questions, "via": author.platform, "actor": actor}
