"""bodies of the audit log encrypted, under keys for each person and month; entries found by actor and by reply

What stands in the clear is sealed by the program at its next start: it has the keys.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "body_key",
        sa.Column("key_id", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_body_key")),
        sa.UniqueConstraint("person", "month", name=op.f("uq_body_key_person_month")),
    )
    op.add_column("audit_entry", sa.Column("key_id", sa.LargeBinary(), nullable=True))
    op.add_column("audit_entry", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.add_column("audit_entry", sa.Column("kind", sa.String(), _of_header("kind"), nullable=True))
    op.add_column("audit_entry", sa.Column("actor", sa.String(), _of_header("actor"), nullable=True))
    op.add_column("audit_entry", sa.Column("reply_id", sa.String(), _of_header("reply_id"), nullable=True))
    for column in ("key_id", "kind", "actor", "reply_id"):
        op.create_index(op.f(f"ix_audit_entry_{column}"), "audit_entry", [column])
    in_clear = sa.text("body IS NOT NULL")
    op.create_index("ix_audit_entry_in_clear", "audit_entry", ["seq"], sqlite_where=in_clear)


def downgrade() -> None:
    op.drop_index("ix_audit_entry_in_clear", "audit_entry")
    for column in ("reply_id", "actor", "kind", "key_id"):
        op.drop_index(op.f(f"ix_audit_entry_{column}"), "audit_entry")
    for column in ("reply_id", "actor", "kind", "sealed", "key_id"):
        op.drop_column("audit_entry", column)
    op.drop_table("body_key")


def _of_header(name: str) -> sa.Computed:
    return sa.Computed(f"CASE WHEN json_valid(header) THEN json_extract(header, '$.{name}') END", persisted=False)
