"""`inthread db backup` and `db check`: on real files, with a service that writes."""

import stat
from contextlib import closing
from pathlib import Path

import pytest

from storage import sqlite
from storage.backup import back_up
from storage.database import Database
from storage.errors import BackupFailed
from storage.inspection import inspect_database
from storage.replies import ReplyStore
from tests.cli.conftest import Run, the_line
from tests.clock import START
from tests.conftest import TRAIL, a_question


def test_a_sound_database_is_said_to_be_sound(run: Run, database_file: Path) -> None:
    result = run("db", "check")

    assert result.exit_code == 0
    assert "sound, at revision" in result.stdout


def test_checking_makes_no_database(run: Run, folder: Path) -> None:
    result = run("db", "check")

    assert result.exit_code == 1
    assert "inthread db upgrade" in the_line(result)
    assert not (folder / "data").exists()


def test_damage_is_found(run: Run, database_file: Path) -> None:
    pages = bytearray(database_file.read_bytes())
    pages[4096 * 3 : 4096 * 4] = b"\xaa" * 4096
    database_file.write_bytes(pages)

    result = run("db", "check")

    assert result.exit_code == 1
    assert "restore a backup" in the_line(result)


def test_what_is_no_database_is_said(run: Run, database_file: Path) -> None:
    database_file.write_text("certainly not a database, but long enough to be looked at" * 20)

    result = run("db", "check")

    assert result.exit_code == 1
    assert "inthread.db" in the_line(result)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "newer inthread"),
        ("DELETE FROM alembic_version", "inthread db upgrade"),
        (
            "INSERT INTO turn (thread_id, exchange, role, text, created_at) VALUES (77, 1, 'user', '', 0)",
            "refers to a thread that is not there",
        ),
    ],
)
def test_wrong_contents_are_found(run: Run, database_file: Path, statement: str, words: str) -> None:
    with closing(sqlite.load_driver().connect(database_file)) as connection:
        connection.execute(statement)
        connection.commit()

    result = run("db", "check")

    assert result.exit_code == 1
    assert words in the_line(result)


async def test_a_backup_has_what_was_committed_while_the_database_is_open(database_path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    async with await Database.open(f"sqlite:///{database_path}") as database:
        await ReplyStore(database, TRAIL).accept(a_question(), START)  # in the WAL alone

        backup = back_up(f"sqlite:///{database_path}", target)

    assert backup.replies == 1
    assert inspect_database(f"sqlite:///{target}").faults == ()
    async with await Database.open(f"sqlite:///{target}") as restored:
        assert len(await ReplyStore(restored, TRAIL).open_replies()) == 1


def test_a_backup_is_one_file_for_its_owner_alone(run: Run, database_file: Path, folder: Path) -> None:
    result = run("db", "backup", "copy.db")

    assert result.exit_code == 0
    assert "checked" in result.stdout
    assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600
    assert {path.name for path in folder.iterdir()} == {"copy.db", "data"}


def test_nothing_is_overwritten_unless_it_is_meant(run: Run, database_file: Path, folder: Path) -> None:
    (folder / "copy.db").write_text("precious")

    refused = run("db", "backup", "copy.db")

    assert refused.exit_code == 1
    assert "--force" in the_line(refused)
    assert (folder / "copy.db").read_text() == "precious"
    assert run("db", "backup", "--force", "copy.db").exit_code == 0
    assert inspect_database(f"sqlite:///{folder / 'copy.db'}").faults == ()


@pytest.mark.parametrize("target", ["data/inthread.db", "data/inthread.db-wal", "data", "nowhere/copy.db"])
def test_impossible_places_are_refused_in_one_line(run: Run, database_file: Path, target: str) -> None:
    before = database_file.read_bytes()

    result = run("db", "backup", "--force", target)

    assert result.exit_code == 1
    assert target in the_line(result)
    assert database_file.read_bytes() == before


def test_of_a_damaged_database_no_backup_is_left(database_path: Path, tmp_path: Path) -> None:
    with closing(sqlite.load_driver().connect(database_path)) as connection:
        connection.execute(
            "INSERT INTO turn (thread_id, exchange, role, text, created_at) VALUES (77, 1, 'user', '', 0)"
        )
        connection.commit()
    target = tmp_path / "copy.db"

    with pytest.raises(BackupFailed, match="not sound"):
        back_up(f"sqlite:///{database_path}", target)
    assert list(tmp_path.glob("*copy.db*")) == []
