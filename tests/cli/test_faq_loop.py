"""`inthread faq gaps | dismiss | variants`: the real encoder on a small FAQ of our own, and what people asked."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.clock import SystemClock
from storage import sqlite
from storage.audit.opening import load_trail
from storage.audit.settings import AuditSettings
from storage.basis import Basis, BasisKind
from storage.database import Database
from storage.knowledge.records import Entry
from tests.cli.conftest import Run, the_line
from tests.cli.test_faq_eval import encoded, imported  # noqa: F401 - fixtures
from tests.conversation.learning.bench import Bench

NOTHING = Basis(kind=BasisKind.NONE)
PARTY = "when is the summer party"
BADGE = "i lost the badge that opens the door"
Happen = Callable[[Callable[[Bench], Awaitable[object]]], None]


@pytest.fixture
def happen(imported: None, database_file: Path) -> Happen:  # noqa: F811
    """Lets people ask, in the database of the commands."""

    files = AuditSettings().files(database_file.parent)

    async def act(story: Callable[[Bench], Awaitable[object]]) -> None:
        async with await Database.open(f"sqlite:///{database_file}") as database:
            await story(Bench(database, SystemClock(), load_trail(files)))  # type: ignore[arg-type]

    return lambda story: asyncio.run(act(story))


async def badge_lost(bench: Bench) -> Entry:
    entry = await bench.entries.find("badge_lost")
    assert entry is not None
    return entry


@pytest.fixture
def asked(happen: Happen) -> None:
    async def story(bench: Bench) -> None:
        for user, text in (
            ("U1", PARTY),
            ("U2", "what day is our summer party"),
            ("U1", "is there a summer party this year"),
            ("U3", "when will my parcel from the post office arrive"),
            ("U1", "i lost my badge yesterday"),  # an entry answers it by now
            ("U1", "good morning"),
            ("U1", "夏天的聚会是什么时候"),
        ):
            await bench.ask(text, NOTHING, user=user)

    happen(story)


def readings(database_file: Path) -> list[tuple[str, int]]:
    """Which of people's questions were read, by whoever typed the command, and how many."""
    with closing(sqlite.load_driver().connect(database_file)) as connection:
        rows = connection.execute("SELECT header FROM audit_entry WHERE header LIKE '%questions_read%' ORDER BY seq")
        headers = [json.loads(header) for (header,) in rows]
    assert {header["via"] for header in headers} <= {"cli"}
    return [(header["report"], header["questions"]) for header in headers]


def test_who_reads_what_people_asked_is_on_record(run: Run, asked: None, database_file: Path) -> None:
    gap_id = json.loads(run("faq", "gaps", "--json").stdout)[0]["id"]
    run("faq", "variants")  # there are none
    run("faq", "dismiss", gap_id)
    run("faq", "gaps", "--dismissed")

    assert readings(database_file) == [("gaps", 5), ("dismissed_gaps", 1)]


def test_gaps_are_listed_the_largest_first(run: Run, asked: None) -> None:
    lines = run("faq", "gaps").stdout.splitlines()

    assert lines[0].split()[:4] == ["3", "×", "by", "2"]
    assert "summer party" in lines[0]
    assert sum("also:" in line and "summer party" in line for line in lines) == 2
    assert lines[-1] == "3 gaps, 5 questions of the last 30 days"
    assert "badge" not in "".join(line for line in lines if "nearest" not in line)


def test_gaps_for_machines(run: Run, asked: None) -> None:
    gaps = json.loads(run("faq", "gaps", "--since", "7", "--json").stdout)

    assert (gaps[0]["lang"], gaps[0]["size"], gaps[0]["people"]) == ("en", 3, 2)
    assert sorted(gap["lang"] for gap in gaps) == ["en", "en", "zh"]
    assert gaps[0]["reasons"] == {"no verified answer": 3}
    assert set(gaps[0]["nearest"][0]) == {"entry", "score"}


def test_a_dismissed_gap_stays_away_until_it_is_brought_back(run: Run, asked: None) -> None:
    gap_id = json.loads(run("faq", "gaps", "--json").stdout)[0]["id"]

    assert run("faq", "dismiss", gap_id).stdout.startswith("put aside, with 3 asked: ")
    assert "party" not in run("faq", "gaps").stdout
    assert json.loads(run("faq", "gaps", "--dismissed", "--json").stdout)[0]["id"] == gap_id
    assert "is no" not in run("faq", "gaps", "--dismissed").stdout
    assert "no gap" in the_line(run("faq", "dismiss", gap_id))

    assert "shown again: " in run("faq", "dismiss", "--undo", gap_id).stdout
    assert "party" in run("faq", "gaps").stdout
    assert "there is none" in the_line(run("faq", "dismiss", "--undo", gap_id))
    assert run("audit", "verify").exit_code == 0


def test_variants_are_accepted_and_rejected_by_their_keys(run: Run, happen: Happen) -> None:
    async def story(bench: Bench) -> None:
        entry = await badge_lost(bench)
        await bench.thumb("U1", entry, BADGE)
        await bench.thumb("U1", entry, "somebody has found my badge, what should i do with it")
        await bench.thumb("U1", entry, "my badge 4711081 is lost")

    happen(story)
    lines = run("faq", "variants").stdout.splitlines()
    keys = {line.split("  ")[-1]: line.split()[0] for line in lines[:-1]}

    assert lines[-1].endswith("1 held back, --refused says why")
    assert "long number" in run("faq", "variants", "--refused").stdout
    accepted = run("faq", "variants", "--accept", keys.pop(BADGE))
    assert accepted.stdout == f"accepted  badge_lost revision 2: {BADGE}\n"
    (other,) = keys.values()
    assert run("faq", "variants", "--reject", other).stdout.startswith("rejected  badge_lost: somebody")
    assert "0 proposed variants" in run("faq", "variants").stdout
    assert [one["obstacle"] for one in json.loads(run("faq", "variants", "--json").stdout)] == [
        "it has an address, a link, somebody's name or a long number in it",
        "somebody has rejected it",
    ]
    assert BADGE in run("faq", "show", "badge_lost").stdout


def test_what_stands_against_a_variant_stands_against_people_too(run: Run, happen: Happen) -> None:
    async def story(bench: Bench) -> None:
        await bench.thumb("U1", await badge_lost(bench), "my badge 4711081 is lost")

    happen(story)
    [one] = json.loads(run("faq", "variants", "--json").stdout)

    refused = run("faq", "variants", "--accept", one["key"])

    assert refused.exit_code == 1
    assert "long number" in the_line(refused)
    assert "there is none" in the_line(run("faq", "variants", "--accept", "nothing"))


# ── replay ───────────────────────────────────────────────────────────────────

PARTY_ENTRY = """entries:
- id: party
  lang: en
  question: When is the summer party?
  variants: [what day is our summer party, date of the summer party, is there a summer party this year]
  answer: On the first Friday of July.
- id: badge_lost
  lang: en
  question: What do I do when I have lost my badge?
  variants: [my badge is gone, "i lost my access card, who do i tell", somebody stole my building pass]
  answer: Tell reception.
"""


def test_a_replay_says_what_would_move_and_changes_no_entry(
    run: Run, asked: None, folder: Path, database_file: Path
) -> None:
    (folder / "party.yaml").write_text(PARTY_ENTRY, "utf-8")
    result = run("faq", "replay", "party.yaml", "--last", "6", "--json")

    replay = json.loads(result.stdout)
    assert (result.exit_code, replay["questions"], replay["changed"]) == (0, 6, ["party", "badge_lost"])
    moves = {move["text"]: move for move in replay["moves"]}
    assert moves["what day is our summer party"]["to"] == {"outcome": "direct", "entries": ["party"]}
    assert moves["i lost my badge yesterday"]["reworded"]
    assert PARTY not in moves, "it is older than the last six"
    assert sum(count["count"] for count in replay["counts"]) == replay["moved"] == len(moves)
    assert readings(database_file) == [("replay", len(moves))]
    assert list((folder / "data").glob("replay-*")) == []
    assert "party" not in run("faq", "list").stdout


def test_what_a_killed_replay_left_is_removed_by_a_later_one(run: Run, asked: None, folder: Path) -> None:
    left, running = folder / "data" / "replay-left", folder / "data" / "replay-running"
    for place in (left, running):
        place.mkdir()
    os.utime(left, (0, 0))
    (folder / "party.yaml").write_text(PARTY_ENTRY, "utf-8")
    assert run("faq", "replay", "party.yaml", "--last", "1").exit_code == 0
    assert (left.exists(), running.exists()) == (False, True)


def test_a_replay_for_people(run: Run, asked: None, folder: Path) -> None:
    (folder / "party.yaml").write_text(PARTY_ENTRY, "utf-8")
    lines = run("faq", "replay", "party.yaml").stdout.splitlines()
    assert any(line.endswith("direct badge_lost → direct badge_lost, reworded") for line in lines)
    assert lines[-1].endswith(
        "of the last 7 questions are answered otherwise when 2 entries change; no entry was changed"
    )


def test_a_replay_of_drafts(run: Run, asked: None, folder: Path) -> None:
    assert "name a FILE" in the_line(run("faq", "replay"))
    (folder / "party.yaml").write_text(PARTY_ENTRY.replace("  answer: On", "  status: draft\n  answer: On"), "utf-8")
    run("faq", "import", "party.yaml")

    replay = json.loads(run("faq", "replay", "--json").stdout)

    assert replay["changed"] == ["party"]
    assert {move["to"]["entries"][0] for move in replay["moves"]} == {"party"}


def test_a_replay_of_a_file_with_mistakes(run: Run, asked: None, folder: Path) -> None:
    (folder / "bad.csv").write_text("id,lang,question,answer\nx,de,q,a", "utf-8")
    result = run("faq", "replay", "bad.csv")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == "bad.csv:2: unknown language 'de': write en or zh"


# ── when there is nothing ────────────────────────────────────────────────────


def test_without_anything_asked(run: Run, imported: None) -> None:  # noqa: F811
    assert run("faq", "gaps").stdout == "0 gaps, 0 questions of the last 30 days\n"
    assert run("faq", "variants").stdout.startswith("0 proposed variants")


def test_without_a_database(run: Run, folder: Path) -> None:
    assert "inthread db upgrade" in the_line(run("faq", "gaps"))


@pytest.mark.usefixtures("encoded")
def test_wrong_use(run: Run) -> None:
    assert run("faq", "gaps", "--since", "0").exit_code == 2
    assert run("faq", "dismiss").exit_code == 2
