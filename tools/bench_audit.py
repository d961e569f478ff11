"""`make bench-audit`: a log of many entries: what appending costs, how fast it is checked and taken away, what memory.

Everything goes through the code that the service uses, on real files, with real keys. ENTRIES=… for another size.
"""

import asyncio
import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection

from storage import migrations
from storage.audit import parallel
from storage.audit.checkpointing import CheckpointRule, CheckpointStore
from storage.audit.compiled_hashes import compile_hashes
from storage.audit.export import verify_export
from storage.audit.key_store import open_body_keys
from storage.audit.keys import BodyKeys
from storage.audit.log import AuditEntry, append, append_all, seal
from storage.audit.parallel import AuditPlace
from storage.audit.signing import load_signer
from storage.audit.store import AuditStore
from storage.database import Database

ENTRIES = int(os.environ.get("ENTRIES", "1000000"))
PEOPLE, BATCH, SINGLES, TIMES = 2_000, 5_000, 400, 5
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
QUESTIONS = (
    "How do I request parental leave, and how long before does my manager have to know?",
    "年假没有休完可以顺延到明年吗？需要谁来批准？",
    "What is the password policy for the warehouse tablets?",
    "出差去上海住酒店每晚可以报销多少钱？",
)


def entry(number: int) -> AuditEntry:
    """A question and its reply, in turns."""
    exchange, is_reply = divmod(number, 2)
    who = f"{exchange * 7919 % PEOPLE:032x}"
    fields = {"platform": "slack", "tenant": "T0ACME", "channel": f"C{exchange % 40}", "thread": f"17{exchange}.000100"}
    fields |= {"reply_id": f"{exchange:036x}", "actor": who}
    at = BEGIN + timedelta(seconds=number * 15)
    text = QUESTIONS[exchange % len(QUESTIONS)]
    if not is_reply:
        return AuditEntry("question", at, {**fields, "exchange": 1}, {"text": f"{text} ({exchange})"})
    figures = {"state": "DONE", "outcome": "answered", "model_id": "smollm2", "prompt_tokens": 200, "seconds": 1.5}
    return AuditEntry("reply", at, {**fields, **figures, "exchange": 1}, {"text": f"{text} " * 4})


async def fill(database: Database, keys: BodyKeys, begin: int, end: int) -> None:
    for at in range(begin, end, BATCH):
        batch = [seal(entry(number)) for number in range(at, min(at + BATCH, end))]
        await database.write(lambda connection, batch=batch: append_all(connection, keys, batch))
        if at % 100_000 == 0:
            print(f"  {at:,} entries", file=sys.stderr)


async def append_alone(database: Database, keys: BodyKeys, begin: int) -> tuple[float, float]:
    """Each in a transaction of its own: the median of the appending, and of all of it with the commit; seconds."""
    inside: list[float] = []
    whole: list[float] = []

    def work(connection: Connection, one: AuditEntry) -> None:
        started = time.perf_counter()
        append(connection, keys, one)
        inside.append(time.perf_counter() - started)

    for one in [entry(number) for number in range(begin, begin + SINGLES)]:
        started = time.perf_counter()
        await database.write(partial(work, one=one))
        whole.append(time.perf_counter() - started)
    return statistics.median(inside), statistics.median(whole)


def memory_mb() -> float:
    """What the process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def bench(folder: Path) -> None:
    """Each part in a process of its own: what one has used is not counted as another's."""
    place = AuditPlace(f"sqlite:///{folder / 'inthread.db'}", folder / "keys.db", folder / "master.key")
    migrations.upgrade(place.url)
    for part in (write, check, check_with_all, take):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
            apart.submit(run_part, part, place, folder).result()


def run_part(
    part: Callable[[AuditPlace, Path], Coroutine[Any, Any, None] | None], place: AuditPlace, folder: Path
) -> None:
    if (begun := part(place, folder)) is not None:
        asyncio.run(begun)
    sys.stdout.flush()


async def write(place: AuditPlace, folder: Path) -> None:
    signer = load_signer(folder / "signing.key")
    keys = open_body_keys(place.keys, place.master)
    async with await Database.open(place.url) as database:
        early = await append_alone(database, keys, 0)
        await fill(database, keys, SINGLES, ENTRIES - SINGLES)
        late = await append_alone(database, keys, ENTRIES - SINGLES)
        rule = CheckpointRule(1_000, timedelta(hours=1))
        await CheckpointStore(database, signer).take_due(rule, BEGIN)
    for size, (inside, whole) in ((SINGLES, early), (ENTRIES, late)):
        print(f"append, log of {size:>9,}: {inside * 1e3:.2f} ms, of {whole * 1e3:.2f} ms with the commit")


async def check(place: AuditPlace, folder: Path) -> None:
    key = load_signer(folder / "signing.key").public_key
    seconds = []
    async with await Database.open(place.url) as database:
        before = memory_mb()
        for _ in range(TIMES):
            started = time.perf_counter()
            verdict = await AuditStore(database, open_body_keys(place.keys, place.master)).verify(key)
            seconds.append(time.perf_counter() - started)
            assert (verdict.first_bad, verdict.entries) == (None, ENTRIES), verdict
    print(f"verify, one processor: {_rates(seconds)}; {verdict.checkpoints:,} checkpoints; ", end="")
    print(f"memory {before:.0f} → {memory_mb():.0f} MB")


def check_with_all(place: AuditPlace, folder: Path) -> None:
    """Outside of a loop and of its threads: it forks. With the compiled hashes and without, in turns."""
    key = load_signer(folder / "signing.key").public_key
    seconds: dict[str, list[float]] = {"compiled hashes": [], "Python's hashes": []}
    for _ in range(TIMES):
        for name, worth_it in zip(seconds, (parallel.WORTH_COMPILING, sys.maxsize), strict=True):
            with patch.object(parallel, "WORTH_COMPILING", worth_it):
                started = time.perf_counter()
                found = parallel.find_all_well(place, key, {})
                seconds[name].append(time.perf_counter() - started)
            assert found is None or (found.first_bad, found.entries) == (None, ENTRIES), found
    if not found:
        print("verify: too short for several processors")
        return
    if compile_hashes() is None or ENTRIES < parallel.WORTH_COMPILING:
        print("nothing was compiled: the log is too short, or there is no C compiler")
    for name, taken in seconds.items():
        print(f"verify, {os.cpu_count()} processors, {name}: {_rates(taken)}")
    own, others = (
        resource.getrusage(who).ru_maxrss / 2**10 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(f"memory at most {own:.0f} MB, of each other process {others:.0f} MB")


async def take(place: AuditPlace, folder: Path) -> None:
    key, path = load_signer(folder / "signing.key").public_key, folder / "log.jsonl"
    keys = open_body_keys(place.keys, place.master)
    before, started = memory_mb(), time.perf_counter()
    async with await Database.open(place.url) as database, aclosing(AuditStore(database, keys).export(BEGIN)) as chunks:
        with path.open("wb") as file:
            async for chunk in chunks:
                file.write(chunk)
    seconds = time.perf_counter() - started
    print(f"export: {ENTRIES / seconds:,.0f} entries/s, {_megabytes(path):,.0f} MB; ", end="")
    print(f"memory {before:.0f} → {memory_mb():.0f} MB")
    started = time.perf_counter()
    verdict = verify_export(_lines(path), key)
    assert verdict.first_bad is None, verdict
    print(f"verify-export: {ENTRIES / (time.perf_counter() - started):,.0f} entries/s; memory {memory_mb():.0f} MB")


def _rates(seconds: list[float]) -> str:
    slowest, middle, fastest = (ENTRIES / at for at in (max(seconds), statistics.median(seconds), min(seconds)))
    return f"{middle:,.0f} entries/s, median of {len(seconds)} ({slowest:,.0f} to {fastest:,.0f})"


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 2**20


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


if __name__ == "__main__":
    with TemporaryDirectory(prefix="inthread-bench-", dir=os.environ.get("TMPDIR")) as folder:
        bench(Path(folder))
