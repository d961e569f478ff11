"""Reading the audit log: checking the whole of it, and handing it out. Writing is `storage.audit.log.append`."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from storage.audit.batches import BEFORE_ALL, Span, check_batch, export_batch, span_of, were_removed_behind
from storage.audit.checking import ChainCheck, Verdict
from storage.audit.checkpointing import take
from storage.audit.columns import PythonHashes
from storage.audit.export import manifest_line
from storage.audit.keys import BodyKeys
from storage.audit.signing import PublicKey, Signer
from storage.audit.trail import AuditTrail
from storage.database import Database
from storage.errors import DatabaseUnusable, NotWritten
from storage.knowledge.records import Author

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Taking:
    """Who takes the log away, and why."""

    trail: AuditTrail
    signer: Signer
    author: Author
    reason: str = ""


class AuditStore:
    """Reads some batches at a time: neither the memory nor the database is taken up by a log of any length."""

    def __init__(self, database: Database, keys: BodyKeys) -> None:
        self._database = database
        self._keys = keys

    async def verify(self, key: PublicKey | None = None, shipped: Mapping[int, bytes] | None = None) -> Verdict:
        """Check every entry that was there when this began. `key`, `shipped`: as of `ChainCheck`.

        And what came meanwhile, where texts are missed: somebody may have been erased. Raises: DatabaseUnusable, when
        they cannot be read.
        """
        span = await self._read(span_of)
        check = ChainCheck(span.first, key, shipped, is_whole=True)
        hashes = PythonHashes(self._keys)

        def work(first: int, connection: Connection) -> tuple[None, int | None]:
            return None, check_batch(connection, self._keys, hashes, check, first, span)

        begin, is_longer = BEFORE_ALL, True
        while is_longer:
            async with aclosing(self._go_through(work, begin)) as checked:
                async for _ in checked:
                    pass
            now = await self._read(span_of)
            begin, is_longer = check.next_seq, check.misses_texts and now.last > span.last
            span = replace(now, first=span.first)
        check.end()
        return check.verdict

    async def record_export(self, taking: Taking, now: datetime) -> Span:
        """Put on record that somebody takes the log, and sign what they take. Raises: AuditKeyUnusable."""

        def work(connection: Connection) -> Span:
            take(connection, taking.signer, now)
            span = span_of(connection)
            said = {"from_seq": span.first, "to_seq": span.last}
            words = {"reason": taking.reason} if taking.reason else None
            taking.trail.administered(connection, "log_exported", taking.author, said, words, now)
            return span

        return await self._database.write(work)

    async def export(self, created: datetime, span: Span | None = None) -> AsyncGenerator[bytes, None]:
        """The log as JSON Lines, chunks of whole lines: as far as was recorded, or as it is when this begins.

        Close it (`contextlib.aclosing`).
        Nothing is checked: what was changed is handed out as it is, and found by whoever verifies the file.
        Raises: DatabaseUnusable; NotWritten, at the end, when texts went meanwhile that the file does not account for.
        """
        if span is None:
            span = await self._read(span_of)
        yield manifest_line(span.first, span.last, created)

        def work(first: int, connection: Connection) -> tuple[bytes, int | None]:
            return export_batch(connection, self._keys, first, span)

        async with aclosing(self._go_through(work)) as chunks:
            async for chunk in chunks:
                yield chunk
        if await self._read(partial(were_removed_behind, seq=span.last)):
            raise NotWritten("somebody was erased, or old texts went, while the log was written: export it once more")

    async def _go_through(
        self, work: Callable[[int, Connection], tuple[T, int | None]], begin: int = BEFORE_ALL
    ) -> AsyncGenerator[T, None]:
        """What `work` makes of each batch: it is told the first entry, and says that of the next."""
        first: int | None = begin
        while first is not None:
            made, first = await self._read(partial(work, first))
            yield made

    async def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            return await self._database.read(work)
        except DatabaseError as error:
            raise DatabaseUnusable(
                f"cannot read the audit log ({error.orig}): check the database with `inthread db check`"
            ) from error
