"""Bringing a database to the revision this version needs, through alembic."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from storage import sqlite
from storage.errors import DatabaseOutdated, DatabaseUnavailable, DatabaseUnusable


def _scripts_folder() -> Path:
    """The revisions: `alembic/` beside this package in a checkout, `storage/_revisions` in an installed wheel."""
    packaged = Path(__file__).parent / "_revisions"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "alembic"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_scripts_folder()))
    config.attributes["connection"] = connection
    return config


def upgrade(url: str) -> tuple[str | None, str | None]:
    """Create or migrate the database; the revision before and after. Blocks. Does nothing when it is current.

    Raises: DatabaseUnusable; DatabaseOutdated when the file comes from a newer version.
    """
    engine = sqlite.open_maintenance_engine(sqlite.parse_url(url))
    try:
        with engine.begin() as connection:
            before = _revision(connection)
            _refuse_unknown(before)
            if before != _revisions()[-1]:
                command.upgrade(_config(connection), "head")
            return before, _revision(connection)
    except DatabaseError as error:
        if trouble := sqlite.find_trouble(error):
            raise DatabaseUnavailable(trouble) from error
        raise DatabaseUnusable(f"cannot migrate the database: {error.orig}: check [storage] url") from error
    finally:
        engine.dispose()


def require_current(connection: Connection) -> None:
    """Raises: DatabaseOutdated, when `inthread db upgrade` has to run first or the file is from a newer version."""
    require_revision(_revision(connection))


def require_revision(revision: str | None) -> None:
    """Raises: DatabaseOutdated, as `require_current`."""
    head = _revisions()[-1]
    _refuse_unknown(revision)
    if revision != head:
        raise DatabaseOutdated(
            f"the database is at revision {revision or 'none'}, this version needs {head}: run `inthread db upgrade`"
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@cache
def _revisions() -> tuple[str, ...]:
    """All that this version knows, the newest last. Each is a file: they are read once in a process."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return tuple(reversed([script.revision for script in scripts]))


def _refuse_unknown(revision: str | None) -> None:
    if revision is not None and revision not in _revisions():
        raise DatabaseOutdated(
            f"the database is at revision {revision}, which this version does not know: "
            "it was written by a newer inthread; install that version again"
        )
