"""questions that were handed to people, their answers, messages that no post calls for

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_notice", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.add_column(sa.Column("escalation_id", sa.String(), nullable=True))
        batch_op.create_index(batch_op.f("ix_reply_escalation_id"), ["escalation_id"])
    op.create_table(
        "escalation",
        sa.Column("escalation_id", sa.String(), nullable=False),
        sa.Column("notice_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("question_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["reply.reply_id"], name=op.f("fk_escalation_notice_id_reply")),
        sa.PrimaryKeyConstraint("escalation_id", name=op.f("pk_escalation")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_escalation_notice_id")),
    )
    op.create_index(op.f("ix_escalation_channel_question_key"), "escalation", ["channel", "question_key"])
    op.create_index(op.f("ix_escalation_created_at"), "escalation", ["created_at"])
    op.create_table(
        "expert_answer",
        sa.Column("message_key", sa.String(), nullable=False),
        sa.Column("escalation_id", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalation.escalation_id"], name=op.f("fk_expert_answer_escalation_id_escalation")
        ),
        sa.PrimaryKeyConstraint("message_key", name=op.f("pk_expert_answer")),
    )
    op.create_index(op.f("ix_expert_answer_escalation_id"), "expert_answer", ["escalation_id"])


def downgrade() -> None:
    op.drop_table("expert_answer")
    op.drop_table("escalation")
    with op.batch_alter_table("reply", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reply_escalation_id"))
        batch_op.drop_column("escalation_id")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_column("is_notice")
