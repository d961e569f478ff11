"""Checking a long log with all processors: each takes stretches of it, and the stretches are put together.

It only ever says that all is well. Whatever is unusual is left to the check from the first entry to the last
(`AuditStore.verify`), which says where and why.
"""

import multiprocessing
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from storage import sqlite
from storage.audit.chain import FIRST_PREV
from storage.audit.checking import ChainCheck, Stretch, Verdict
from storage.audit.key_store import open_body_keys
from storage.audit.removals import MissingBodies
from storage.audit.signing import PublicKey, parse_public_key
from storage.audit.store import Span, check_batch, span_of
from storage.errors import StorageError

STRETCH = 25_000
WORTH_IT = 6 * STRETCH  # a process takes a second to start


@dataclass(frozen=True, slots=True)
class AuditPlace:
    """Where the log is, and the keys of its texts: processes open them by themselves."""

    url: str
    keys: Path
    master: Path


@dataclass(frozen=True, slots=True)
class _Task:
    """Entries `first` to `last`. `pem`: of the key that signs."""

    place: AuditPlace
    pem: bytes
    shipped: Mapping[int, bytes]
    first: int
    last: int


def find_all_well(
    place: AuditPlace, key: PublicKey, shipped: Mapping[int, bytes], processes: int | None = None
) -> Verdict | None:
    """What there is to say of a log in which nothing is wrong. None: it is short, or something is unusual. Blocks."""
    processes = processes or os.cpu_count() or 1
    span = _read_span(place.url)
    is_plain = span.first == 1 and span.signed == span.last and max(shipped, default=0) <= span.last
    if processes < 2 or span.last < WORTH_IT or not is_plain:
        return None
    tasks = [
        _Task(place, key.pem, {size: head for size, head in shipped.items() if first <= size <= last}, first, last)
        for first, last in _stretches(span.last)
    ]
    try:
        return _put_together(_check_all(tasks, processes - 1))
    except (BrokenProcessPool, StorageError, SQLAlchemyError):
        return None


def _check_all(tasks: Sequence[_Task], helpers: int) -> list[Stretch | None]:
    """In order. This process takes what the others have not begun, from the end: they take time to start."""
    with ProcessPoolExecutor(helpers, multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(_check, task) for task in tasks]
        own = {at: _check(tasks[at]) for at in reversed(range(len(tasks))) if futures[at].cancel()}
        return [own[at] if at in own else futures[at].result() for at in range(len(tasks))]


def _read_span(url: str) -> Span:
    engine = sqlite.open_engine(sqlite.parse_url(url), writer=False)
    try:
        with engine.connect() as connection:
            return span_of(connection)
    finally:
        engine.dispose()


def _stretches(last: int) -> Iterator[tuple[int, int]]:
    for first in range(1, last + 1, STRETCH):
        yield first, min(first + STRETCH - 1, last)


def _check(task: _Task) -> Stretch | None:
    """In a process of its own. None: something is unusual."""
    keys = open_body_keys(task.place.keys, task.place.master)
    check = ChainCheck(task.first, parse_public_key(task.pem), task.shipped)
    span = Span(task.first, task.last, task.last)
    engine = sqlite.open_engine(sqlite.parse_url(task.place.url), writer=False)
    try:
        with engine.connect() as connection:
            first: int | None = task.first
            while first is not None:
                first = check_batch(connection, keys, check, first, span)
    finally:
        engine.dispose()
    is_whole = check.verdict.first_bad is None and check.next_seq == task.last + 1
    return check.stretch if is_whole else None


def _put_together(stretches: Iterable[Stretch | None]) -> Verdict | None:
    """None: one is not well, or does not follow the one before it, or a body is missing."""
    total = Verdict(0, 0, FIRST_PREV)
    missing = MissingBodies()
    for one in stretches:
        if one is None or one.prev != total.head:
            return None
        signature = b"" if total.signed is None else total.signed.signature
        if one.verdict.checkpoints and one.prev_signature != signature:
            return None
        for span in one.missing:
            missing.add(span)
        missing.account_for(one.removed)
        total = _sum(total, one.verdict)
    return None if missing else total


def _sum(before: Verdict, verdict: Verdict) -> Verdict:
    return replace(
        verdict,
        entries=before.entries + verdict.entries,
        erased=before.erased + verdict.erased,
        checkpoints=before.checkpoints + verdict.checkpoints,
        signed=verdict.signed or before.signed,
    )
