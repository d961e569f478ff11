"""`inthread audit erase | hold | holds`: what they say, and what they refuse."""

import json
from pathlib import Path

import pytest

from storage.audit.opening import load_trail
from storage.audit.settings import AuditSettings
from storage.database import Database
from storage.replies import ReplyStore
from tests.cli.conftest import Run, the_line
from tests.clock import START
from tests.conftest import a_question

CANARY = "canary-91bb"


@pytest.fixture
async def asked(database_file: Path) -> Path:
    """Somebody has asked; the folder of the data."""
    trail = load_trail(AuditSettings().files(database_file.parent))
    async with await Database.open(f"sqlite:///{database_file}") as database:
        await ReplyStore(database, trail).accept(a_question(text=f"{CANARY} 年假"), START)
    return database_file.parent


ERASE = ("audit", "erase", "--platform", "slack", "--user", "U1")


def test_nothing_goes_before_it_is_meant(run: Run, asked: Path) -> None:
    result = run(*ERASE)

    assert result.exit_code == 0
    assert "would be erased: 1 questions, 1 texts of the audit log, 1 keys" in result.stdout
    assert run(*ERASE, "--yes").exit_code == 2  # without a reason
    assert run("audit", "verify").stdout.startswith("1 entries")


def test_a_person_is_erased_and_the_log_says_so(run: Run, asked: Path, folder: Path) -> None:
    result = run(*ERASE, "--reason", "asked for it", "--yes")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "entry 2 says so"
    assert "2 entries, each as it was written, 1 of them without their text" in run("audit", "verify").stdout
    run("audit", "export", "--out", "log.jsonl")
    assert CANARY not in (folder / "log.jsonl").read_text()
    assert not [path for path in asked.iterdir() if CANARY.encode() in path.read_bytes()]
    assert run("audit", "verify-export", "log.jsonl").exit_code == 0


def test_somebody_who_never_asked_is_no_success(run: Run, asked: Path) -> None:
    result = run("audit", "erase", "--platform", "web", "--user", "U1", "--reason", "asked for it", "--yes")

    assert result.exit_code == 1
    assert "nothing is kept about U1 of web" in the_line(result)


def test_what_is_held_stays_until_it_is_free(run: Run, asked: Path) -> None:
    hold = ("audit", "hold", "--platform", "slack", "--user", "U1", "--reason", "a lawsuit")

    assert run(*hold).stdout == "held: person U1 (slack)\n"
    assert "already under a hold" in the_line(run(*hold))
    assert "person U1 (slack) is under a hold" in the_line(run(*ERASE, "--reason", "asked for it", "--yes"))
    (held,) = json.loads(run("audit", "holds", "--json").stdout)
    assert (held["scope"], held["name"], held["reason"]) == ("person", "U1", "a lawsuit")
    assert "person U1 (slack)" in run("audit", "holds").stdout
    assert run(*hold, "--lift").stdout == "free again: person U1 (slack)\n"
    assert run("audit", "holds").stdout == "nothing is under a hold\n"
    assert run(*ERASE, "--reason", "asked for it", "--yes").exit_code == 0


def test_a_hold_is_of_one_thing(run: Run, asked: Path) -> None:
    both = ("--user", "U1", "--channel", "C1", "--reason", "x")

    assert run("audit", "hold", "--platform", "slack", *both).exit_code == 2
    assert run("audit", "hold", "--platform", "slack", "--reason", "x").exit_code == 2


def test_what_would_go_can_be_seen_beforehand(run: Run, asked: Path) -> None:
    """They asked long ago, by the clock of the machine."""
    soon = json.loads(run("audit", "retention", "--json").stdout)
    result = run("audit", "retention", "--in", "3650")

    assert "would go: 1 texts of the audit log" in result.stdout
    assert set(soon) == {"texts", "exchanges", "headers", "held"}
    assert run("audit", "retention", "--in", "1", "--run").exit_code == 2
    assert run("audit", "retention", "--run").exit_code == 0
