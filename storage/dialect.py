"""Statements that differ by dialect, in one place: SQLite's today, PostgreSQL's under the same names later."""

from sqlalchemy import Connection, text
from sqlalchemy.dialects.sqlite import insert

__all__ = ["insert", "merge_index"]


def merge_index(connection: Connection, table: str) -> None:
    """Until then the words of what was deleted from a full-text index stand in it, marked.

    FTS5's `secure-delete` does nothing where the index keeps no texts, so all of it is merged. Source:
    sqlite.org/fts5.html, contentless-delete tables, `optimize`.
    """
    connection.execute(text(f"INSERT INTO {table} ({table}) VALUES ('optimize')"))
