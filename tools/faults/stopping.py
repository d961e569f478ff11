"""SIGTERM: nothing new is taken, the process ends in time and nothing is left behind."""

import asyncio
import signal
import sqlite3
import time
from datetime import UTC, datetime

from bot.sandbox import Fault
from tools.faults.house import House, house
from tools.faults.judging import DATABASE, Verdict, damage, judge, looks_busy
from tools.faults.processes import Processes
from tools.faults.questions import is_growing
from tools.faults.table import Row

INTAKE_SECONDS = 0.1
# Of these, 25 s are the default grace period: what comes on top must hold for a shorter one as well.
EXIT_SECONDS, DEFAULT_GRACE_SECONDS = 30.0, 25.0
SECOND_SIGTERM_SECONDS = 1.0
POSTS_AFTER_SIGTERM, POST_EVERY_SECONDS = 24, 0.015
HANG_SECONDS = 300.0
SETTLE_SECONDS = 60.0
WORDS, MINUTES_LONG, QUICK = 200, 2, 2_000  # words, and words per second


async def intake_stops(processes: Processes, seed: int) -> Row:
    """Posts every 15 ms after SIGTERM, while an answer is finished: until when are they still taken?"""
    async with house(processes, seed, speed=1, words=WORDS, words_per_second=WORDS / 2) as home:
        await _begin_answer(home, delivery__grace_seconds=DEFAULT_GRACE_SECONDS)
        assert home.service is not None
        home.service.send(signal.SIGTERM)
        stopped_at = time.time()
        for _ in range(POSTS_AFTER_SIGTERM):
            await home.ask()
            await asyncio.sleep(POST_EVERY_SECONDS)
        await home.service.wait(EXIT_SECONDS)
        acked = [ack.acked_at for ack in home.sandbox.acks if ack.acked_at is not None]
        last = max(_last_accepted(home), *acked) - stopped_at
        verdict = await _verdict_after_restart(home)
    figure = f"the last event was taken {1000 * max(0.0, last):.0f} ms after SIGTERM, to hold: ≤ 100 ms"
    return Row("SIGTERM: intake", verdict, figure, last <= INTAKE_SECONDS)


def _last_accepted(home: House) -> float:
    """When a post was last committed, in seconds since 1970."""
    connection = sqlite3.connect(f"file:{home.folder / DATABASE}?mode=ro", uri=True)
    try:
        (last,) = connection.execute("SELECT max(received_at) FROM inbox").fetchone()
    finally:
        connection.close()
    return datetime.fromisoformat(last).replace(tzinfo=UTC).timestamp()


async def exits(processes: Processes, seed: int, what: str, grace_seconds: float, *faults: Fault) -> Row:
    """An answer that takes minutes, and perhaps a Slack that hangs: how long until the process has ended?"""
    async with house(processes, seed, speed=1, words=WORDS, words_per_second=MINUTES_LONG) as home:
        await _begin_answer(home, delivery__grace_seconds=grace_seconds)
        home.sandbox.faults.add(*faults)
        begun = time.monotonic()
        await home.stop()
        seconds = time.monotonic() - begun
        busy = [] if faults else looks_busy(home)  # a Slack that hangs cannot be told
        home.sandbox.faults.clear()
        verdict = await _verdict_after_restart(home)
    most = EXIT_SECONDS - DEFAULT_GRACE_SECONDS + grace_seconds
    verdict.wrong += len(busy)
    verdict.evidence += [f"looks busy after the stop: {text}" for text in busy]
    return Row(f"SIGTERM: exit {what}", verdict, f"{seconds:.1f} s, to hold: ≤ {most:.0f} s", seconds <= most)


async def second_sigterm(processes: Processes, seed: int) -> Row:
    async with house(processes, seed, speed=1, words=WORDS, words_per_second=MINUTES_LONG) as home:
        await _begin_answer(home, delivery__grace_seconds=DEFAULT_GRACE_SECONDS)
        assert home.service is not None
        home.service.send(signal.SIGTERM)
        await asyncio.sleep(0.3)
        is_draining = home.service.is_running
        begun = time.monotonic()
        await home.stop()
        seconds = time.monotonic() - begun
        faults = damage(home.folder)
        verdict = await _verdict_after_restart(home)
    figure = f"{seconds:.2f} s, to hold: ≤ 1 s; integrity_check: {'; '.join(faults) or 'ok'}"
    return Row("SIGTERM twice", verdict, figure, is_draining and seconds <= SECOND_SIGTERM_SECONDS and not faults)


async def _begin_answer(home: House, **settings: object) -> None:
    """Text is visible in a direct message and in a channel, and more is to come."""
    await home.start(**settings)
    await home.ready()
    for user, channel in (("U0BRUNO", home.sandbox.dm_with("U0BRUNO")), ("U0DANA", home.places[0])):
        await home.ask(user, channel)
    await home.sandbox.until(lambda: all(is_growing(home.sandbox, asked) for asked in home.questions), SETTLE_SECONDS)


async def _verdict_after_restart(home: House) -> Verdict:
    """Everything is finished by the next process, and looks so."""
    await home.start(inference__scripted__words_per_second=QUICK)
    await home.settle(SETTLE_SECONDS)
    await home.stop()
    verdict = judge(home)
    busy = looks_busy(home)
    verdict.wrong += len(busy)
    verdict.evidence += [f"looks busy at the end: {text}" for text in busy]
    return verdict


async def run(processes: Processes, seed: int, *, short: bool) -> list[Row]:
    grace = 1.0 if short else DEFAULT_GRACE_SECONDS
    rows = [await intake_stops(processes, seed)]
    rows += await asyncio.gather(
        exits(processes, seed, "while an answer takes minutes", grace),
        exits(processes, seed, "while Slack hangs", grace, Fault("hang_before_commit", seconds=HANG_SECONDS)),
        exits(processes, seed, "while Slack's answers hang", grace, Fault("hang_after_commit", seconds=HANG_SECONDS)),
        second_sigterm(processes, seed),
    )
    return rows
