"""tombstones by a digest of the post's key, which can have a person's id in it

Revision ID: 0017
Revises: 0016
"""

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    tombstone = sa.table("tombstone", sa.column("message_key", sa.String()))
    for key in connection.execute(sa.select(tombstone.c.message_key)).scalars().all():
        digest = sha256(key.encode()).hexdigest()
        connection.execute(sa.update(tombstone).where(tombstone.c.message_key == key).values(message_key=digest))


def downgrade() -> None:
    """The keys cannot be told from their digests, and are of no use after a day."""
    op.execute("DELETE FROM tombstone")
