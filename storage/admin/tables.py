"""Tables of the admin pages."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.schema import Base


class AdminAccountRow(Base):
    """Somebody who may open the pages. Without a password: somebody else vouches for them (OpenID Connect, a proxy)."""

    __tablename__ = "admin_account"

    name: Mapped[str] = mapped_column(primary_key=True)
    password_hash: Mapped[str | None]
    roles: Mapped[list[str]]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class AdminSessionRow(Base):
    """A browser in which somebody is signed in. Of the token in its cookie, only the SHA-256 is here."""

    __tablename__ = "admin_session"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    name: Mapped[str] = mapped_column(ForeignKey("admin_account.name", ondelete="CASCADE"), index=True)
    via: Mapped[str]
    csrf_token: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class AdminRequestRow(Base):
    """Something that one person asks for and another has to grant. `details`: what exactly, as the page needs it."""

    __tablename__ = "admin_request"

    request_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    asked_by: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]]
    asked_at: Mapped[datetime] = mapped_column(index=True)
    decided_by: Mapped[str | None]
    is_granted: Mapped[bool | None]
    decided_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
