"""The tables. Revisions in `alembic/` must lead to exactly these: `alembic check` in the tests holds them equal."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Computed,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy import text as sql_text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time outside, a naive UTC time in the database (SQLite keeps no zone)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    # Named constraints, so that later revisions can alter them on SQLite.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own protocol
        datetime: UtcDateTime,
        str: String,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


class ThreadRow(Base):
    """A conversation. Everything said in it hangs on `thread_id`."""

    __tablename__ = "thread"
    __table_args__ = (UniqueConstraint("platform", "tenant", "channel", "thread"),)

    thread_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    platform: Mapped[str]
    tenant: Mapped[str]
    channel: Mapped[str]
    thread: Mapped[str]
    created_at: Mapped[datetime]


class TurnRow(Base):
    """One side of an exchange. `exchange` counts the questions of the thread from 1; the answer shares its number."""

    __tablename__ = "turn"

    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.thread_id"), primary_key=True)
    exchange: Mapped[int] = mapped_column(Integer, primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class InboxRow(Base):
    """Every post that was accepted, once. Committed before the platform is told that it arrived."""

    __tablename__ = "inbox"

    message_key: Mapped[str] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.thread_id"), index=True)
    exchange: Mapped[int]
    user: Mapped[str] = mapped_column(index=True)
    address: Mapped[dict[str, Any]]
    sent_at: Mapped[datetime]
    received_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]  # the newest edit that was taken, by the platform's clock
    # Whether later questions of the thread build on this exchange: not when it was deleted, or asked once more.
    is_in_history: Mapped[bool] = mapped_column(default=True, server_default=true())
    # What makes it nobody else's business, and whether others read along where it was asked.
    topic: Mapped[str | None]
    is_public: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Nobody posted it: it stands for something that we have to say (`storage.notices`).
    is_notice: Mapped[bool] = mapped_column(default=False, server_default=false())


# Joins a post of the inbox with the words that were asked.
QUESTION_OF_POST = (
    (TurnRow.thread_id == InboxRow.thread_id) & (TurnRow.exchange == InboxRow.exchange) & (TurnRow.role == "user")
)

# Posts that are answered where they stand.
NOT_PRIVATE = InboxRow.topic.is_(None) | ~InboxRow.is_public


class ReplyRow(Base):
    """The one reply to a post, and how far it has come. States: `storage.records.ReplyState`."""

    __tablename__ = "reply"
    __table_args__ = (
        Index(None, "state", "updated_at"),
        Index(None, "recheck_at", sqlite_where=sql_text("recheck_at IS NOT NULL")),
        Index(None, "basis_kind", "finished_at"),
    )

    reply_id: Mapped[str] = mapped_column(primary_key=True)
    message_key: Mapped[str] = mapped_column(ForeignKey("inbox.message_key"), unique=True)
    state: Mapped[str]
    attempt: Mapped[int] = mapped_column(default=0)
    # How often its owner was lost while text that was visible still grew.
    interruptions: Mapped[int] = mapped_column(default=0, server_default="0")
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    intent_at: Mapped[datetime | None]
    posted_ref: Mapped[str | None]
    recheck_at: Mapped[datetime | None]  # when to look once more for messages that were posted twice
    final_text: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None]
    failure: Mapped[str | None]

    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    shown_at: Mapped[datetime | None]
    text_shown_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    model_id: Mapped[str | None]
    model_sha256: Mapped[str | None]
    prompt_sha256: Mapped[str | None]
    prompt_tokens: Mapped[int | None]
    new_tokens: Mapped[int | None]
    seconds_to_first_token: Mapped[float | None] = mapped_column(Float)
    seconds: Mapped[float | None] = mapped_column(Float)
    edits: Mapped[int] = mapped_column(default=0)

    # What it rests on: `storage.basis`. The kind stands apart, to look for replies of one kind.
    basis_kind: Mapped[str | None]
    basis: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # Where people were asked instead; also of the messages that are shown because of it. No foreign key: both ways.
    escalation_id: Mapped[str | None] = mapped_column(index=True)


class ContinuationRow(Base):
    """A further message of a reply that is too long for one. Part 0 is the reply's own `posted_ref`."""

    __tablename__ = "continuation"

    reply_id: Mapped[str] = mapped_column(ForeignKey("reply.reply_id"), primary_key=True)
    part: Mapped[int] = mapped_column(Integer, primary_key=True)
    intent_at: Mapped[datetime]
    posted_ref: Mapped[str | None]


class ChoiceRow(Base):
    """What somebody chose of the entries that a reply suggested. No `entry_id`: none of them."""

    __tablename__ = "choice"

    choice_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    reply_id: Mapped[str] = mapped_column(ForeignKey("reply.reply_id"), index=True)
    user: Mapped[str]
    question: Mapped[str] = mapped_column(Text)  # as it read then
    offered: Mapped[list[str]]
    entry_id: Mapped[str | None] = mapped_column(index=True)
    revision: Mapped[int | None]
    chosen_at: Mapped[datetime] = mapped_column(index=True)


class FeedbackRow(Base):
    """What one person thinks of a reply, the last that they said. Goes when the reply is written anew."""

    __tablename__ = "feedback"

    reply_id: Mapped[str] = mapped_column(ForeignKey("reply.reply_id"), primary_key=True)
    user: Mapped[str] = mapped_column(primary_key=True)
    verdict: Mapped[str]
    comment: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(index=True)


class EscalationRow(Base):
    """A question that was handed to people. `notice_id`: the reply that puts it into their channel."""

    __tablename__ = "escalation"
    __table_args__ = (Index(None, "channel", "question_key"),)

    escalation_id: Mapped[str] = mapped_column(primary_key=True)
    notice_id: Mapped[str] = mapped_column(ForeignKey("reply.reply_id"), unique=True)
    channel: Mapped[str]
    owner: Mapped[str]  # of what did not answer it, or empty
    question: Mapped[str] = mapped_column(Text)
    question_key: Mapped[bytes]  # the same for spellings that nobody means
    created_at: Mapped[datetime] = mapped_column(index=True)


class ExpertAnswerRow(Base):
    """A post in the thread of such a question, by somebody who knows. Passed on once to everybody who asked."""

    __tablename__ = "expert_answer"

    message_key: Mapped[str] = mapped_column(primary_key=True)
    escalation_id: Mapped[str] = mapped_column(ForeignKey("escalation.escalation_id"), index=True)
    user: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime]


class WatermarkRow(Base):
    """Up to when a channel's posts are known to be in the inbox, by the platform's clock."""

    __tablename__ = "watermark"

    platform: Mapped[str] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[datetime]
    updated_at: Mapped[datetime]


class TombstoneRow(Base):
    """A post that must not be taken for a new one, under a digest of its key (storage.tombstones). Kept for a day."""

    __tablename__ = "tombstone"

    message_key: Mapped[str] = mapped_column(primary_key=True)
    deleted_at: Mapped[datetime] = mapped_column(index=True)


def _of_header(name: str) -> Computed:
    return Computed(f"CASE WHEN json_valid(header) THEN json_extract(header, '$.{name}') END", persisted=False)


class AuditEntryRow(Base):
    """One entry of the audit log: a chain of hashes over headers and salted digests of bodies.

    `header` is RFC 8785 JSON, as it is hashed. `sealed`: salt and body, encrypted with the key `key_id`; nothing where
    there is no body, or none any more. `salt` and `body`: as they stood in the clear before there were keys; sealed at
    the first start since. Source: the export's format in docs/audit.md.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_in_clear", "seq", sqlite_where=sql_text("body IS NOT NULL")),)

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    header: Mapped[str] = mapped_column(Text)
    body_digest: Mapped[bytes | None]
    prev: Mapped[bytes]
    hash: Mapped[bytes]
    salt: Mapped[bytes | None]
    body: Mapped[str | None] = mapped_column(Text)
    key_id: Mapped[bytes | None] = mapped_column(index=True)
    sealed: Mapped[bytes | None]
    # What entries are looked up by. They follow from the header; one that was changed may be no JSON any more.
    kind: Mapped[str | None] = mapped_column(_of_header("kind"), index=True)
    actor: Mapped[str | None] = mapped_column(_of_header("actor"), index=True)
    reply_id: Mapped[str | None] = mapped_column(_of_header("reply_id"), index=True)


class BodyKeyRow(Base):
    """Whose bodies of which month are sealed with which key. The keys are elsewhere: `storage.audit.key_store`.

    `person`: a pseudonym, "" for the company. Gone once the key is to be destroyed.
    """

    __tablename__ = "body_key"
    __table_args__ = (UniqueConstraint("person", "month"),)

    key_id: Mapped[bytes] = mapped_column(primary_key=True)
    person: Mapped[str]
    month: Mapped[str]
    made_at: Mapped[datetime]


class AuditCheckpointRow(Base):
    """A signed statement of what the log was when it had `size` entries. `time` is the text that was signed."""

    __tablename__ = "audit_checkpoint"

    size: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    head: Mapped[bytes]
    time: Mapped[str]
    prev_signature: Mapped[bytes]
    signature: Mapped[bytes]
    is_shipped: Mapped[bool] = mapped_column(default=False, server_default=false())  # written down elsewhere too
