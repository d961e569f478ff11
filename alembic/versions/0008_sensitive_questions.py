"""what makes a question nobody else's business, and whether others read along where it was asked

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("topic", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("is_public", sa.Boolean(), nullable=False, server_default=sa.false()))
    # Of earlier questions nobody wrote it down: in Slack, others read along except in direct messages.
    op.execute(
        "UPDATE inbox SET is_public = 1 WHERE thread_id IN "
        "(SELECT thread_id FROM thread WHERE platform = 'slack' AND channel NOT LIKE 'D%')"
    )


def downgrade() -> None:
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_column("is_public")
        batch_op.drop_column("topic")
