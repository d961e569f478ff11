"""When jobs come, how they went, and one that is wanted now."""

import asyncio

from apscheduler.triggers.interval import IntervalTrigger

from bot.clock import SystemClock
from bot.jobs.board import JobBoard
from bot.jobs.schedule import Job
from tests.clock import settle

NEVER = IntervalTrigger(days=1000)


async def test_a_job_runs_when_it_is_asked_for_and_says_how_it_went() -> None:
    board, ran = JobBoard(SystemClock()), asyncio.Event()

    async def work() -> None:
        ran.set()

    async def break_down() -> None:
        ran.set()
        raise ValueError("somebody's words")

    board.start([Job("good", NEVER, work), Job("bad", NEVER, break_down)])
    for name, failure in (("good", ""), ("bad", "ValueError")):
        ran.clear()
        assert board.run_now(name)
        async with asyncio.timeout(10):
            await ran.wait()
            while (line := {line.name: line for line in board.lines()}[name]).last is None:
                await settle()
        assert line.last is not None
        assert line.last.failure == failure
    assert not board.run_now("no such job")
    assert [line.next_at is not None for line in board.lines()] == [True, True]
    board.stop()
    assert board.lines() == []
