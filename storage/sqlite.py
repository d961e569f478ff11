"""What is particular to SQLite: which library, which pragmas, how a write begins.

The only module of the storage that knows the dialect's connection; PostgreSQL will stand beside it.
"""

import os
import sqlite3
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from storage.errors import DatabaseUnavailable, DatabaseUnusable, Trouble

# Before it, two connections that write or checkpoint can corrupt the file. Source: sqlite.org/wal.html#walresetbug
WAL_RESET_FIXED = (3, 51, 3)
BUSY_TIMEOUT_MILLISECONDS = 5_000
# Primary result codes (sqlite.org/rescode.html). Everything else that SQLite reports is a mistake of ours or damage.
_TROUBLES = {
    5: Trouble.LOCKED,
    6: Trouble.LOCKED,
    8: Trouble.READ_ONLY,
    10: Trouble.IO_ERROR,
    13: Trouble.FULL,
    14: Trouble.CANNOT_OPEN,
}
# What must be free before a disk that was full counts as mended: one page alone may fit where a question does not.
ROOM_BYTES = 1 << 20


def load_driver() -> ModuleType:
    """The DBAPI module whose SQLite is safe with WAL: pysqlite3 where it is installed, else Python's own.

    Raises: DatabaseUnusable, when only an affected library can be had.
    """
    try:
        from pysqlite3 import dbapi2 as driver
    except ImportError:
        driver = sqlite3
    if driver.sqlite_version_info < WAL_RESET_FIXED:
        raise DatabaseUnusable(
            f"SQLite {driver.sqlite_version} can corrupt a database in WAL mode (fixed in 3.51.3): "
            "pip install pysqlite3==0.6.1, or use a Python that was built with a newer SQLite"
        )
    return driver  # type: ignore[no-any-return]


def parse_url(text: str, *, folder_exists: bool = True) -> URL:
    """Where the database is. Raises: DatabaseUnusable, when that cannot be an SQLite file.

    `folder_exists`: whether its folder must be there already.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        # Not quoted: whatever it is, a password may be in it.
        raise DatabaseUnusable("[storage] url is no database URL: write sqlite:///PATH, or leave it out") from None
    if url.get_backend_name() != "sqlite":
        raise DatabaseUnusable(
            f"[storage] url names {url.get_backend_name()}, and this version keeps its record in SQLite: "
            "write sqlite:///PATH, or leave it out"
        )
    if url.database in (None, "", ":memory:"):
        raise DatabaseUnusable("an SQLite database in memory keeps no record: name a file in [storage] url")
    folder = Path(url.database).parent
    if folder_exists and not folder.is_dir():
        raise DatabaseUnusable(f"the folder {folder} does not exist: create it, or change [storage] url")
    return url


def open_engine(url: URL, *, writer: bool, readers: int = 2) -> Engine:
    """One engine with one connection for the writer thread, or a small pool for readers.

    Commits are durable against power loss (`synchronous=FULL`): a post is acknowledged on the strength of one.
    """
    pool = {"poolclass": StaticPool} if writer else {"poolclass": QueuePool, "pool_size": readers, "max_overflow": 0}
    engine = create_engine(
        url,
        module=load_driver(),
        hide_parameters=True,  # people's words are among them, and errors are logged
        # The connection moves between the threads of the executor that owns it, never used by two at once.
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MILLISECONDS / 1000},
        **pool,
    )
    event.listen(engine, "connect", _set_pragmas)
    # A read that turns into a write fails at once whatever the busy timeout: writers take the lock at the start.
    begin = "BEGIN IMMEDIATE" if writer else "BEGIN"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def open_maintenance_engine(url: URL) -> Engine:
    """For migrations: no pool, foreign keys as alembic's batch mode needs them (off), transactional DDL."""
    engine = create_engine(url, module=load_driver(), poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "connect", _take_transactions_over)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def find_trouble(error: BaseException | None) -> Trouble | None:
    """What keeps a database from being used, if that is what the driver's error says."""
    code = getattr(error, "sqlite_errorcode", 0)
    return _TROUBLES.get(code & 0xFF)  # the higher bits say where it happened


def write_page(connection: Connection) -> None:
    """Send one page through the WAL to the disk, and change nothing that anybody reads."""
    connection.exec_driver_sql("PRAGMA user_version = 0")


def require_room(url: URL) -> None:
    """Raises: DatabaseUnavailable, when the database's disk takes hardly anything any more."""
    disk = os.statvfs(url.database or "")
    if disk.f_bavail * disk.f_frsize < ROOM_BYTES:
        raise DatabaseUnavailable(Trouble.FULL)


def size_of(connection: Connection) -> int:
    """Bytes, with what is free among them."""
    pages: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    page_bytes: int = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    return pages * page_bytes


def rewrite(connection: Connection) -> bool:
    """VACUUM, then `empty_log`."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute("VACUUM")
    finally:
        cursor.close()
    return empty_log(connection)


def empty_log(connection: Connection) -> bool:
    """Bring the write-ahead log into the database and make it empty. Outside a transaction of the caller's.

    False: somebody who reads is in the way; later the same may succeed.
    """
    cursor = connection.connection.cursor()
    try:
        busy: int = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        cursor.close()
    return not busy


def undeclared_tables(connection: Connection) -> frozenset[str]:
    """Full-text indexes, and the tables that SQLite keeps them in: no models, and revisions make them by hand."""
    rows = connection.exec_driver_sql("SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')")
    return frozenset(row.name for row in rows)


def _take_transactions_over(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's implicit BEGIN would come in the way of ours


def _set_pragmas(connection: Any, record: object) -> None:
    _take_transactions_over(connection, record)
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is changed or deleted is overwritten with zeros
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MILLISECONDS}")
    cursor.close()
