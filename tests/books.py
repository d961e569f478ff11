"""Looking into a service's database from outside."""

import asyncio
from contextlib import closing
from pathlib import Path

from storage import sqlite
from storage.records import CLOSED_STATES

SECONDS = 20.0


async def closed_replies(path: Path, count: int) -> None:
    """Returns when so many replies have ended in the books: a moment after their last words are seen."""

    def closed() -> int:
        with closing(sqlite.load_driver().connect(path, timeout=10)) as connection:
            states = connection.execute("SELECT state FROM reply").fetchall()
        return sum(state in CLOSED_STATES for (state,) in states)

    async with asyncio.timeout(SECONDS):
        while await asyncio.to_thread(closed) < count:
            pass
