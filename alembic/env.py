"""Alembic's entry: the connection comes from `storage.migrations`, or from `alembic -x url=…` on the command line."""

from alembic import context

from storage.admin import tables as admin_tables  # noqa: F401 - declare the rest of the models
from storage.audit import conversation_rows  # noqa: F401
from storage.forgetting import tables as forgetting_tables  # noqa: F401
from storage.knowledge import tables as knowledge_tables  # noqa: F401
from storage.learning import tables as learning_tables  # noqa: F401
from storage.schema import Base, UtcDateTime
from storage.sqlite import undeclared_tables


def render_item(kind, item, _autogen_context):  # type: ignore[no-untyped-def]
    """Revisions outlive our types: they speak plain SQLAlchemy."""
    return "sa.DateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


def run(connection) -> None:  # type: ignore[no-untyped-def]
    undeclared = undeclared_tables(connection)
    # Batch mode: SQLite cannot alter most things in place.
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render_item,
        include_name=lambda name, kind, _parents: kind != "table" or name not in undeclared,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


if given := context.config.attributes.get("connection"):
    run(given)
else:
    from sqlalchemy import make_url

    from storage.sqlite import open_maintenance_engine

    url = context.get_x_argument(as_dictionary=True).get("url", "sqlite:///data/inthread.db")
    with open_maintenance_engine(make_url(url)).begin() as connection:
        run(connection)
