"""SIGKILL at random points and at every named failpoint: 0 lost, 0 doubled, `integrity_check` ok."""

import asyncio
import random
import signal
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

from bot.delivery.failpoints import NAMES
from bot.sandbox.feed import Change
from tools.faults.house import House, house
from tools.faults.judging import Verdict, damage, judge
from tools.faults.processes import Processes
from tools.faults.table import Row

LONGEST_LIFE_SECONDS = 0.8
QUESTIONS_A_LIFE = 2
# Of the kills, those that come with a change in Slack: before the service can hear that its call was carried out.
SHARE_AT_A_CHANGE = 0.5
# Those that come while an orderly stop is under way.
SHARE_WHILE_STOPPING, LONGEST_STOP_SECONDS = 0.1, 0.3
KILLS_BETWEEN_RESTS = 25
HOUSES = 3
SETTLE_SECONDS = 60.0
# How often at most a failpoint is passed before it kills, and how long it may still take to come by when all that was
# asked stands answered. Until then it has time: how much depends on what else the machine does.
MOST_PASSES, MOST_MISSES = 3, 4
DEATH_SECONDS = 1.0
# Slow enough for text to be seen while it grows.
WORDS_PER_SECOND_TO_DIE_IN = 100


async def at_random(processes: Processes, seed: int, kills: int) -> Row:
    """Several houses side by side: a service that starts leaves a core idle half of the time."""
    shares = (_random_kills(processes, seed + number, kills // HOUSES) for number in range(HOUSES))
    verdict, damaged = Verdict(), 0
    for found, damaged_here in await asyncio.gather(*shares):
        verdict.add(found)
        damaged += damaged_here
    return Row("SIGKILL at random points", verdict, _integrity(kills, damaged), not damaged)


async def _random_kills(processes: Processes, seed: int, kills: int) -> tuple[Verdict, int]:
    """`kills` lives, each cut short at a moment drawn by `seed`, with questions asked all the while.

    Also: how many kills left a damaged database.
    """
    rng = random.Random(f"kills {seed}")
    damaged = 0
    async with house(processes, seed) as home, _judged(home) as verdict:
        for number in range(1, kills + 1):
            await home.start()
            await _live_and_die(home, rng)
            damaged += bool(await asyncio.to_thread(damage, home.folder))
            if number % KILLS_BETWEEN_RESTS == 0:
                await _rest(home)
    return verdict, damaged


async def _live_and_die(home: House, rng: random.Random) -> None:
    """Some are asked while it starts, some while it works, some when it is gone already."""
    life = rng.uniform(0.0, LONGEST_LIFE_SECONDS)
    changes = rng.randint(1, 8) if rng.random() < SHARE_AT_A_CHANGE else 0
    with _death_at_change(home, changes):
        for _ in range(QUESTIONS_A_LIFE):
            await home.ask()
            await _ends_within(home, life / QUESTIONS_A_LIFE)
        if rng.random() < SHARE_WHILE_STOPPING and home.service is not None:
            home.service.send(signal.SIGTERM)
            await _ends_within(home, rng.uniform(0.0, LONGEST_STOP_SECONDS))
    await home.kill()


@contextmanager
def _death_at_change(home: House, number: int) -> Generator[None, None, None]:
    """SIGKILL as soon as our messages have changed so often: the answer to the call is not even written. 0: never."""
    left = number

    def count(change: Change) -> None:
        nonlocal left
        if change.kind in ("posted", "updated") and change.message is not None and change.message.by_bot:
            left -= 1
            if left == 0 and home.service is not None:
                home.service.send(signal.SIGKILL)

    unsubscribe = home.sandbox.feed.subscribe(count)
    try:
        yield
    finally:
        unsubscribe()


async def at_failpoint(processes: Processes, seed: int, name: str, kills: int) -> Row:
    """`kills` deaths at one failpoint, each after a life that was begun by the one before."""
    rng = random.Random(f"{name} {seed}")
    died = missed = damaged = 0
    async with house(processes, seed, words_per_second=WORDS_PER_SECOND_TO_DIE_IN) as home, _judged(home) as verdict:
        while died < kills and missed < MOST_MISSES + died:
            await home.start(delivery__failpoint=f"{name}@{rng.randint(1, MOST_PASSES)}")
            for _ in range(MOST_PASSES):
                await home.ask()
            if not await _dies(home):
                missed += 1  # not tried: on a busy machine an answer may be whole before any of it is shown
                await home.kill()
                continue
            died += 1
            await home.note_death()
            damaged += bool(await asyncio.to_thread(damage, home.folder))
    tried = _integrity(died, damaged) if died == kills else f"{died} of {kills} kills: it does not come by"
    return Row(f"SIGKILL at {name}", verdict, tried, died == kills and not damaged)


@asynccontextmanager
async def _judged(home: House) -> AsyncGenerator[Verdict, None]:
    """A verdict that is filled in at the end, after a last start, an answer to everything and an orderly stop."""
    verdict = Verdict()
    yield verdict
    await _rest(home)
    verdict.add(judge(home))


async def _rest(home: House) -> None:
    """A life that is long enough to finish everything."""
    await home.start()
    await home.settle(SETTLE_SECONDS)
    await home.stop()


async def _dies(home: House) -> bool:
    """Before it has answered everything, or right after."""
    await home.settle(SETTLE_SECONDS, of_this_life=True)
    return await _ends_within(home, DEATH_SECONDS)


async def _ends_within(home: House, seconds: float) -> bool:
    assert home.service is not None
    try:
        await home.service.wait(seconds)
    except TimeoutError:
        return False
    return True


def _integrity(kills: int, damaged: int) -> str:
    return f"{kills} kills; integrity_check: {'ok' if not damaged else f'{damaged} times damaged'}"


async def run(processes: Processes, seed: int, *, short: bool) -> list[Row]:
    kills, each = (61, 6) if short else (1_200, 50)
    named = (at_failpoint(processes, seed, name, each) for name in NAMES)
    return list(await asyncio.gather(at_random(processes, seed, kills), *named))
