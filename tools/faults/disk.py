"""The disk is full, somebody holds the database's lock, writes meet an I/O error: no ack without a commit.

Each fault strikes the running service while people ask, and ends: readiness says no meanwhile and yes within five
seconds of the end, and every question has its one right reply.
"""

import asyncio
import json
import socket
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from storage import sqlite
from storage.inspection import open_connection
from tools.faults.disk_faults import DISK, Fault, full_disk, held_lock, io_error, may_mount, small_disk
from tools.faults.house import PLACES, House, house
from tools.faults.judging import DATABASE, Verdict, judge
from tools.faults.processes import LOG, Processes
from tools.faults.table import Row

FAULTS: dict[str, Fault] = {"disk full": full_disk, "database locked": held_lock, "I/O error": io_error}
HELD_SECONDS = 5.0  # delivery.md: recovers within this of the fault's end
# Longer than the busy timeout: a lock that is held for less is waited for, and no trouble.
FAULT_SECONDS = sqlite.BUSY_TIMEOUT_MILLISECONDS / 1000 + 2.0
# Few enough for the edits that Slack allows in a minute: nobody waits for those here.
SECONDS_BETWEEN_QUESTIONS = 0.75
ASKED_BEFORE = 4
LONGEST_BEFORE_SECONDS = 1.0
PATIENCE_SECONDS = 30.0
SETTLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Strike:
    """What one fault did. `until_unready` from its begin to 503, `until_ready` from its end to 200, in seconds.

    `too_early`: how many events were acknowledged whose question was not committed. `is_discreet`: the log told of the
    trouble, and repeated nobody's words.
    """

    verdict: Verdict
    until_unready: float
    until_ready: float
    too_early: int
    is_discreet: bool

    @property
    def is_held(self) -> bool:
        return self.too_early == 0 and self.is_discreet and self.until_ready <= HELD_SECONDS


async def strike(processes: Processes, seed: int, fault: Fault) -> Strike:
    """People ask, the fault begins, people go on asking, the fault ends, everybody is answered."""
    async with (
        house(processes, seed, speed=1.0, words=40, words_per_second=40) as home,
        _served(home, on_small_disk=fault is full_disk) as url,
    ):
        for _ in range(ASKED_BEFORE):
            await home.ask(channel=home.rng.choice(PLACES))
        await asyncio.sleep(home.rng.uniform(0.0, LONGEST_BEFORE_SECONDS))
        until_unready, too_early = await _ask_during(fault, home, url)
        until_ready = await _seconds_until(partial(_is_ready, url))
        await home.settle(SETTLE_SECONDS)
        await home.stop()
        return Strike(judge(home), until_unready, until_ready, too_early, _is_discreet(home))


@asynccontextmanager
async def _served(home: House, *, on_small_disk: bool) -> AsyncGenerator[str, None]:
    """A service that is ready; the URL of its own HTTP."""
    with ExitStack() as stack:
        if on_small_disk:
            stack.enter_context(small_disk(home.folder / DISK))
            # The log stays outside: it has something to say when the disk is full.
            (home.folder / DATABASE).symlink_to(Path(DISK) / DATABASE)
        port = _free_port()
        await home.start(service__port=port)
        url = f"http://127.0.0.1:{port}/"
        await home.ready()
        await _seconds_until(partial(_is_ready, url))
        yield url


async def _ask_during(fault: Fault, home: House, url: str) -> tuple[float, int]:
    """Seconds until readiness said that it is the storage, and acks that came too early."""
    too_early = 0
    with fault(home):
        began = time.monotonic()
        watching = asyncio.create_task(_seconds_until(partial(_is_storage_missing, url)))
        while time.monotonic() - began < FAULT_SECONDS or not watching.done():
            await home.ask(channel=home.rng.choice(PLACES))
            await asyncio.sleep(SECONDS_BETWEEN_QUESTIONS)
            too_early = max(too_early, await _acked_too_early(home))
        return await watching, too_early


async def _acked_too_early(home: House) -> int:
    """Each question in a channel is one event of this kind; what is counted first cannot have been committed later."""
    acked = {ack.event_id for ack in home.sandbox.acks if ack.kind == "app_mention" and ack.acked_at is not None}
    return max(0, len(acked) - await asyncio.to_thread(_committed, home.folder / DATABASE))


def _is_discreet(home: House) -> bool:
    log = (home.folder / LOG).read_text("utf-8")
    return "database_unusable" in log and not any(question.text in log for question in home.questions)


def _committed(path: Path) -> int:
    with open_connection(path) as connection:
        return int(connection.execute("SELECT count(*) FROM inbox").fetchone()[0])


async def full_at_start(processes: Processes, seed: int) -> Row:
    """No service on a full disk: one line and exit code 1. With room again it starts, and answers."""
    async with house(processes, seed, speed=1.0) as home:
        with small_disk(home.folder / DISK):
            url = f"sqlite:///{DISK}/{DATABASE}"
            with full_disk(home):
                await home.ask(channel=PLACES[0])
                code = await (await home.start(storage__url=url)).wait(PATIENCE_SECONDS)
                lines = (home.folder / LOG).read_text("utf-8").splitlines()
            await home.start(storage__url=url)
            await home.settle(SETTLE_SECONDS)
            await home.stop()
            (home.folder / DATABASE).symlink_to(Path(DISK) / DATABASE)
            said = [line for line in lines if line.startswith("inthread: ") and "full" in line]
            is_clear = code == 1 and len(said) == 1 and len(lines) == 1
            return Row("disk full at start", judge(home), f"exit {code}, {len(lines)} line(s)", is_clear)


async def run(processes: Processes, seed: int, *, short: bool) -> list[Row]:
    """A row for each fault, one case of each or ten. Where mounting is not allowed, no disk can be filled."""
    with TemporaryDirectory() as scratch:
        can_fill = await asyncio.to_thread(may_mount, Path(scratch))
    if not can_fill:
        print("left out: full disks need the right to mount a file system", file=sys.stderr)
    chosen = {name: fault for name, fault in FAULTS.items() if can_fill or fault is not full_disk}
    cases = 1 if short else 10
    rows = [
        _row(name, [await strike(processes, seed + n, fault) for n in range(cases)]) for name, fault in chosen.items()
    ]
    return [*rows, *([await full_at_start(processes, seed)] if can_fill else [])]


def _row(name: str, strikes: list[Strike]) -> Row:
    verdict = Verdict()
    for one in strikes:
        verdict.add(one.verdict)
    measured = (
        f"{len(strikes)} faults; {sum(one.too_early for one in strikes)} acks without commit; "
        f"not ready after at most {max(one.until_unready for one in strikes):.1f} s, "
        f"ready again {max(one.until_ready for one in strikes):.1f} s after the end (to be ≤ {HELD_SECONDS:.0f} s)"
    )
    return Row(name, verdict, measured, all(one.is_held for one in strikes))


# ── looking ──────────────────────────────────────────────────────────────────


async def _seconds_until(condition: Callable[[], Awaitable[bool]]) -> float:
    """How long it took. Raises: TimeoutError."""
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if await condition():
                return time.monotonic() - began
            await asyncio.sleep(0.02)


async def _is_ready(url: str) -> bool:
    return (await _readiness(url))[0] == 200


async def _is_storage_missing(url: str) -> bool:
    status, parts = await _readiness(url)
    return status == 503 and parts.get("storage") is False


async def _readiness(url: str) -> tuple[int, dict[str, bool]]:
    async with aiohttp.ClientSession() as session, session.get(f"{url}readyz") as response:
        return response.status, json.loads(await response.text())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
