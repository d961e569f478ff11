"""One writer, few readers, no transaction half done."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from storage.database import Database
from tests.conftest import a_question


def count_threads(connection: Connection) -> int:
    return connection.execute(text("SELECT count(*) FROM thread")).scalar_one()


def insert_thread(connection: Connection) -> None:
    connection.execute(
        text("INSERT INTO thread (platform, tenant, channel, thread, created_at) VALUES ('p', 't', 'c', 'x', '2026')")
    )


async def test_a_write_that_raises_leaves_nothing_and_the_writer_goes_on(database: Database) -> None:
    def break_off(connection: Connection) -> None:
        insert_thread(connection)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        await database.write(break_off)
    assert await database.read(count_threads) == 0

    await database.write(insert_thread)
    assert await database.read(count_threads) == 1


async def test_a_write_that_somebody_stops_waiting_for_is_whole_or_not_at_all(database: Database) -> None:
    writing = asyncio.ensure_future(database.write(insert_thread))
    await asyncio.sleep(0)
    writing.cancel()

    await asyncio.wait({writing})
    assert await database.read(count_threads) in (0, 1)
    await database.write(lambda connection: connection.execute(text("DELETE FROM thread")))
    assert await database.read(count_threads) == 0


async def test_a_reader_sees_what_was_committed_before_it_began(database: Database) -> None:
    await database.write(insert_thread)

    assert await asyncio.gather(*(database.read(count_threads) for _ in range(8))) == [1] * 8


async def test_commits_survive_the_power_going(database: Database) -> None:
    assert await database.write(lambda connection: connection.execute(text("PRAGMA synchronous")).scalar()) == 2
    assert await database.read(lambda connection: connection.execute(text("PRAGMA journal_mode")).scalar()) == "wal"


async def test_rows_that_point_nowhere_are_refused(database: Database) -> None:
    orphan = text(
        "INSERT INTO turn (thread_id, exchange, role, text, created_at) VALUES (77, 1, 'user', 'hello', '2026')"
    )
    with pytest.raises(Exception, match="FOREIGN KEY"):
        await database.write(lambda connection: connection.execute(orphan))


ROOT = Path(__file__).parents[2]
ACCEPT_AND_WAIT = """
import asyncio, sys, time
from storage.database import Database
from storage.replies import ReplyStore
from tests.clock import START
from tests.conftest import TRAIL, a_question

async def main():
    store = ReplyStore(await Database.open(sys.argv[1]), TRAIL)
    await store.accept(a_question("the one that was acknowledged"), START)
    print("committed", flush=True)
    time.sleep(60)

asyncio.run(main())
"""


async def test_what_accept_returned_for_survives_a_sigkill(database_path: Path) -> None:
    url = f"sqlite:///{database_path}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ACCEPT_AND_WAIT, url, cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"committed\n"
    process.kill()
    await process.wait()

    async with await Database.open(url) as database:
        rows = await database.read(lambda connection: connection.execute(text("SELECT message_key FROM reply")).all())
        intact = await database.read(lambda connection: connection.execute(text("PRAGMA integrity_check")).scalar())
    assert rows == [(a_question("the one that was acknowledged").message_key,)]
    assert intact == "ok"
