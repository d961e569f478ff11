"""Checking a long log with all processors: each takes stretches of it, and the stretches are put together.

It only ever says that all is well. Whatever is unusual is left to the check from the first entry to the last
(`AuditStore.verify`), which says where and why.
"""

import multiprocessing
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from ctypes import CDLL
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from storage import sqlite
from storage.audit.batches import Span, check_batch, lowest_of, span_of
from storage.audit.chain import FIRST_PREV
from storage.audit.checking import ChainCheck, Stretch, Verdict
from storage.audit.columns import PythonHashes
from storage.audit.compiled_hashes import CompiledHashes, compile_hashes
from storage.audit.key_store import open_body_keys
from storage.audit.removals import MissingBodies
from storage.audit.signing import PublicKey, parse_public_key
from storage.errors import StorageError
from storage.migrations import require_current

STRETCH = 10_000
WORTH_IT = 3 * STRETCH
SMALLEST_ENTRY = 100  # bytes: less than its hashes; a file has no room for an entry that is numbered higher
WORTH_COMPILING = 150_000  # saves .2 s, and takes .1 to .2


@dataclass(frozen=True, slots=True)
class AuditPlace:
    """Where the log is, and the keys of its texts: processes open them by themselves."""

    url: str
    keys: Path
    master: Path


@dataclass(frozen=True, slots=True)
class _Task:
    """What each process opens for itself. `pem`: of the key that signs. `library`: of `CompiledHashes`, if any."""

    place: AuditPlace
    pem: bytes
    shipped: Mapping[int, bytes]
    library: CDLL | None


class _Checker:
    """Of one process: what it has opened serves all the stretches that it takes."""

    def __init__(self, task: _Task) -> None:
        self._keys = open_body_keys(task.place.keys, task.place.master)
        self._hashes = PythonHashes(self._keys) if task.library is None else CompiledHashes(task.library, self._keys)
        self._engine = sqlite.open_engine(sqlite.parse_url(task.place.url), writer=False)
        self._key = parse_public_key(task.pem)
        self._shipped = task.shipped

    def check(self, first: int, last: int) -> Stretch | None:
        """None: something is unusual."""
        shipped = {size: head for size, head in self._shipped.items() if first <= size <= last}
        check = ChainCheck(first, self._key, shipped)
        span = Span(first, last, last)
        begin: int | None = first
        with self._engine.connect() as connection:
            while begin is not None:
                begin = check_batch(connection, self._keys, self._hashes, check, begin, span)
        is_whole = check.verdict.first_bad is None and check.next_seq == last + 1
        return check.stretch if is_whole else None

    def close(self) -> None:
        self._engine.dispose()


_checker: _Checker | None = None  # of a process that was begun for this


def find_all_well(
    place: AuditPlace, key: PublicKey, shipped: Mapping[int, bytes], processes: int | None = None
) -> Verdict | None:
    """What there is to say of a log in which nothing is wrong. None: it is short, or something is unusual.

    Blocks. Call it where no other thread runs: the processes are forked, for one that is begun anew imports for as long
    as it takes to check fifty thousand entries.
    """
    processes = processes or os.cpu_count() or 1
    try:
        span = _read_plain_span(place.url)
        if processes < 2 or span is None or span.last < max(WORTH_IT, *shipped, 0):
            return None
        library = compile_hashes() if span.last >= WORTH_COMPILING else None
        task = _Task(place, key.pem, shipped, library)
        return _put_together(_check_all(task, _stretches(span.last), processes - 1))
    except (BrokenProcessPool, StorageError, SQLAlchemyError):
        return None


def _check_all(task: _Task, stretches: Sequence[tuple[int, int]], helpers: int) -> list[Stretch | None]:
    """In order. This process takes what the others have not begun, from the end."""
    with ProcessPoolExecutor(helpers, multiprocessing.get_context("fork"), _begin, (task,)) as pool:
        futures = [pool.submit(_check, *stretch) for stretch in stretches]
        with closing(_Checker(task)) as checker:
            own = {at: checker.check(*stretches[at]) for at in reversed(range(len(futures))) if futures[at].cancel()}
        return [own[at] if at in own else future.result() for at, future in enumerate(futures)]


def _begin(task: _Task) -> None:
    """In a process of its own, which ends with the pool: what it opened goes with it."""
    global _checker
    _checker = _Checker(task)


def _check(first: int, last: int) -> Stretch | None:
    assert _checker is not None, "the process has begun"
    return _checker.check(first, last)


def _read_plain_span(url: str) -> Span | None:
    """None: it does not begin with the first entry or end with a last one, as logs do that nothing was done to."""
    engine = sqlite.open_engine(sqlite.parse_url(url), writer=False)
    try:
        with engine.connect() as connection:
            require_current(connection)
            span, lowest = span_of(connection), lowest_of(connection)
            has_room = span.last * SMALLEST_ENTRY <= sqlite.size_of(connection)
            return span if lowest == (1, 1) and span.signed == span.last and has_room else None
    finally:
        engine.dispose()


def _stretches(last: int) -> list[tuple[int, int]]:
    return [(first, min(first + STRETCH - 1, last)) for first in range(1, last + 1, STRETCH)]


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
        first=before.first,
    )
