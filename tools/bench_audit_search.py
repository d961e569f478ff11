"""How long the first page of a search takes in a log of a million entries. `make bench-audit-search`.

The log is made up: half a million conversations of a question and a reply each, words drawn as people use them, few
of them often and most of them seldom. Entries and index are written as the service writes them; only the transactions
are larger.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, insert, text

from storage import migrations
from storage.audit.conversation_rows import AuditConversationRow, AuditIndexRow
from storage.audit.conversations import Filters
from storage.audit.index_words import BlindWords, fact
from storage.audit.keys import BodyKeys, MemoryKeys
from storage.audit.log import AuditEntry, append_all, seal
from storage.audit.reading import AuditReader
from storage.audit.search_index import FACTS, conversation_of
from storage.database import Database

ENTRIES = 1_000_000
BATCH = 5_000  # conversations in a transaction
VOCABULARY, WORDS = 30_000, 40
START = datetime(2026, 1, 1, tzinfo=UTC)
PLACES = 10
RUNS = 15
_WORDS = text("INSERT INTO audit_words (rowid, words) VALUES (:number, :words)")


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    asyncio.run(_bench(entries))


async def _bench(entries: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        migrations.upgrade(url)
        async with await Database.open(url) as database:
            keys, pseudonym = BodyKeys(MemoryKeys()), _pseudonym
            began = time.perf_counter()
            for first in range(0, entries // 2, BATCH):
                count = min(BATCH, entries // 2 - first)
                await database.write(lambda connection, first=first, count=count: _fill(connection, keys, first, count))
            print(f"{entries:,} entries written and indexed in {time.perf_counter() - began:.0f} s")
            await _measure(AuditReader(database, pseudonym, keys), entries)


async def _measure(reader: AuditReader, entries: int) -> None:
    middle = START + timedelta(seconds=entries / 4)
    searches = {
        "everything": Filters(),
        "a common word": Filters(text="w1"),
        "two common words": Filters(text="w1 w2"),
        "a rare word": Filters(text=f"w{VOCABULARY // 2}"),
        "a word that nobody said": Filters(text="nonsense"),
        "common and rare": Filters(text=f"w0 w{VOCABULARY // 3}"),
        "Chinese": Filters(text="年假"),
        "a person": Filters(actors=frozenset({"person 7"})),
        "a channel and a word": Filters(channel="C3", text="w5"),
        "an outcome that is rare": Filters(outcome="failed"),
        "thumbs down in a channel": Filters(channel="C2", verdict="down"),
        "half of the time, a model, a basis": Filters(until=middle, model_id="m1", basis="verified"),
        "a day in the middle": Filters(since=middle, until=middle + timedelta(days=1), text="w3"),
    }
    for name, filters in searches.items():
        times = []
        for _ in range(RUNS):
            began = time.perf_counter()
            found = await reader.search(filters, None, 25)
            times.append((time.perf_counter() - began) * 1_000)
        median, most = statistics.median(times), max(times)
        print(f"{name:36} {len(found.conversations):3} shown  median {median:7.1f} ms  most {most:7.1f} ms")


def _fill(connection: Connection, keys: BodyKeys, first: int, count: int) -> None:
    blind, rows, documents, sealed = BlindWords(_pseudonym), [], [], []
    for number in range(first, first + count):
        rng = random.Random(number)
        words = [f"w{int(rng.paretovariate(0.7)) % VOCABULARY}" for _ in range(WORDS)]
        question, answer = (
            " ".join([*words[:10], *(["年假还剩几天"] if number % 50 == 0 else [])]),
            " ".join(words[10:]),
        )
        at, place = START + timedelta(seconds=number), _place(number, rng)
        asked = AuditEntry("question", at, place, {"text": question})
        replied = AuditEntry("reply", at, {**place, **_ending(rng)}, {"text": answer})
        sealed += [seal(asked), seal(replied)]
        header = {**place, "seq": 2 * number + 1, "time": at.isoformat(), "kind": "question"}
        reply = {**header, **_ending(random.Random(number)), "kind": "reply", "seq": 2 * number + 2}
        row = conversation_of([header, reply])
        row["verdict"] = rng.choice(["up", "down", None, None, None])
        rows.append(row)
        facts = [fact(name, str(row[name])) for name in FACTS if row[name] is not None]
        documents.append({"number": row["number"], "words": " ".join([*facts, *blind.of_texts([question, answer])])})
    last = append_all(connection, keys, sealed)
    connection.execute(insert(AuditConversationRow), rows)
    connection.execute(_WORDS, documents)
    connection.execute(text("DELETE FROM audit_index"))
    connection.execute(insert(AuditIndexRow).values(only=1, done_seq=last))


def _place(number: int, rng: random.Random) -> dict[str, str | int]:
    actor = f"person {number % 2_000}"
    place = {"platform": "slack", "tenant": "T1", "channel": f"C{rng.randrange(PLACES)}", "thread": f"{number}"}
    return {**place, "reply_id": f"reply {number}", "exchange": 1, "actor": actor}


def _ending(rng: random.Random) -> dict[str, str]:
    outcome = "failed" if rng.random() < 0.0005 else "answered"
    return {"state": "DONE", "outcome": outcome, "basis": rng.choice(["verified", "plain", "none"]), "model_id": "m1"}


def _pseudonym(*parts: str) -> str:
    return " ".join(parts)


if __name__ == "__main__":
    main()
