"""Tables of what the log is searched by. All of it follows from the log, and can be made anew."""

from datetime import datetime

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from storage.schema import Base


class AuditConversationRow(Base):
    """A question and its reply as they stand in the log: one row for all the entries about them.

    `number`: the seq of the first of these entries. Nothing that anybody wrote.
    """

    __tablename__ = "audit_conversation"
    __table_args__ = (Index(None, "platform", "tenant", "channel", "thread"),)

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    reply_id: Mapped[str] = mapped_column(unique=True)
    asked_at: Mapped[datetime] = mapped_column(index=True)
    platform: Mapped[str]
    tenant: Mapped[str]
    channel: Mapped[str]
    thread: Mapped[str]
    exchange: Mapped[int]
    actor: Mapped[str]
    state: Mapped[str | None]
    outcome: Mapped[str | None]
    basis: Mapped[str | None]
    model_id: Mapped[str | None]
    verdict: Mapped[str | None]


class AuditIndexRow(Base):
    """How far the log is indexed. One row."""

    __tablename__ = "audit_index"

    only: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    done_seq: Mapped[int]
