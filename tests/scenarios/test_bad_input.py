"""Input that nobody hoped for: a clear word to the person or the administrator, and nothing is lost.

Beside it: wrong settings in tests/settings, malformed HTTP in tests/web and tests/slack, broken models in
tests/inference, databases of other versions in tests/storage.
"""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.conversation.phrases import phrase
from bot.sandbox import Fault
from bot.service import serve
from inference.engine import Piece
from inference.scripted import ScriptedEngine
from storage.database import Database
from tests.inference.tiny_models import save_tiny_model
from tests.scenarios.house import ALICE, BRUNO, GENERAL, House, free_port, scripted

LONG = "word " * 10_000  # 50,000 characters


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("tiny"), "LlamaConfig")


async def test_fifty_thousand_characters_are_refused_with_figures_and_the_next_question_is_answered(
    house: House, tiny_model: Path
) -> None:
    await house.start(inference={"engine": "transformers", "model": str(tiny_model), "max_new_tokens": 8, "seed": 1})
    ts = await house.ask(ALICE, GENERAL, LONG)
    (refusal,) = await house.answered(GENERAL, ts)
    assert refusal.startswith("That is too long for me: about ")
    assert "I can read 312" in refusal

    ts = await house.ask(ALICE, GENERAL, "and this?")
    (answer,) = await house.answered(GENERAL, ts)
    assert "too long" not in answer


async def test_emoji_alone_are_a_question_like_any_other(house: House) -> None:
    await house.start()
    ts = await house.ask(ALICE, GENERAL, ":tada: 🎉👩‍👩‍👧")

    assert await house.answered(GENERAL, ts) == [scripted(":tada: 🎉👩‍👩‍👧")]


async def test_an_engine_that_breaks_in_the_middle_is_told_with_an_incident_that_the_log_explains(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    recite = ScriptedEngine.stream

    async def break_down(self: ScriptedEngine, messages, *request) -> AsyncGenerator[Piece, None]:
        async for piece in recite(self, messages, *request):
            if "3" in piece.text and messages[-1].content == "break down":
                raise ZeroDivisionError("the matrix is not there")
            yield piece

    monkeypatch.setattr(ScriptedEngine, "stream", break_down)
    await house.start()
    with capture_logs() as lines:
        broken = await house.ask(ALICE, GENERAL, "break down")
        (sentence,) = await house.answered(GENERAL, broken)
    whole = await house.ask(BRUNO, GENERAL, "go on")

    assert await house.answered(GENERAL, whole) == [scripted("go on")]
    before, after = phrase("failed", "en", incident="|").split("|")
    incident = sentence.removeprefix(before).removesuffix(after)
    assert len(incident) == 8
    (line,) = [line for line in lines if line["event"] == "answer_failed"]
    assert line["incident"] == incident
    assert line["exc_info"]


async def test_slack_out_of_reach_at_the_start_is_waited_for(house: House) -> None:
    api_url = f"http://127.0.0.1:{free_port()}/api/"
    stop, port = asyncio.Event(), free_port()
    settings = house.settings(slack={"api_url": api_url}, service={"port": port})
    serving = asyncio.create_task(serve(settings, stop, clock=house.clock))
    status = await first_answer(f"http://127.0.0.1:{port}/readyz")
    stop.set()
    await serving

    assert status == 503


async def first_answer(url: str) -> int:
    """The status that a server gives as soon as it listens."""
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url) as response:
                    return response.status
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.01)


async def test_a_full_disk_acknowledges_nothing_and_answers_when_there_is_room_again(
    house: House, opened: list[Database]
) -> None:
    await house.start()
    await set_room(opened[0], pages=1)  # SQLite takes what the file has already, if that is more
    ts = await house.sandbox.post_as(ALICE, house.sandbox.dm_with(ALICE), "is there room? " + "x" * 20_000)
    await house.until(lambda: len(house.sandbox.acks) >= 2)
    assert [ack.acked_at for ack in house.sandbox.acks] == [None] * len(house.sandbox.acks)

    await set_room(opened[0], pages=1_000_000)

    (answer,) = await house.answered(house.sandbox.dm_with(ALICE), ts)
    assert answer.startswith("Scripted reply to: is there room?")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Database]:
    """The databases that the service opens."""
    found: list[Database] = []
    make = Database.__init__

    def remember(self: Database, *arguments: object, **options: object) -> None:
        make(self, *arguments, **options)
        found.append(self)

    monkeypatch.setattr(Database, "__init__", remember)
    return found


async def set_room(database: Database, pages: int) -> None:
    """As a disk with so much room. Source: sqlite.org/pragma.html#pragma_max_page_count."""
    await database.write(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").fetchall())


@pytest.mark.parametrize("code", ["token_revoked", "missing_scope"])
async def test_a_token_that_fails_while_it_runs_is_logged_and_the_reply_comes_when_it_is_mended(
    house: House, code: str
) -> None:
    await house.start()
    house.sandbox.faults.add(Fault("refused", "chat.postMessage", times=2, error=code))
    with capture_logs() as lines:
        ts = await house.ask(ALICE, GENERAL, "are you there?")
        answers = await house.answered(GENERAL, ts)

    assert answers == [scripted("are you there?")]
    assert [line["code"] for line in lines if line["event"] == "platform_away"] == [code, code]
