"""`inthread thread …`: what is kept about a conversation, safe for a terminal."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from storage.database import Database
from storage.records import ReplyFigures, ReplyState
from storage.replies import ReplyStore
from tests.cli.conftest import Run, the_line
from tests.clock import START
from tests.conftest import TRAIL, a_question

FIGURES = ReplyFigures(model_id="m", prompt_tokens=10, new_tokens=20, seconds_to_first_token=0.5, seconds=2.5)


@pytest.fixture
async def told(database_file: Path) -> None:
    """One thread with an answered question that would clear the screen, and one question that waits."""
    async with await Database.open(f"sqlite:///{database_file}") as database:
        replies = ReplyStore(database, TRAIL)
        await replies.accept(a_question("1", reply_id="first-reply", text="How\x1b[2Jmuch?\u202eleave"), START)
        reply = await replies.claim("first-reply", START, timedelta(60))
        assert reply is not None
        await replies.record_final(reply, "Thirty\x1b]0;title\x07 days", "answered", START, FIGURES)
        await replies.record_closed(reply, ReplyState.DONE, START + timedelta(seconds=3), edits=4)
        await replies.accept(a_question("2", reply_id="second-reply", thread="2.0"), START + timedelta(seconds=60))


def test_threads_are_listed_newest_first(run: Run, told: None) -> None:
    lines = run("thread", "list").stdout.splitlines()

    assert [line.split()[0] for line in lines] == ["id", "2", "1"]
    assert "QUEUED" in lines[1]
    assert "slack/T1/C1/1.0" in lines[2]
    assert len(run("thread", "list", "--limit", "1").stdout.splitlines()) == 2


def test_a_thread_is_shown_by_its_number_and_by_a_reply(run: Run, told: None) -> None:
    by_number, by_reply = run("thread", "show", "1"), run("thread", "show", "first-reply")

    assert by_number.exit_code == by_reply.exit_code == 0
    assert by_number.stdout == by_reply.stdout
    for words in ("DONE, answered", "first-reply", "finished after 3.0 s", "20 new ones", "4 edits", "U1 asked"):
        assert words in by_number.stdout


def test_nothing_commands_the_terminal(run: Run, told: None) -> None:
    for shown in (run("thread", "show", "1").stdout, run("thread", "show", "1", "--json").stdout):
        assert not any(sign in shown for sign in ("\x1b", "\x07", "\u202e", "\\u001b", "\\u202e"))
        assert "Thirty]0;title days" in shown


def test_json_has_everything(run: Run, told: None) -> None:
    thread = json.loads(run("thread", "show", "2", "--json").stdout)

    assert thread["turns"][0]["reply"]["state"] == "QUEUED"
    assert json.loads(run("thread", "list", "--json").stdout)[0]["thread_id"] == 2


@pytest.mark.parametrize("wanted", ["99", "no-such-reply", "9" * 30, "\x1b[2J"])
def test_what_is_not_there_is_one_line(run: Run, told: None, wanted: str) -> None:
    result = run("thread", "show", wanted)

    assert result.exit_code == 1
    assert "inthread thread list" in the_line(result)
    assert "\x1b" not in result.stderr


def test_without_a_database_nothing_is_made(run: Run, folder: Path) -> None:
    assert run("thread", "list").exit_code == 1
    assert not (folder / "data").exists()


def test_an_empty_database_says_so(run: Run, database_file: Path) -> None:
    assert run("thread", "list").stdout == "no questions yet\n"
