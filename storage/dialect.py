"""Statements that differ by dialect, in one place. SQLite today; PostgreSQL has the same two under the same names."""

from sqlalchemy.dialects.sqlite import insert

__all__ = ["insert"]
