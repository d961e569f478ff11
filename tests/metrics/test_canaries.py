"""Words that must not leave: planted in questions and tokens, looked for in logs, figures and status."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import closing

import aiohttp
import pytest
import structlog

from bot.log import LogSettings, configure_logging
from bot.sandbox import Fault
from inference.scripted import ScriptedEngine
from storage import sqlite
from tests.metrics.conftest import Scraper
from tests.scenarios.house import ALICE, BRUNO, GENERAL, HELP_IT, House

QUESTION = "canaryquestion"
SECRET_KINDS = ("xoxb-", "xapp-", "ticket=", "/response/T")


class Log:
    """What was written to the log since the test began."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture(params=["json", "console"])
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """All of the process's lines, at the most talkative level."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = Log()
    monkeypatch.setattr("sys.stderr", written.stream)
    configure_logging(LogSettings(level="debug", format=request.param))
    structlog.configure(cache_logger_on_first_use=False)  # loggers of other tests' modules must forget this stream
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def test_no_word_and_no_token_leaves_whatever_breaks(
    house: House, scraper: Scraper, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.start(log={"level": "debug"})
    house.sandbox.faults.add(Fault("server_error", "chat.update", nth=1, status=503))
    house.sandbox.faults.add(Fault("reset_after_commit", "chat.postMessage", nth=2))

    well = await house.ask(ALICE, GENERAL, f"{QUESTION} well")
    await house.answered(GENERAL, well)
    assert await house.sandbox.employees.command(ALICE, GENERAL, "/faq", f"{QUESTION} by command")
    await house.until(lambda: len(house.sandbox.ephemerals(GENERAL, ALICE)) >= 2)
    await house.sandbox.kill_sockets()
    await house.until(lambda: house.sandbox.sockets >= 2)
    monkeypatch.setattr(ScriptedEngine, "stream", _stream_that_breaks)
    badly = await house.ask(BRUNO, HELP_IT, f"{QUESTION} badly")
    await house.answered(HELP_IT, badly)
    with _WithoutColumn(house):
        refused = await house.ask(ALICE, GENERAL, f"{QUESTION} into a broken database")
        await house.until(lambda: "no column named text" in log.text)
    figures, status = await scraper.text("metrics"), await scraper.text("statusz")
    await house.stop()

    assert refused
    assert "answer_failed" in log.text
    for place, text in {"log": log.text, "metrics": figures, "statusz": status}.items():
        for canary in (QUESTION, house.sandbox.bot_token, house.sandbox.app_token, *SECRET_KINDS):
            assert canary not in text, f"{canary} in {place}: {_around(text, canary)}"


async def _raise() -> None:
    raise RuntimeError("the engine broke")


async def _stream_that_breaks(self: ScriptedEngine, messages: object, *_rest: object) -> object:
    kept = messages  # a local variable with people's words, as a traceback with locals would show it
    await _raise()
    yield kept


class _WithoutColumn:
    """Writing a question down fails meanwhile, with the statement's parameters at hand."""

    def __init__(self, house: House) -> None:
        self._path = house.folder / "inthread.db"

    def _rename(self, old: str, new: str) -> None:
        with closing(sqlite.load_driver().connect(self._path, timeout=10)) as connection:
            connection.execute(f"ALTER TABLE turn RENAME COLUMN {old} TO {new}")
            connection.commit()

    def __enter__(self) -> None:
        self._rename("text", "text_away")

    def __exit__(self, *_error: object) -> None:
        self._rename("text_away", "text")


def _around(text: str, canary: str) -> str:
    at = text.index(canary)
    return text[max(0, at - 300) : at + 200]


@pytest.mark.parametrize("log", ["json"], indirect=True)
async def test_one_id_follows_a_question_through_its_lines(house: House, log: Log) -> None:
    await house.start()
    house.sandbox.faults.add(Fault("server_error", "chat.postMessage", nth=1, status=503))
    ts = await house.ask(ALICE, GENERAL, "follow me")
    await house.answered(GENERAL, ts)
    await house.stop()

    lines = log.lines()
    (reply_id,) = {line["reply_id"] for line in lines if line["event"] == "accepted"}
    about_it = [line["event"] for line in lines if line.get("reply_id") == reply_id]
    assert {"accepted", "duplicate_event", "post_ambiguous", "reply_closed"} <= set(about_it)
    assert {line.get("reply_id", reply_id) for line in lines} == {reply_id}


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("auth with xoxb-1-CANARY failed", "auth with [redacted] failed"),
        ("auth with xoxe.xoxp-1-CANARY failed", "auth with [redacted] failed"),
        ("xapp-1-A-CANARY", "[redacted]"),
        (
            "POST https://hooks.slack.com/commands/T1/CANARY/CANARY: 404",
            "POST https://hooks.slack.com/commands/[redacted]",
        ),
        (
            "wss://wss-primary.slack.com/link/?ticket=CANARY&app_id=1 broke",
            "wss-primary.slack.com/link/?[redacted] broke",
        ),
    ],
)
@pytest.mark.parametrize("log", ["json", "console"], indirect=True)
def test_what_opens_doors_is_taken_out_of_every_line(log: Log, line: str, kept: str) -> None:
    logging.getLogger("some.library").warning(line)
    try:
        raise RuntimeError(line)
    except RuntimeError:
        structlog.get_logger("ours").exception("broke", detail=line)

    assert "CANARY" not in log.text
    assert kept.split(":")[0] in log.text


async def test_http_errors_do_not_repeat_what_was_sent(house: House, scraper: Scraper, log: Log) -> None:
    await house.start()

    async with aiohttp.ClientSession() as session, session.post(f"{house.url}/metrics", data=QUESTION) as refused:
        assert refused.status == 405
        assert QUESTION not in await refused.text()
    assert QUESTION not in log.text
