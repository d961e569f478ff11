"""`inthread faq …`: entries in and out of files, beside a service that has the database open."""

import asyncio
import json
import shutil
import stat
from pathlib import Path

import pytest

from storage.audit.opening import load_trail
from storage.audit.settings import AuditSettings
from storage.database import Database
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import EntryStatus
from tests.cli.conftest import Run, the_line
from tests.clock import START
from tests.conversation.knowledge.files.test_reading import OFFICE
from tests.storage.knowledge.samples import HR, a_text


@pytest.fixture
def office(folder: Path) -> Path:
    return Path(shutil.copy(OFFICE, folder / "office.yaml"))


@pytest.fixture
def imported(run: Run, database_file: Path, office: Path) -> None:
    assert run("faq", "import", "office.yaml").exit_code == 0


# ── import ───────────────────────────────────────────────────────────────────


def test_the_first_import_makes_the_database_and_says_what_was_added(run: Run, office: Path) -> None:
    result = run("faq", "import", "office.yaml")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "added    bicycles  Where can I park my bicycle?",
        "added    visitors  How do I announce a visitor?",
        "added    bicycles_zh  自行车停在哪里？",
        "added    lockers  How do I get a locker?",
        "4 entries: 4 added, 0 changed, 0 left alone",
    ]


def test_importing_again_changes_what_changed(run: Run, imported: None, office: Path) -> None:
    office.write_text(office.read_text("utf-8").replace("6:30 on", "7:00 on").replace("  status: draft\n", ""), "utf-8")

    assert run("faq", "import", "office.yaml").stdout.splitlines() == [
        "changed  bicycles  answer",
        "note     lockers stays draft: `status: published` in the file would change that",
        "4 entries: 0 added, 1 changed, 3 left alone",
    ]
    assert "0 changed, 4 left alone" in run("faq", "import", "office.yaml").stdout


def test_a_mistake_anywhere_and_nothing_is_imported(run: Run, database_file: Path, office: Path, folder: Path) -> None:
    (folder / "bad.csv").write_text("id,lang,question,answer\nx,de,q,\nbicycles,en,q,a", "utf-8")

    result = run("faq", "import", "office.yaml", "bad.csv")

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "bad.csv:2: there is no answer: write one, or leave the entry out",
        "bad.csv:2: unknown language 'de': write en or zh",
        "bad.csv:3: the id bicycles is given twice, first at office.yaml:3: change one of them",
        "inthread: nothing was imported because of 3 mistakes, each named by file and line: mend and try again",
    ]
    assert "no entries yet" in run("faq", "list").stdout


def test_a_dry_run_says_the_same_and_writes_nothing(run: Run, database_file: Path, office: Path) -> None:
    dry = run("faq", "import", "--dry-run", "office.yaml").stdout

    assert dry.endswith("left alone; nothing was written (--dry-run)\n")
    assert "no entries yet" in run("faq", "list").stdout
    assert run("faq", "import", "office.yaml").stdout.splitlines()[:-1] == dry.splitlines()[:-1]
    assert run("audit", "verify").stdout.startswith("4 entries")


def test_without_a_database_a_dry_run_makes_none(run: Run, office: Path, folder: Path) -> None:
    assert "inthread db upgrade" in the_line(run("faq", "import", "--dry-run", "office.yaml"))
    assert not (folder / "data").exists()


def test_a_missing_file_is_wrong_use(run: Run, folder: Path) -> None:
    assert run("faq", "import", "none.yaml").exit_code == 2
    assert run("faq", "import").exit_code == 2


async def test_a_service_that_has_the_database_open_sees_the_import_at_once(
    run: Run, database_file: Path, office: Path
) -> None:
    async with await Database.open(f"sqlite:///{database_file}") as database:
        entries = EntryStore(database, load_trail(AuditSettings().files(database_file.parent)))
        await entries.save("mine", a_text(), EntryStatus.PUBLISHED, HR, START)
        before = await entries.generation()

        assert (await asyncio.to_thread(run, "faq", "import", "office.yaml")).exit_code == 0

        assert await entries.generation() == before + 1
        assert len(await entries.published()) == 4
        await entries.set_status("mine", EntryStatus.RETIRED, HR, START)
    verified = await asyncio.to_thread(run, "audit", "verify")
    assert verified.stdout.startswith("6 entries, each as it was written")


# ── export ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("target", ["out.yaml", "out.csv", "out"])
def test_what_is_exported_changes_nothing_when_it_is_imported(
    run: Run, imported: None, folder: Path, target: str
) -> None:
    form = ("--format", "markdown") if target == "out" else ()

    exported = run("faq", "export", target, *form)

    assert exported.exit_code == 0
    assert exported.stdout.startswith(f"{target}: 4 entries as ")
    assert run("faq", "import", target).stdout == "4 entries: 0 added, 0 changed, 4 left alone\n"


def test_an_export_brings_everything_into_an_empty_database(run: Run, imported: None, folder: Path) -> None:
    run("faq", "export", "out.csv")
    before = json.loads(run("faq", "list", "--json").stdout)
    shutil.rmtree(folder / "data")

    run("faq", "import", "out.csv")

    after = json.loads(run("faq", "list", "--json").stdout)
    assert [{**entry, "revised_at": ""} for entry in after] == [{**entry, "revised_at": ""} for entry in before]


def test_exports_are_for_their_owner_alone_and_overwrite_nothing(run: Run, imported: None, folder: Path) -> None:
    assert run("faq", "export", "out.yaml", "--status", "draft").stdout == "out.yaml: 1 entry as yaml\n"

    assert stat.S_IMODE((folder / "out.yaml").stat().st_mode) == 0o600
    assert "--force" in the_line(run("faq", "export", "out.yaml"))
    assert run("faq", "export", "out.yaml", "--force").exit_code == 0


@pytest.mark.parametrize(
    ("target", "options", "words"),
    [
        ("out.txt", (), "add --format"),
        ("out.md", (), "name a folder"),
        ("data/inthread.db", ("--format", "yaml"), "inthread itself needs"),
        ("no/such/out", ("--format", "markdown"), "cannot make the folder"),
        ("no/such/out.csv", (), "cannot write"),
    ],
)
def test_impossible_targets_are_refused_in_one_line(
    run: Run, imported: None, target: str, options: tuple[str, ...], words: str
) -> None:
    result = run("faq", "export", target, *options)

    assert result.exit_code == 1
    assert words in the_line(result)


# ── list, show, check ────────────────────────────────────────────────────────


def test_entries_are_listed_by_id(run: Run, imported: None) -> None:
    lines = run("faq", "list").stdout.splitlines()

    assert [line.split()[0] for line in lines] == ["id", "bicycles", "bicycles_zh", "lockers", "visitors"]
    assert lines[4].split()[1:5] == ["en", "published", "1", "2026-12-31"]
    assert len(run("faq", "list", "--status", "draft").stdout.splitlines()) == 2
    assert run("faq", "list", "--status", "gone").exit_code == 2


def test_entries_are_found_by_their_words(run: Run, imported: None) -> None:
    def found(*options: str) -> list[str]:
        return [line.split()[0] for line in run("faq", "list", *options).stdout.splitlines()[1:]]

    assert found("--with", "the badge of a guest") == ["visitors", "bicycles"]  # for whomever they are
    assert found("--with", "自行车") == ["bicycles_zh"]
    assert found("--with", "locker") == []
    assert run("faq", "list", "--with", "locker").stdout == "no such entries: `inthread faq list` shows all there are\n"
    assert run("faq", "list", "--with", "locker", "--status", "draft").exit_code == 2


def test_an_entry_is_shown_in_full_as_it_is_and_as_it_was(run: Run, imported: None, office: Path) -> None:
    office.write_text(office.read_text("utf-8").replace("6:30 on", "7:00 on"), "utf-8")
    run("faq", "import", "office.yaml")

    shown = run("faq", "show", "bicycles").stdout

    for words in (
        "published, revision 2 by cli:",
        "is there a bike cellar\n",
        "audience      everyone",
        "│ - The gate",
    ):
        assert words in shown
    assert "7:00" in shown
    assert "6:30" in run("faq", "show", "bicycles", "--revision", "1").stdout
    assert json.loads(run("faq", "show", "bicycles", "--json").stdout)["revision"] == 2


@pytest.mark.parametrize(
    ("arguments", "words"), [(("nobody\x1b[2J",), "inthread faq list"), (("bicycles", "--revision", "7"), "1 to 1")]
)
def test_what_is_not_there_is_one_line(run: Run, imported: None, arguments: tuple[str, ...], words: str) -> None:
    result = run("faq", "show", *arguments)

    assert result.exit_code == 1
    assert words in the_line(result)
    assert "\x1b" not in result.stderr


def test_the_check_warns_and_does_not_fail(run: Run, imported: None, folder: Path) -> None:
    (folder / "more.csv").write_text("id,lang,question,answer,review_by\nold,en,Is it old?,Yes,2020-01-01", "utf-8")
    run("faq", "import", "more.csv")

    result = run("faq", "check")

    assert result.exit_code == 0
    assert "review overdue  old: was to be reviewed by 2020-01-01" in result.stdout
    assert "few variants    old: 0 variants" in result.stdout
    assert result.stdout.splitlines()[-1] == "4 entries, 4 warnings"
    assert len(json.loads(run("faq", "check", "--json").stdout)) == 4


def test_links_are_asked_for_only_with_the_option(run: Run, imported: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def status(_session: object, _method: str, address: str) -> int:
        asked.append(address)
        return 404

    monkeypatch.setattr("bot.desks.links._status", status)

    assert "dead link" not in run("faq", "check").stdout
    assert asked == []
    assert "dead link       bicycles: https://intranet.acme.test/facilities/sockets answers with 404" in (
        run("faq", "check", "--links").stdout
    )


def test_an_empty_faq_says_what_to_do(run: Run, database_file: Path) -> None:
    assert "inthread faq import" in run("faq", "list").stdout
    assert run("faq", "check").stdout == "0 entries, 0 warnings\n"
