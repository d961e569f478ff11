"""Revisions lead to exactly the tables that the code declares, and back."""

from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config

from storage import migrations, sqlite
from storage.database import Database
from storage.errors import DatabaseOutdated, DatabaseUnusable

THREAD = "INSERT INTO thread VALUES (:id, :platform, 'T1', :channel, 't', '2026-01-01')"
QUESTION = (
    "INSERT INTO inbox (message_key, thread_id, exchange, user, address, sent_at, received_at)"
    " VALUES (:channel, :id, 1, 'U0ALICE', '{}', '2026-01-01', '2026-01-01')"
)


def config_for(connection: sqlalchemy.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent.parent / "alembic"))
    config.attributes["connection"] = connection
    return config


def maintenance(path: Path) -> sqlalchemy.Engine:
    return sqlite.open_maintenance_engine(sqlalchemy.make_url(f"sqlite:///{path}"))


def set_revision(path: Path, revision: str) -> None:
    with maintenance(path).begin() as connection:
        connection.execute(
            sqlalchemy.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision}
        )


def schema_of(path: Path) -> list[str]:
    with maintenance(path).connect() as connection:
        return list(connection.execute(sqlalchemy.text("SELECT sql FROM sqlite_master ORDER BY name")).scalars())


def test_the_models_are_what_the_revisions_make(database_path: Path) -> None:
    with maintenance(database_path).begin() as connection:
        command.check(config_for(connection))


def test_every_revision_can_be_taken_back_and_made_again(database_path: Path) -> None:
    before = schema_of(database_path)

    with maintenance(database_path).begin() as connection:
        command.downgrade(config_for(connection), "base")
        assert sqlalchemy.inspect(connection).get_table_names() == ["alembic_version"]
    migrations.upgrade(f"sqlite:///{database_path}")

    assert schema_of(database_path) == before


def test_earlier_questions_count_as_asked_where_others_read_along(database_path: Path) -> None:
    """Unless in a direct message: what is for somebody alone may only be shown there."""
    asked = {1: ("slack", "C0GENERAL"), 2: ("slack", "D0ALICE"), 3: ("web", "u-1")}
    with maintenance(database_path).begin() as connection:
        command.downgrade(config_for(connection), "0007")
        for number, (platform, channel) in asked.items():
            row = {"id": number, "platform": platform, "channel": channel}
            connection.execute(sqlalchemy.text(THREAD), row)
            connection.execute(sqlalchemy.text(QUESTION), row)
    migrations.upgrade(f"sqlite:///{database_path}")

    with maintenance(database_path).connect() as connection:
        rows = connection.execute(sqlalchemy.text("SELECT thread_id FROM inbox WHERE is_public"))
        assert list(rows.scalars()) == [1]


def test_upgrade_says_what_was_and_what_is(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"

    before, after = migrations.upgrade(url)

    assert before is None
    assert migrations.upgrade(url) == (after, after)


async def test_a_database_without_migrations_is_refused_with_the_command_to_run(tmp_path: Path) -> None:
    with pytest.raises(DatabaseOutdated, match=r"revision none.*run `inthread db upgrade`"):
        await Database.open(f"sqlite:///{tmp_path / 'empty.db'}")


async def test_a_database_of_a_newer_version_is_refused(database_path: Path) -> None:
    set_revision(database_path, "9999")

    with pytest.raises(DatabaseOutdated, match=r"9999.*newer inthread"):
        await Database.open(f"sqlite:///{database_path}")
    with pytest.raises(DatabaseOutdated, match=r"9999.*newer inthread"):
        migrations.upgrade(f"sqlite:///{database_path}")


async def test_an_sqlite_library_that_can_corrupt_the_file_is_refused(
    database_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = sqlite.load_driver()
    monkeypatch.setattr(driver, "sqlite_version_info", (3, 51, 2))
    monkeypatch.setattr(driver, "sqlite_version", "3.51.2")

    with pytest.raises(DatabaseUnusable, match=r"3\.51\.2 can corrupt.*pip install pysqlite3"):
        await Database.open(f"sqlite:///{database_path}")
    with pytest.raises(DatabaseUnusable, match="pip install"):
        migrations.upgrade(f"sqlite:///{database_path}")


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("sqlite:///{tmp_path}", "unable to open"),  # a folder
        ("sqlite:///{tmp_path}/no/such/folder/inthread.db", "unable to open|does not exist"),
        ("sqlite:///{tmp_path}/notes.txt", "not a database"),
        ("sqlite://", "in memory|names no file"),
        ("nonsense", r"\[storage\] url"),
        ("postgresql://db.example/inthread", r"SQLite"),
    ],
)
async def test_what_cannot_be_a_database_is_refused_in_one_line(tmp_path: Path, url: str, complaint: str) -> None:
    (tmp_path / "notes.txt").write_text("This is not a database, it is a note. " * 100)
    url = url.format(tmp_path=tmp_path)

    with pytest.raises(DatabaseUnusable, match=complaint) as upgrading:
        migrations.upgrade(url)
    with pytest.raises(DatabaseUnusable, match=complaint) as opening:
        await Database.open(url)

    assert "\n" not in f"{upgrading.value}{opening.value}"
