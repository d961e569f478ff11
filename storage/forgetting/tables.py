"""Tables of holds, and of who was told what is kept."""

from datetime import datetime

from sqlalchemy import Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.schema import Base


class HoldRow(Base):
    """Nothing of this person, channel or thread goes, whatever asks for it. `name`: as the platform calls it."""

    __tablename__ = "hold"
    __table_args__ = (UniqueConstraint("scope", "platform", "name"),)

    hold_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    scope: Mapped[str]
    platform: Mapped[str]
    name: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    author: Mapped[str]
    placed_at: Mapped[datetime]


class NoticeShownRow(Base):
    """Who was told what is kept about them, and in which version of the notice last."""

    __tablename__ = "notice_shown"

    platform: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str]
    shown_at: Mapped[datetime]
