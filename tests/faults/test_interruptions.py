"""Rule 5 by itself: text that was interrupted while it grew is written anew once, the second time told of."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import pytest

from tools.faults.house import House, house
from tools.faults.judging import DATABASE
from tools.faults.processes import processes
from tools.faults.questions import INTERRUPTED, Question, replies_to, text_of

SLOWLY, AT_ONCE = 0.5, 1_000  # words per second
SECONDS = 20.0


@pytest.fixture
async def home() -> AsyncIterator[House]:
    async with processes() as running, house(running, seed=1, words=5) as opened:
        yield opened


async def die_before_any_text(home: House) -> Question:
    """A first life in which the model has begun and nothing but the placeholder is visible."""
    await home.start(inference__scripted__words_per_second=SLOWLY)
    await home.ready()
    question = await home.ask("U0ALICE", "C0GENERAL")
    async with asyncio.timeout(SECONDS):
        while state_of(home) != ("POSTED", 1):  # noqa: ASYNC110 - another process's file tells nobody
            await asyncio.sleep(0.02)
    await home.kill()
    return question


async def die_while_it_grows(home: House) -> None:
    service = await home.start(inference__scripted__words_per_second=20, delivery__failpoint="mid_stream")
    await service.wait(SECONDS)
    await home.note_death()


def state_of(home: House) -> tuple[str, int] | None:
    with closing(sqlite3.connect(f"file:{home.folder / DATABASE}?mode=ro", uri=True)) as connection:
        found: tuple[str, int] | None = connection.execute("SELECT state, attempt FROM reply").fetchone()
    return found


async def final_text(home: House, question: Question) -> str:
    await home.start(inference__scripted__words_per_second=AT_ONCE)
    assert await home.settle(SECONDS)
    await home.stop()
    (reply,) = replies_to(home.sandbox, question)
    return text_of(reply)


async def test_text_that_was_interrupted_once_is_written_anew(home: House) -> None:
    question = await home.ask("U0ALICE", "C0GENERAL")
    await die_while_it_grows(home)

    assert question.is_answered_by(await final_text(home, question))


async def test_text_that_was_interrupted_twice_says_so(home: House) -> None:
    question = await home.ask("U0ALICE", "C0GENERAL")
    for _ in range(2):
        await die_while_it_grows(home)

    assert question.deaths_while_growing == 2
    assert await final_text(home, question) == INTERRUPTED


async def test_an_attempt_that_showed_nothing_is_no_interruption_of_text(home: House) -> None:
    question = await die_before_any_text(home)
    await die_while_it_grows(home)

    assert question.deaths_while_growing == 1
    assert question.is_answered_by(await final_text(home, question))
