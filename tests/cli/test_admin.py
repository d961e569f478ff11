"""`inthread admin`: accounts of the admin pages, made and taken away at the machine."""

from pathlib import Path

from click.testing import CliRunner

from bot.cli import main
from tests.cli.conftest import Run, the_line

PASSWORD = "correct horse battery"


def test_an_account_is_added_listed_changed_and_removed(run: Run, database_file: Path) -> None:
    added = CliRunner().invoke(
        main,
        ["admin", "add", "anna", "--role", "auditor", "--role", "admin", "--password-stdin"],
        input=PASSWORD + "\n",
    )
    assert added.exit_code == 0, added.output
    assert "the pages are off" in added.stdout
    assert "admin, auditor" in run("admin", "list").stdout
    assert run("admin", "roles", "anna", "--role", "viewer").exit_code == 0
    assert '"viewer"' in run("admin", "list", "--json").stdout
    assert run("admin", "remove", "anna").exit_code == 0
    assert "no accounts yet" in run("admin", "list").stdout
    assert run("audit", "verify").stdout.startswith("3 entries")


def test_a_password_is_asked_for_twice_and_not_shown(run: Run, database_file: Path) -> None:
    added = CliRunner().invoke(main, ["admin", "add", "anna", "--role", "viewer"], input=f"{PASSWORD}\n{PASSWORD}\n")

    assert added.exit_code == 0
    assert PASSWORD not in added.output


def test_what_cannot_be_done_is_said_in_a_line(run: Run, database_file: Path) -> None:
    weak = CliRunner().invoke(main, ["admin", "add", "anna", "--role", "viewer", "--password-stdin"], input="short\n")
    assert "at least 12 characters" in the_line(weak)
    assert run("admin", "add", "ben", "--role", "viewer", "--no-password").exit_code == 0
    assert "already" in the_line(run("admin", "add", "ben", "--role", "viewer", "--no-password"))
    assert "no account" in the_line(run("admin", "remove", "nobody"))
    assert run("admin", "add", "ben").exit_code == 2
