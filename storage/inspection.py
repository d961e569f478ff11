"""Whether the database file is sound: looked at from outside, without changing it, while a service may be using it."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage import sqlite
from storage.errors import DatabaseOutdated, DatabaseUnusable
from storage.migrations import require_revision

MOST_FAULTS = 5


@dataclass(frozen=True, slots=True)
class DatabaseReport:
    """`faults` is empty when nothing is wrong; each is a clause for a person."""

    path: Path
    size: int
    revision: str | None
    faults: tuple[str, ...]


def sqlite_version() -> str:
    """Of the library in use. Raises: DatabaseUnusable, when it is one that corrupts."""
    return str(sqlite.load_driver().sqlite_version)


def database_file(url: str) -> Path:
    """The existing file. Raises: DatabaseUnusable."""
    path = Path(sqlite.parse_url(url, folder_exists=False).database or "")
    if not path.is_file():
        raise DatabaseUnusable(f"there is no database at {path} yet: type `inthread db upgrade`, or check the settings")
    return path


def inspect_database(url: str, *, quick: bool = False) -> DatabaseReport:
    """Read every page. `quick` skips comparing indexes with tables, and references. Blocks.

    Raises: DatabaseUnusable, when the file is missing or cannot be opened.
    """
    path = database_file(url)
    with open_connection(path) as connection:
        faults = find_damage(connection, quick=quick)
        revision = read_revision(connection)
    try:
        require_revision(revision)
    except DatabaseOutdated as error:
        faults.append(str(error))
    return DatabaseReport(path, path.stat().st_size, revision, tuple(faults))


def find_damage(connection: Any, *, quick: bool = False) -> list[str]:
    """What SQLite's own checks find, a few of each kind."""
    check = "quick_check" if quick else "integrity_check"
    rows = [str(row[0]) for row in connection.execute(f"PRAGMA {check}({MOST_FAULTS})")]
    faults = [] if rows == ["ok"] else ["damaged: " + " ".join(" | ".join(rows).split()) + ": restore a backup"]
    if not quick:
        dangling = connection.execute("PRAGMA foreign_key_check").fetchmany(MOST_FAULTS)
        faults += [f"row {row} of {table} refers to a {parent} that is not there" for table, row, parent, _ in dangling]
    return faults


def read_revision(connection: Any) -> str | None:
    """None when no migration ever ran."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return None if row is None else str(row[0])


@contextmanager
def open_connection(path: Path, *, read_only: bool = True) -> Generator[Any, None, None]:
    """A connection of the driver's. Raises: DatabaseUnusable, for whatever SQLite says inside the block."""
    driver = sqlite.load_driver()
    mode, verb = ("ro", "read") if read_only else ("rw", "write")
    location = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        with closing(driver.connect(location, uri=True, timeout=sqlite.BUSY_TIMEOUT_MILLISECONDS / 1000)) as connection:
            yield connection
    except driver.Error as error:
        raise DatabaseUnusable(
            f"cannot {verb} the database {path} ({error}): check its permissions and the disk, or restore a backup"
        ) from error
