"""`inthread audit`: exit codes, the last line, and files that are whole or not there."""

import json
import socket
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from storage import sqlite
from storage.audit.key_store import open_body_keys
from storage.audit.log import AuditEntry, append
from storage.database import Database
from tests.cli.conftest import Run, the_line
from tests.clock import START


@pytest.fixture
async def log(database_file: Path) -> Path:
    """The database, with an audit log of five entries."""

    keys = open_body_keys(database_file.parent / "audit-keys.db", database_file.parent / "audit-master.key")

    def write(connection: Connection) -> None:
        for number in range(1, 6):
            append(
                connection, keys, AuditEntry("question", START, {"exchange": number}, {"text": f"question {number}"})
            )

    async with await Database.open(f"sqlite:///{database_file}") as database:
        await database.write(write)
    return database_file


def tamper(database: Path, statement: str) -> None:
    with closing(sqlite.load_driver().connect(database)) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_sound_log_is_praised_in_one_line(run: Run, log: Path) -> None:
    result = run("audit", "verify")

    assert (result.exit_code, result.stderr) == (0, "")
    (line,) = result.stdout.splitlines()
    assert "5 entries, each as it was written" in line


def test_an_empty_log_is_sound_and_so_is_its_export(run: Run, database_file: Path) -> None:
    assert run("audit", "verify").stdout == "no entries yet\n"
    assert run("audit", "export", "--out", "log.jsonl").exit_code == 0
    assert run("audit", "verify-export", "log.jsonl").stdout == "no entries yet\n"


@pytest.mark.parametrize(
    ("statement", "bad"),
    [
        ("UPDATE audit_entry SET sealed = (SELECT sealed FROM audit_entry WHERE seq = 2) WHERE seq = 3", 3),
        ("UPDATE audit_entry SET header = replace(header, '2026', '2025') WHERE seq = 5", 5),
        ("UPDATE audit_entry SET sealed = NULL WHERE seq = 2", 2),
        ("UPDATE audit_entry SET key_id = zeroblob(16) WHERE seq = 2", 2),
        ("UPDATE audit_entry SET body = NULL, sealed = zeroblob(90) WHERE seq = 4", 4),
        ("DELETE FROM audit_entry WHERE seq = 1", 1),
        ("UPDATE audit_entry SET header = CAST(x'ff0a' AS TEXT) WHERE seq = 4", 4),
    ],
)
def test_the_first_bad_entry_stands_in_the_last_line(run: Run, log: Path, statement: str, bad: int) -> None:
    tamper(log, statement)

    live = run("audit", "verify")
    assert run("audit", "export", "--out", "log.jsonl").exit_code == 0
    exported = run("audit", "verify-export", "log.jsonl")

    for result in (live, exported):
        assert result.exit_code == 1
        assert result.output.splitlines()[-1] == f"first bad entry: {bad}"
        assert f"entry {bad} is not as it was written" in the_line(result)


def test_an_export_is_checked_with_nothing_but_the_file(run: Run, log: Path, folder: Path) -> None:
    exported = run("audit", "export", "--out", "log.jsonl")
    log.unlink()

    result = run("audit", "verify-export", "log.jsonl")

    assert (exported.exit_code, result.exit_code) == (0, 0)
    assert "5 entries, each as it was written" in result.stdout
    manifest, *lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    assert (manifest["type"], manifest["format"], manifest["from_seq"], manifest["to_seq"]) == ("manifest", 1, 1, 5)
    said = [line["body"]["text"] for line in lines if line["type"] == "entry"]
    assert said == [f"question {number}" for number in range(1, 6)]


def test_an_export_is_one_file_for_its_owner_alone(run: Run, log: Path, folder: Path) -> None:
    run("audit", "export", "--out", "log.jsonl")

    assert stat.S_IMODE((folder / "log.jsonl").stat().st_mode) == 0o600
    assert {path.name for path in folder.iterdir()} == {"log.jsonl", "data"}


def test_what_nobody_has_signed_is_said(run: Run, log: Path, folder: Path) -> None:
    assert run("audit", "export", "--out", "log.jsonl").exit_code == 0
    (folder / "key.pem").write_text(run("audit", "public-key").stdout)
    assert "under no checkpoint" not in run("audit", "verify-export", "log.jsonl", "--key", "key.pem").stdout
    lines = (folder / "log.jsonl").read_text().splitlines(keepends=True)
    (folder / "log.jsonl").write_text("".join(line for line in lines if '"type":"checkpoint"' not in line))

    checked = run("audit", "verify-export", "log.jsonl", "--key", "key.pem")

    assert checked.exit_code == 0
    assert "are under no checkpoint" in checked.stdout


def test_nothing_is_overwritten_unless_it_is_meant(run: Run, log: Path, folder: Path) -> None:
    (folder / "log.jsonl").write_text("precious")

    refused = run("audit", "export", "--out", "log.jsonl")

    assert refused.exit_code == 1
    assert "--force" in the_line(refused)
    assert (folder / "log.jsonl").read_text() == "precious"
    assert run("audit", "export", "--out", "log.jsonl", "--force").exit_code == 0
    assert run("audit", "verify-export", "log.jsonl").exit_code == 0


@pytest.mark.parametrize(
    "target", ["data/inthread.db", "data/audit-keys.db", "data/audit-master.key", "data", "nowhere/log.jsonl"]
)
def test_impossible_places_are_refused_in_one_line(run: Run, log: Path, target: str) -> None:
    before = log.read_bytes()

    result = run("audit", "export", "--force", "--out", target)

    assert result.exit_code == 1
    assert target in the_line(result)
    assert log.read_bytes() == before


@pytest.mark.parametrize("command", [("verify",), ("export", "--out", "log.jsonl")])
def test_without_a_database_none_is_made(run: Run, folder: Path, command: tuple[str, ...]) -> None:
    result = run("audit", *command)

    assert result.exit_code == 1
    assert "inthread db upgrade" in the_line(result)
    assert list(folder.iterdir()) == []


def test_a_damaged_database_is_said_in_one_line(run: Run, log: Path) -> None:
    tamper(log, "ALTER TABLE audit_entry RENAME COLUMN prev TO previous")

    result = run("audit", "verify")

    assert result.exit_code == 1
    assert "inthread db check" in the_line(result)


@pytest.mark.parametrize("contents", ["", "notes\n", "[]\n", '{"type":"entry"}\n', '{"type":"manifest","format":9}\n'])
def test_another_file_is_no_export(run: Run, folder: Path, contents: str) -> None:
    (folder / "notes.txt").write_text(contents)

    result = run("audit", "verify-export", "notes.txt")

    assert result.exit_code == 1
    assert "notes.txt is no audit export" in the_line(result)


def test_a_newer_format_is_not_guessed_at(run: Run, folder: Path) -> None:
    manifest = {"type": "manifest", "format": 2, "from_seq": 1, "to_seq": 0, "created": ""}
    (folder / "log.jsonl").write_text(json.dumps(manifest))

    assert "newer inthread" in the_line(run("audit", "verify-export", "log.jsonl"))


@pytest.mark.parametrize("command", [("export",), ("verify-export",), ("verify-export", "nowhere.jsonl")])
def test_wrong_use_is_told_apart_from_failure(run: Run, folder: Path, command: tuple[str, ...]) -> None:
    assert run("audit", *command).exit_code == 2


def test_a_checkpoint_is_signed_printed_and_written_down(run: Run, log: Path, folder: Path) -> None:
    result = run("audit", "checkpoint")

    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["size"] == 5
    assert (folder / "data" / "audit-checkpoints.jsonl").read_text() == result.stdout
    assert run("audit", "checkpoint").stdout == result.stdout  # nothing is new
    assert "the last of 1 checkpoints covers 5" in run("audit", "verify").stdout


def test_what_a_syslog_has_kept_finds_that_the_end_was_cut_off(
    run: Run, log: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTHREAD_AUDIT__CHECKPOINT_SYSLOG", str(folder / "syslog"))
    assert "cannot send to the syslog" in the_line(run("audit", "checkpoint"))
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as syslog:
        syslog.bind(str(folder / "syslog"))
        assert run("audit", "checkpoint").exit_code == 0
        kept = b"Mar  2 09:00:00 faq " + syslog.recv(65_536).partition(b">")[2] + b"\n"
    (folder / "daemon.log").write_bytes(b"Mar  2 08:59:59 faq cron[7]: session opened\n" + kept)
    assert run("audit", "verify", "--checkpoints", "daemon.log").exit_code == 0

    tamper(log, "DELETE FROM audit_entry WHERE seq > 3")
    tamper(log, "DELETE FROM audit_checkpoint")

    found = run("audit", "verify", "--checkpoints", "daemon.log")
    assert (found.exit_code, found.stdout.splitlines()[-1]) == (1, "first bad entry: 4")


def test_an_export_is_checked_with_the_public_key_and_kept_checkpoints(run: Run, log: Path, folder: Path) -> None:
    (folder / "kept.jsonl").write_text(run("audit", "checkpoint").stdout)
    (folder / "public.pem").write_text(run("audit", "public-key").stdout)
    run("audit", "export", "--out", "log.jsonl")
    check = ("audit", "verify-export", "log.jsonl", "--key", "public.pem")

    assert "checkpoints covers 5" in run(*check).stdout
    assert "signatures were not checked" in run("audit", "verify-export", "log.jsonl").stdout
    lines = (folder / "log.jsonl").read_text().replace('"to_seq":5', '"to_seq":3').splitlines(keepends=True)
    (folder / "log.jsonl").write_text("".join(lines[:4]))
    assert run(*check).exit_code == 0  # nobody can tell from the file alone
    cut = run(*check, "--checkpoints", "kept.jsonl")
    assert (cut.exit_code, cut.stdout.splitlines()[-1]) == (1, "first bad entry: 4")
    assert run("audit", "verify-export", "log.jsonl", "--checkpoints", "kept.jsonl").exit_code == 2


def test_a_database_put_back_is_found_against_the_file_of_checkpoints(run: Run, log: Path) -> None:
    run("audit", "checkpoint")
    tamper(log, "DELETE FROM audit_entry WHERE seq > 2")
    tamper(log, "DELETE FROM audit_checkpoint")

    result = run("audit", "verify")

    assert (result.exit_code, result.output.splitlines()[-1]) == (1, "first bad entry: 3")


def test_a_file_that_is_no_key_is_said_in_one_line(run: Run, log: Path, folder: Path) -> None:
    run("audit", "export", "--out", "log.jsonl")

    result = run("audit", "verify-export", "log.jsonl", "--key", "log.jsonl")

    assert result.exit_code == 1
    assert "inthread audit public-key" in the_line(result)


def test_that_the_log_was_taken_is_on_record_and_the_file_is_signed_to_its_end(
    run: Run, log: Path, folder: Path
) -> None:
    (folder / "public.pem").write_text(run("audit", "public-key").stdout)
    run("audit", "export", "--out", "one.jsonl", "--reason", "works council")
    run("audit", "export", "--out", "two.jsonl")

    first, second = ((folder / name).read_text().splitlines() for name in ("one.jsonl", "two.jsonl"))
    assert json.loads(first[-1])["size"] == 5
    taken = json.loads(second[-2])
    assert (taken["header"]["kind"], taken["header"]["to_seq"]) == ("log_exported", 5)
    assert taken["body"] == {"reason": "works council"}
    assert "checkpoints covers 6" in run("audit", "verify-export", "two.jsonl", "--key", "public.pem").stdout
