"""The table of holds."""

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
