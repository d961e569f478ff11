"""what the audit log is searched by: conversations, and an index of blinded words

Both are made from the log by the program, which has the keys.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_conversation",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reply_id", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("exchange", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("basis", sa.String(), nullable=True),
        sa.Column("model_id", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_conversation")),
        sa.UniqueConstraint("reply_id", name=op.f("uq_audit_conversation_reply_id")),
    )
    op.create_index(op.f("ix_audit_conversation_asked_at"), "audit_conversation", ["asked_at"])
    place = ["platform", "tenant", "channel", "thread"]
    op.create_index(op.f("ix_audit_conversation_platform_tenant_channel_thread"), "audit_conversation", place)
    op.create_table(
        "audit_index",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("done_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_audit_index")),
    )
    # `detail=none`: whether a word is there is all that is asked, and a third of the size.
    op.execute(
        "CREATE VIRTUAL TABLE audit_words USING fts5("
        "words, content='', contentless_delete=1, detail=none, tokenize='ascii')"
    )


def downgrade() -> None:
    op.execute("DROP TABLE audit_words")
    op.drop_table("audit_index")
    op.drop_table("audit_conversation")
