"""what the model was told before anything that people wrote

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reply", sa.Column("prompt_sha256", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("reply", "prompt_sha256")
