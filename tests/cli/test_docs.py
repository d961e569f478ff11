"""`inthread docs …`: handbooks taken over, kept current, not shown to the wrong people by an oversight."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run, the_line

PAY = "managers/pay.txt"


@pytest.fixture
def handbook(folder: Path) -> Path:
    texts = {
        "welcome.md": "# Welcome\n\nHello.\n\n## Wifi\n\nIt is called ACME.",
        "leave.md": "Twenty days.",
        PAY: "Reviewed in May.",
    }
    for name, text in texts.items():
        path = folder / "handbook" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder / "handbook"


def test_a_handbook_is_imported_and_kept_current(run: Run, handbook: Path) -> None:
    assert run("docs", "import", "handbook").stdout.splitlines() == [
        "added    handbook/leave.md  1 passage",
        "added    handbook/managers/pay.txt  1 passage",
        "added    handbook/welcome.md  2 passages",
        "3 documents: 3 added, 0 changed, 0 left alone, 0 removed; 4 passages",
    ]
    (handbook / "leave.md").unlink()
    (handbook / "welcome.md").write_text("# Welcome\n\nHello.\n\n## Wifi\n\nIt is called ACME-5.", "utf-8")
    changes = [
        "changed  handbook/welcome.md  1 of 2 passages new",
        "removed  handbook/leave.md",
        "3 documents: 0 added, 1 changed, 1 left alone, 1 removed; 3 passages",
    ]

    dry = run("docs", "import", "--dry-run", "handbook").stdout.splitlines()

    assert dry == [*changes[:2], f"{changes[2]}; nothing was written (--dry-run)"]
    assert run("docs", "import", "handbook").stdout.splitlines() == changes
    assert "2 left alone" in run("docs", "import", "handbook").stdout
    assert run("audit", "verify").stdout.startswith("5 entries")


def test_documents_are_listed(run: Run, handbook: Path) -> None:
    run("docs", "import", "handbook", "--audience", "managers=group:S1,channel:C1", "--name", "Acme 2026")

    lines = run("docs", "list").stdout.splitlines()

    assert lines[2].endswith("Acme 2026/managers/pay.txt  for group:S1, channel:C1")
    assert lines[3].split()[0] == "2"
    assert json.loads(run("docs", "list", "--json").stdout)[0]["collection"] == "Acme 2026"


def test_an_option_that_was_forgotten_shows_nobody_what_was_not_for_them(run: Run, handbook: Path) -> None:
    run("docs", "import", "handbook", "--audience", "managers=group:S1")

    forgotten = run("docs", "import", "handbook")

    assert forgotten.exit_code == 1
    assert "managers/pay.txt was imported for group:S1 only" in the_line(forgotten)
    assert "for group:S1" in run("docs", "list").stdout
    assert run("docs", "import", "handbook", "--audience", "managers=everyone").exit_code == 0
    assert "for group:S1" not in run("docs", "list").stdout


def test_another_handbook_of_the_same_name_replaces_nothing_by_accident(run: Run, handbook: Path, folder: Path) -> None:
    run("docs", "import", "handbook")
    other = folder / "other" / "handbook"
    other.mkdir(parents=True)
    (other / "it.md").write_text("Call 8800.", "utf-8")

    refused = run("docs", "import", str(other))

    assert "--name" in the_line(refused)
    assert len(run("docs", "list").stdout.splitlines()) == 4
    assert run("docs", "import", str(other), "--replace").exit_code == 0
    assert len(run("docs", "list").stdout.splitlines()) == 2


def test_a_handbook_can_be_removed(run: Run, handbook: Path) -> None:
    run("docs", "import", "handbook")

    assert "removed  handbook/leave.md" in run("docs", "remove", "handbook").stdout
    assert "inthread docs import" in run("docs", "list").stdout
    assert "inthread docs list" in the_line(run("docs", "remove", "handbook"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--audience", "mangers=group:S1"), "no folder mangers"),
        (("--audience", "managers"), "FOLDER=AUDIENCE"),
        (("--audience", "managers=all"), "unknown audience 'all'"),
        (("--base-url", "wiki"), "https://"),
        (("--name", "a/b"), "without a slash"),
        (("--name", ""), "without a slash"),
    ],
)
def test_wrong_use_is_told_apart(run: Run, handbook: Path, options: tuple[str, ...], words: str) -> None:
    result = run("docs", "import", "handbook", *options)

    assert result.exit_code == 2
    assert words in result.stderr


def test_files_that_cannot_be_read_and_folders_without_any_are_said(run: Run, handbook: Path, folder: Path) -> None:
    (handbook / "leave.md").write_bytes(b"\xff\xfe")

    refused = run("docs", "import", "handbook")

    assert refused.exit_code == 1
    assert refused.stderr.splitlines()[0] == "handbook/leave.md:1: is in UTF-16: save it as UTF-8"
    shutil.rmtree(handbook)
    handbook.mkdir()
    assert "no handbook in handbook" in the_line(run("docs", "import", "handbook"))
