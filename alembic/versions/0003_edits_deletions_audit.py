"""edits and deletions of questions, the second look for duplicates, the audit log

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=True),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
    )
    op.create_table(
        "tombstone",
        sa.Column("message_key", sa.String(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("message_key", name=op.f("pk_tombstone")),
    )
    op.create_index(op.f("ix_tombstone_deleted_at"), "tombstone", ["deleted_at"])
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("edited_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("is_in_history", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.create_index(batch_op.f("ix_inbox_user"), ["user"])
    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.add_column(sa.Column("recheck_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("interruptions", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        op.f("ix_reply_recheck_at"), "reply", ["recheck_at"], sqlite_where=sa.text("recheck_at IS NOT NULL")
    )
    # Nothing was ever written to it: made anew with a time as its position.
    op.drop_table("watermark")
    _create_watermark(sa.DateTime())


def downgrade() -> None:
    op.drop_table("watermark")
    _create_watermark(sa.String())
    op.drop_index(op.f("ix_reply_recheck_at"), "reply")
    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.drop_column("interruptions")
        batch_op.drop_column("recheck_at")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbox_user"))
        batch_op.drop_column("is_in_history")
        batch_op.drop_column("edited_at")
    op.drop_table("tombstone")
    op.drop_table("audit_entry")


def _create_watermark(position: sa.types.TypeEngine) -> None:
    op.create_table(
        "watermark",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("position", position, nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "tenant", "channel", name=op.f("pk_watermark")),
    )
