"""what replies rest on, which suggestions were chosen, what people think of replies

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.add_column(sa.Column("basis_kind", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("basis", sa.JSON(none_as_null=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_reply_basis_kind_finished_at"), ["basis_kind", "finished_at"])
    op.create_table(
        "choice",
        sa.Column("choice_id", sa.Integer(), nullable=False),
        sa.Column("reply_id", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("offered", sa.JSON(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.reply_id"], name=op.f("fk_choice_reply_id_reply")),
        sa.PrimaryKeyConstraint("choice_id", name=op.f("pk_choice")),
    )
    op.create_index(op.f("ix_choice_reply_id"), "choice", ["reply_id"])
    op.create_index(op.f("ix_choice_entry_id"), "choice", ["entry_id"])
    op.create_index(op.f("ix_choice_chosen_at"), "choice", ["chosen_at"])
    op.create_table(
        "feedback",
        sa.Column("reply_id", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.reply_id"], name=op.f("fk_feedback_reply_id_reply")),
        sa.PrimaryKeyConstraint("reply_id", "user", name=op.f("pk_feedback")),
    )
    op.create_index(op.f("ix_feedback_given_at"), "feedback", ["given_at"])


def downgrade() -> None:
    op.drop_table("feedback")
    op.drop_table("choice")
    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reply_basis_kind_finished_at"))
        batch_op.drop_column("basis")
        batch_op.drop_column("basis_kind")
