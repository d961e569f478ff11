"""Keys of the log's texts: whose they are, where they are, and that nothing can be read without them."""

from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from storage import sqlite
from storage.audit.key_store import KeyFile, load_master_key, open_body_keys
from storage.audit.keys import BodyKeys, MemoryKeys, give_up
from storage.audit.log import AuditEntry, append, seal
from storage.audit.old_bodies import seal_old_bodies
from storage.audit.store import AuditStore
from storage.database import Database
from storage.errors import AuditKeyUnusable, DatabaseUnavailable, Trouble
from tests.clock import START

MASTER = bytes(range(32))
CANARY = "canary-7f3a of Mei Lin 年假"


def said(actor: str = "alice", words: str = CANARY, kind: str = "question") -> AuditEntry:
    return AuditEntry(kind, START, {"actor": actor}, {"text": words})


@pytest.fixture
def keys(tmp_path: Path) -> BodyKeys:
    return open_body_keys(tmp_path / "keys.db", tmp_path / "master.key")


def in_files(folder: Path, words: str) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_file() and words.encode() in path.read_bytes()]


async def test_what_people_say_stands_in_no_file_in_the_clear(
    database: Database, keys: BodyKeys, tmp_path: Path
) -> None:
    await database.write(lambda connection: append(connection, keys, said()))

    assert in_files(tmp_path, CANARY) == []
    exported = b"".join([chunk async for chunk in AuditStore(database, keys).export(START)])
    assert CANARY.encode() in exported


async def test_each_person_has_a_key_for_each_month_and_the_company_has_its_own(database: Database) -> None:
    keys = BodyKeys(MemoryKeys())

    def write(connection: Connection) -> list[tuple[str, str]]:
        for entry in (said(), said(), said("bob"), said("bob", kind="entry_added"), said(kind="model_update")):
            append(connection, keys, entry)
        append(connection, keys, AuditEntry("question", START.replace(month=4), {"actor": "alice"}, {"text": "x"}))
        rows = connection.execute(text("SELECT person, month FROM body_key ORDER BY person, month"))
        return [(row.person, row.month) for row in rows]

    assert await database.write(write) == [
        ("", "2026-03"), ("alice", "2026-03"), ("alice", "2026-04"), ("bob", "2026-03")
    ]  # fmt: skip


async def test_processes_that_write_at_once_use_the_same_keys(database: Database, tmp_path: Path) -> None:
    ours, theirs = (open_body_keys(tmp_path / "keys.db", tmp_path / "master.key") for _ in range(2))
    for keys in (ours, theirs, ours):
        await database.write(lambda connection, keys=keys: append(connection, keys, said()))

    for keys in (ours, theirs):
        verdict = await AuditStore(database, keys).verify()
        assert (verdict.entries, verdict.erased, verdict.first_bad) == (3, 0, None)


async def test_a_destroyed_key_takes_the_texts_with_it_in_every_process(database: Database, tmp_path: Path) -> None:
    ours, theirs = (open_body_keys(tmp_path / "keys.db", tmp_path / "master.key") for _ in range(2))
    await database.write(lambda connection: append(connection, ours, said()))
    await database.write(lambda connection: append(connection, ours, said("bob")))

    def forget_alice(connection: Connection) -> None:
        key_id = connection.execute(text("SELECT key_id FROM body_key WHERE person = 'alice'")).scalar_one()
        give_up(connection, [key_id])

    await database.write(forget_alice)
    assert await database.write(theirs.destroy_unheld) == 1
    assert await database.write(theirs.destroy_unheld) == 0

    assert (await AuditStore(database, theirs).verify()).first_bad == 1  # and no entry says who erased it
    await database.write(lambda connection: append(connection, ours, said(words="anew")))  # ours had remembered the key
    fresh = open_body_keys(tmp_path / "keys.db", tmp_path / "master.key")
    exported = b"".join([chunk async for chunk in AuditStore(database, fresh).export(START)])
    assert b"anew" in exported
    assert exported.count(CANARY.encode()) == 1  # Bob's


async def test_a_key_of_an_undone_transaction_is_nobodys(database: Database, keys: BodyKeys) -> None:
    def fail(connection: Connection) -> None:
        append(connection, keys, said())
        raise RuntimeError("the store failed")

    with pytest.raises(RuntimeError):
        await database.write(fail)
    await database.write(lambda connection: append(connection, keys, said()))

    assert await database.write(keys.destroy_unheld) == 1
    assert (await AuditStore(database, keys).verify()).first_bad is None


async def test_where_the_keys_were_lost_people_go_on_asking_and_the_loss_is_found(database: Database) -> None:
    await database.write(lambda connection: append(connection, BodyKeys(MemoryKeys()), said()))
    keys = BodyKeys(MemoryKeys())

    await database.write(lambda connection: append(connection, keys, said()))

    assert (await AuditStore(database, keys).verify()).first_bad == 1
    assert b"".join([chunk async for chunk in AuditStore(database, keys).export(START)]).count(CANARY.encode()) == 1


def test_the_key_file_is_wrapped_and_another_master_key_does_not_fit(tmp_path: Path) -> None:
    with closing(KeyFile(tmp_path / "keys.db", MASTER)) as file:
        file.put(b"id", MASTER[::-1])
        assert file.find([b"id", b"other"]) == {b"id": MASTER[::-1]}

    assert MASTER[::-1] not in (tmp_path / "keys.db").read_bytes()
    assert (tmp_path / "keys.db").stat().st_mode & 0o777 == 0o600
    with pytest.raises(AuditKeyUnusable, match=r"does not fit.*\[audit\] master_key"):
        KeyFile(tmp_path / "keys.db", bytes(32))


def test_a_key_that_is_destroyed_leaves_nothing_in_its_file(tmp_path: Path) -> None:
    with closing(KeyFile(tmp_path / "keys.db", MASTER)) as file:
        file.put(b"id", MASTER)
        wrapped = sqlite_rows(tmp_path / "keys.db")[0]
        file.destroy([b"id"])

    assert wrapped not in (tmp_path / "keys.db").read_bytes()


def sqlite_rows(path: Path) -> list[bytes]:
    with closing(sqlite.load_driver().connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT wrapped FROM body_key")]


def test_a_master_key_may_be_written_in_digits(tmp_path: Path) -> None:
    (tmp_path / "master").write_text(f"{MASTER.hex()}\n")
    (tmp_path / "short").write_text("beef\n")

    assert load_master_key(tmp_path / "master") == MASTER
    with pytest.raises(AuditKeyUnusable, match="64 hexadecimal digits"):
        load_master_key(tmp_path / "short")


def test_a_key_file_that_is_none_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "keys.db").write_bytes(b"not a database, and long enough to be told apart from an empty one" * 20)

    with pytest.raises(AuditKeyUnusable, match="check its permissions"):
        KeyFile(tmp_path / "keys.db", MASTER)


async def test_what_stood_in_the_clear_is_sealed_and_gone_from_the_file(
    database: Database, database_path: Path, keys: BodyKeys, tmp_path: Path
) -> None:
    def write_as_before(connection: Connection) -> None:
        for number in range(3):
            append(connection, keys, said(words=f"{CANARY} {number}"))
        for row in connection.execute(text("SELECT seq, key_id, sealed FROM audit_entry")).all():
            opened = keys.open(row.key_id, row.sealed)
            assert opened is not None
            values = {"seq": row.seq, "salt": opened[0], "body": opened[1].decode()}
            change = "UPDATE audit_entry SET salt = :salt, body = :body, key_id = NULL, sealed = NULL WHERE seq = :seq"
            connection.execute(text(change), values)

    await database.write(write_as_before)
    before = await AuditStore(database, keys).verify()

    assert seal_old_bodies(f"sqlite:///{database_path}", keys) == 3
    assert seal_old_bodies(f"sqlite:///{database_path}", keys) == 0

    assert in_files(tmp_path, CANARY) == []
    after = await AuditStore(database, keys).verify()
    assert (after.first_bad, after.erased, after.head) == (None, 0, before.head)


def test_sealing_is_another_each_time_and_what_was_changed_does_not_open(tmp_path: Path) -> None:
    keys = BodyKeys(kept := MemoryKeys())
    kept.put(b"id", MASTER)
    entry = seal(said())
    assert entry.salt is not None
    assert entry.body is not None

    one, two = (keys.seal(b"id", entry.salt, entry.body) for _ in range(2))

    assert one != two
    assert keys.open(b"id", one) == keys.open(b"id", two) == (entry.salt, entry.body)
    assert keys.open(b"id", one[:-1]) is None
    assert keys.open(b"id", b"") is None
    assert keys.open(b"of nobody", one) is None


class CountedKeys(MemoryKeys):
    """Remembers how many were asked for at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def find(self, key_ids: Collection[bytes]) -> Mapping[bytes, bytes]:
        self.asked.append(len(key_ids))
        return super().find(key_ids)


async def test_a_check_asks_for_the_keys_of_many_entries_at_once(database: Database) -> None:
    kept = CountedKeys()
    for number in range(30):
        await database.write(lambda connection, n=number: append(connection, BodyKeys(kept), said(f"person {n % 9}")))
    kept.asked.clear()

    assert (await AuditStore(database, BodyKeys(kept)).verify()).entries == 30
    assert kept.asked == [9]


async def test_trouble_with_the_disk_of_the_keys_is_trouble_with_the_database(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the service says that it is not ready, and tries again, instead of failing question by question."""
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MILLISECONDS", 1)
    keys = open_body_keys(tmp_path / "keys.db", tmp_path / "master.key")
    told: list[Trouble] = []
    database.tell_trouble(told.append)
    with closing(sqlite.load_driver().connect(tmp_path / "keys.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseUnavailable):
            await database.write(lambda connection: append(connection, keys, said()))

    assert told == [Trouble.LOCKED]


@pytest.mark.parametrize("wrapped", ["zeroblob(40)", "zeroblob(7)", "'abc'", "5"])
async def test_a_key_that_was_damaged_is_missed_by_its_entries_alone(
    database: Database, tmp_path: Path, wrapped: str
) -> None:
    files = tmp_path / "keys.db", tmp_path / "master.key"
    for actor in ("alice", "bob", "carol"):
        await database.write(lambda connection, who=actor: append(connection, open_body_keys(*files), said(who)))
    with closing(sqlite.load_driver().connect(files[0])) as connection, connection:
        connection.execute(f"UPDATE body_key SET wrapped = {wrapped} WHERE rowid = 2")

    store = AuditStore(database, open_body_keys(*files))

    assert (await store.verify()).first_bad == 2
    assert CANARY.encode() in b"".join([chunk async for chunk in store.export(START)])
