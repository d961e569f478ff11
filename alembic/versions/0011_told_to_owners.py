"""of which gaps and reviews owners were told

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digest",
        sa.Column("week", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("reply_id", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.reply_id"], name=op.f("fk_digest_reply_id_reply")),
        sa.PrimaryKeyConstraint("week", "channel", name=op.f("pk_digest")),
    )
    op.create_table(
        "review_reminder",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("review_by", sa.Date(), nullable=False),
        sa.Column("reply_id", sa.String(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.entry_id"], name=op.f("fk_review_reminder_entry_id_entry")),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.reply_id"], name=op.f("fk_review_reminder_reply_id_reply")),
        sa.PrimaryKeyConstraint("entry_id", "review_by", name=op.f("pk_review_reminder")),
    )


def downgrade() -> None:
    op.drop_table("review_reminder")
    op.drop_table("digest")
