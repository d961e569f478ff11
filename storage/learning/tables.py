"""The tables of the loop. What it goes by, people's questions and what they thought of replies, stands elsewhere.

None of them keeps anybody's words: a question that is deleted is gone from here too. What a digest quotes stands with
its message, like the text of any reply.
"""

from datetime import date, datetime

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


class DigestRow(Base):
    """That a channel was told of its gaps in a week (`2026-W10`). No `reply_id`: there were none."""

    __tablename__ = "digest"

    week: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    reply_id: Mapped[str | None] = mapped_column(ForeignKey("reply.reply_id"))
    made_at: Mapped[datetime]


class ReviewReminderRow(Base):
    """That the owner of an entry was reminded of a review. Another day of review is another reminder."""

    __tablename__ = "review_reminder"

    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.entry_id"), primary_key=True)
    review_by: Mapped[date] = mapped_column(primary_key=True)
    reply_id: Mapped[str] = mapped_column(ForeignKey("reply.reply_id"))
    reminded_at: Mapped[datetime]
