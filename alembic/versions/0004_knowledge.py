"""entries with their revisions, documents in passages, vectors, full-text indexes

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Words as `storage.knowledge.words` makes them, put in and out of by number; the texts stand in the tables beside.
FULL_TEXT = (
    "CREATE VIRTUAL TABLE {name} USING fts5({columns}, audience, "
    "content='', contentless_delete=1, tokenize='porter unicode61')"
)


def upgrade() -> None:
    op.create_table(
        "knowledge",
        sa.Column("knowledge_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("knowledge_id", name=op.f("pk_knowledge")),
    )
    _create_entries()
    _create_documents()
    op.create_table(
        "vector",
        sa.Column("encoder", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("encoder", "kind", "text_hash", name=op.f("pk_vector")),
    )
    op.execute(FULL_TEXT.format(name="entry_words", columns="asked, answer"))
    op.execute(FULL_TEXT.format(name="passage_words", columns="headings, text"))


def _create_entries() -> None:
    op.create_table(
        "entry",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_entry")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_entry_entry_id")),
    )
    op.create_index(op.f("ix_entry_status"), "entry", ["status"])
    op.create_table(
        "entry_revision",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("variants", sa.JSON(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("source_url", sa.String(), nullable=False),
        sa.Column("verified_at", sa.Date(), nullable=True),
        sa.Column("review_by", sa.Date(), nullable=True),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("revised_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "revision", name=op.f("pk_entry_revision")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.entry_id"], name=op.f("fk_entry_revision_entry_id_entry")),
    )
    op.create_table(
        "phrasing",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "position", name=op.f("pk_phrasing")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.entry_id"], name=op.f("fk_phrasing_entry_id_entry")),
    )
    op.create_index(op.f("ix_phrasing_text_hash"), "phrasing", ["text_hash"])


def _create_documents() -> None:
    op.create_table(
        "document",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("collection", sa.String(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("source_url", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("imported_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_collection"), "document", ["collection"])
    op.create_table(
        "passage",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("passage_id", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("heading_path", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_passage")),
        sa.UniqueConstraint("passage_id", name=op.f("uq_passage_passage_id")),
        sa.ForeignKeyConstraint(["document"], ["document.name"], name=op.f("fk_passage_document_document")),
    )
    op.create_index(op.f("ix_passage_document"), "passage", ["document"])


def downgrade() -> None:
    for name in ("passage_words", "entry_words", "vector", "passage", "document", "phrasing", "entry_revision"):
        op.drop_table(name)
    op.drop_table("entry")
    op.drop_table("knowledge")
