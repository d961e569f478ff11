"""which gaps were dismissed, which variants rejected

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dismissal",
        sa.Column("reply_id", sa.String(), nullable=False),
        sa.Column("gap", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.reply_id"], name=op.f("fk_dismissal_reply_id_reply")),
        sa.PrimaryKeyConstraint("reply_id", name=op.f("pk_dismissal")),
    )
    op.create_index(op.f("ix_dismissal_gap"), "dismissal", ["gap"])
    op.create_table(
        "variant_rejection",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("words_hash", sa.LargeBinary(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("rejected_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.entry_id"], name=op.f("fk_variant_rejection_entry_id_entry")),
        sa.PrimaryKeyConstraint("entry_id", "words_hash", name=op.f("pk_variant_rejection")),
    )


def downgrade() -> None:
    op.drop_table("variant_rejection")
    op.drop_table("dismissal")
