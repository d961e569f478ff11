"""The tables of the loop. What it goes by, people's questions and what they thought of replies, stands elsewhere.

None of them keeps anybody's words: a question that is deleted is gone from here too.
"""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.schema import Base


class DismissalRow(Base):
    """A question of a gap that somebody has put aside. `gap`: the reply to the question that stood for it."""

    __tablename__ = "dismissal"

    reply_id: Mapped[str] = mapped_column(ForeignKey("reply.reply_id"), primary_key=True)
    gap: Mapped[str] = mapped_column(index=True)
    author: Mapped[str]
    dismissed_at: Mapped[datetime]


class VariantRejectionRow(Base):
    """Words that are not to become a variant of an entry. `words_hash`: of them, see `storage.learning.rejections`."""

    __tablename__ = "variant_rejection"

    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.entry_id"), primary_key=True)
    words_hash: Mapped[bytes] = mapped_column(primary_key=True)
    author: Mapped[str]
    rejected_at: Mapped[datetime]
