"""Signed checkpoints: when they are made, and that they find what a chain alone does not."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, text

from storage.audit.checkpointing import CheckpointRule, CheckpointStore
from storage.audit.checkpoints import Checkpoint, checkpoint_line, parse_checkpoint, parse_shipped, sign_checkpoint
from storage.audit.export import verify_export
from storage.audit.log import AuditEntry, append
from storage.audit.shipping import append_to_file
from storage.audit.signing import Signer, load_public_key, load_signer
from storage.audit.store import AuditStore
from storage.database import Database
from storage.errors import AuditKeyUnusable, NotCheckpoints, NotWritten
from tests.clock import START
from tests.conftest import KEYS
from tests.storage.independent_checker import first_bad

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
KEY = SIGNER.public_key
RULE = CheckpointRule(entries=4, age=timedelta(hours=1))
LATER = START + timedelta(minutes=5)


def add(connection: Connection, count: int) -> None:
    for _ in range(count):
        append(connection, KEYS, AuditEntry("question", START, {"channel": "C1"}, {"text": "How many days?"}))


@pytest.fixture
def checkpoints(database: Database) -> CheckpointStore:
    return CheckpointStore(database, SIGNER)


async def export_of(database: Database) -> list[bytes]:
    chunks = [chunk async for chunk in AuditStore(database, KEYS).export(START)]
    return b"".join(chunks).splitlines(keepends=True)


# ── when they are made ───────────────────────────────────────────────────────


async def test_one_over_every_so_many_entries_and_one_an_hour(database: Database, checkpoints: CheckpointStore) -> None:
    await database.write(lambda connection: add(connection, 9))

    first = [checkpoint.size for checkpoint in await checkpoints.take_due(RULE, START)]
    soon = await checkpoints.take_due(RULE, START + timedelta(minutes=59))
    after_an_hour = [checkpoint.size for checkpoint in await checkpoints.take_due(RULE, START + timedelta(hours=1))]
    nothing_new = await checkpoints.take_due(RULE, START + timedelta(hours=9))

    assert (first, soon, after_an_hour, nothing_new) == ([4, 8], [], [9], [])


async def test_each_says_what_the_one_before_was(database: Database, checkpoints: CheckpointStore) -> None:
    await database.write(lambda connection: add(connection, 8))

    first, second = await checkpoints.take_due(RULE, START)

    assert first.prev_signature == b""
    assert second.prev_signature == first.signature
    assert all(checkpoint.is_signed_with(KEY) for checkpoint in (first, second))


async def test_there_is_none_of_an_empty_log_and_no_second_one_of_the_same(
    database: Database, checkpoints: CheckpointStore
) -> None:
    assert await checkpoints.take(START) is None
    await database.write(lambda connection: add(connection, 3))

    assert await checkpoints.take(START) == await checkpoints.take(LATER)


async def test_another_key_does_not_go_on(database: Database, checkpoints: CheckpointStore) -> None:
    await database.write(lambda connection: add(connection, 3))
    await checkpoints.take(START)

    with pytest.raises(AuditKeyUnusable, match="restore"):
        await CheckpointStore(database, Signer(Ed25519PrivateKey.generate())).take(LATER)


async def test_what_could_not_be_written_down_is_handed_out_again(
    database: Database, checkpoints: CheckpointStore
) -> None:
    await database.write(lambda connection: add(connection, 8))
    first, second = await checkpoints.take_due(RULE, START)

    await checkpoints.record_shipped(first.size)

    assert await checkpoints.unshipped() == [second]


# ── what they find ───────────────────────────────────────────────────────────


@pytest.fixture
async def log(database: Database, checkpoints: CheckpointStore) -> list[bytes]:
    """An export of nine entries with checkpoints over 4 and 8 and 9."""
    await database.write(lambda connection: add(connection, 9))
    await checkpoints.take_due(RULE, START)
    await checkpoints.take(LATER)
    return await export_of(database)


MANIFEST, LINE_OF = 0, {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 7, 7: 8, 8: 9, 9: 11}  # checkpoints stand behind 4 and 8
Tamper = Callable[[list[bytes]], object]


def flip(seq: int, old: bytes, new: bytes) -> Tamper:
    def change(lines: list[bytes]) -> None:
        assert old in lines[LINE_OF[seq]]
        lines[LINE_OF[seq]] = lines[LINE_OF[seq]].replace(old, new)

    return change


def delete(seq: int) -> Tamper:
    return lambda lines: lines.pop(LINE_OF[seq])


def swap(one: int, other: int) -> Tamper:
    def change(lines: list[bytes]) -> None:
        first, second = LINE_OF[one], LINE_OF[other]
        lines[first], lines[second] = lines[second], lines[first]

    return change


def truncate_behind(seq: int) -> Tamper:
    """As somebody who knows the format: the manifest agrees, and nothing that is left is wrong."""

    def change(lines: list[bytes]) -> None:
        del lines[LINE_OF[seq] + 1 :]
        lines[MANIFEST] = lines[MANIFEST].replace(b'"to_seq":9', b'"to_seq":%d' % seq)

    return change


MISCHIEF = [
    *((seq, flip(seq, b"days", b"dayz")) for seq in LINE_OF),
    *((seq, flip(seq, b"C1", b"C2")) for seq in LINE_OF),
    *((seq, delete(seq)) for seq in LINE_OF),
    *((seq, swap(seq, 9)) for seq in range(1, 9)),
]


@pytest.mark.parametrize(("bad", "tamper"), MISCHIEF)
def test_what_was_done_to_an_export_is_found_by_us_and_by_a_stranger(
    log: list[bytes], bad: int, tamper: Tamper
) -> None:
    assert verify_export(log, KEY).first_bad is None
    assert first_bad(log, KEY.pem) is None

    tamper(log)

    assert verify_export(BytesIO(b"".join(log)), KEY).first_bad == bad
    assert first_bad(log, KEY.pem) == bad


@pytest.mark.parametrize("seq", range(1, 9))
async def test_a_cut_end_is_found_against_a_checkpoint_kept_elsewhere(
    database: Database, checkpoints: CheckpointStore, log: list[bytes], seq: int
) -> None:
    kept = [checkpoint_line(checkpoint) for checkpoint in await checkpoints.unshipped()][-1:]
    truncate_behind(seq)(log)

    assert verify_export(log, KEY).first_bad is None  # nobody could tell from what is left
    assert verify_export(log, KEY, parse_shipped(kept, KEY)).first_bad == seq + 1
    assert first_bad(log, KEY.pem, kept) == seq + 1


async def test_a_database_that_was_cut_or_rolled_back_is_found_at_its_entry(
    database: Database, checkpoints: CheckpointStore, log: list[bytes]
) -> None:
    shipped = parse_shipped(map(checkpoint_line, await checkpoints.unshipped()), KEY)
    await database.write(lambda connection: connection.execute(text("DELETE FROM audit_entry WHERE seq > 5")))
    store = AuditStore(database, KEYS)

    assert (await store.verify(KEY)).first_bad == 6
    assert verify_export(await export_of(database), KEY).first_bad == 6
    await database.write(lambda connection: connection.execute(text("DELETE FROM audit_checkpoint WHERE size > 5")))
    assert (await store.verify(KEY)).first_bad is None
    assert (await store.verify(KEY, shipped)).first_bad == 6
    await database.write(lambda connection: add(connection, 7))  # it went on from there, with entries of its own
    assert (await store.verify(KEY, shipped)).first_bad == 8


async def test_what_was_written_anew_to_the_end_is_found_at_the_next_checkpoint(
    database: Database, checkpoints: CheckpointStore, log: list[bytes]
) -> None:
    await database.write(lambda connection: connection.execute(text("DELETE FROM audit_entry WHERE seq > 4")))
    await database.write(lambda connection: add(connection, 5))  # other salts: other hashes

    verdict = await AuditStore(database, KEYS).verify(KEY)

    assert verdict.first_bad == 8
    assert "entries behind 4 were written anew" in (verdict.reason or "")
    assert first_bad(await export_of(database), KEY.pem) == 8


@pytest.mark.parametrize(
    ("old", "new", "found_at"),
    [
        (b'"size":8', b'"size":7', 7),
        (b"2026", b"2025", 8),
        (b'"prev_signature":"', b'"prev_signature":"AA', 8),
        (b'"head":"', b'"head":"f', 8),
    ],
)
def test_a_changed_checkpoint_is_found_at_the_entry_it_covers(
    log: list[bytes], old: bytes, new: bytes, found_at: int
) -> None:
    assert old in log[10]
    log[10] = log[10].replace(old, new)

    assert verify_export(log, KEY).first_bad == found_at


def test_a_checkpoint_that_was_taken_away_is_missed_by_the_next(log: list[bytes]) -> None:
    del log[10]

    assert verify_export(log, KEY).first_bad == 9
    assert first_bad(log, KEY.pem) == 9


def test_checkpoints_of_somebody_elses_key_are_worth_nothing(log: list[bytes]) -> None:
    other = Signer(Ed25519PrivateKey.generate()).public_key

    assert verify_export(log, other).first_bad == first_bad(log, other.pem) == 4
    assert verify_export(log).first_bad is None  # without a key there is nothing to check them with


def test_checkpoints_kept_elsewhere_have_to_be_signed(log: list[bytes]) -> None:
    kept = [line for line in log if json.loads(line)["type"] == "checkpoint"]

    assert sorted(parse_shipped([b"<29>inthread: " + line for line in kept], KEY)) == [4, 8, 9]
    with pytest.raises(NotCheckpoints, match="line 2 is not signed with this key"):
        parse_shipped([kept[0], kept[1].replace(b"2026", b"2025")], KEY)
    with pytest.raises(NotCheckpoints, match="no checkpoint any more"):
        parse_shipped([kept[0][:40]], KEY)
    with pytest.raises(NotCheckpoints, match="has no checkpoint"):
        parse_shipped([b"something else\n"], KEY)


# ── files ────────────────────────────────────────────────────────────────────


def test_the_key_is_made_once_and_its_public_half_can_be_handed_out(tmp_path: Path) -> None:
    signer = load_signer(tmp_path / "signing.key")
    (tmp_path / "public.pem").write_bytes(signer.public_key.pem)

    again = load_signer(tmp_path / "signing.key")

    assert load_public_key(tmp_path / "public.pem").has_signed(b"said", again.sign(b"said"))
    assert (tmp_path / "signing.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(AuditKeyUnusable, match="no public key"):
        load_public_key(tmp_path / "signing.key")
    with pytest.raises(AuditKeyUnusable, match="holds no Ed25519 key"):
        load_signer(tmp_path / "public.pem")


def test_lines_are_added_to_the_file_and_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    append_to_file(tmp_path / "kept.jsonl", [b"one\n"])
    append_to_file(tmp_path / "kept.jsonl", [b"two\n"])

    assert (tmp_path / "kept.jsonl").read_bytes() == b"one\ntwo\n"
    with pytest.raises(NotWritten, match="checkpoint_file"):
        append_to_file(tmp_path / "nowhere" / "kept.jsonl", [b"one\n"])


def test_a_checkpoint_is_read_back_as_it_was(log: list[bytes]) -> None:
    checkpoint = parse_checkpoint(json.loads(log[5]))

    assert isinstance(checkpoint, Checkpoint)
    assert checkpoint_line(checkpoint) == log[5]


@pytest.mark.parametrize("column", ["head", "time", "prev_signature", "signature"])
@pytest.mark.parametrize("value", ["'abc'", "5", "1.5", "x'ff'", "x''", "zeroblob(64)"])
async def test_a_checkpoint_that_was_changed_into_whatever_is_found(
    database: Database, checkpoints: CheckpointStore, column: str, value: str
) -> None:
    await database.write(lambda connection: add(connection, 8))
    await checkpoints.take_due(RULE, START)
    await database.write(
        lambda connection: connection.execute(text(f"UPDATE audit_checkpoint SET {column} = {value} WHERE size = 8"))
    )

    assert (await AuditStore(database, KEYS).verify(KEY)).first_bad == 8
    assert verify_export(BytesIO(b"".join(await export_of(database))), KEY).first_bad == 8


async def test_nothing_is_signed_over_a_number_that_was_made_up(database: Database) -> None:
    store = CheckpointStore(database, SIGNER)
    await database.write(lambda connection: add(connection, 3))
    await database.write(
        lambda connection: connection.execute(
            text(
                "INSERT INTO audit_entry (seq, header, body_digest, prev, hash) "
                "SELECT 9223372036854775807, header, body_digest, prev, hash FROM audit_entry WHERE seq = 2"
            )
        )
    )

    made = await store.take(START)

    assert made is not None
    assert made.size == 3


async def test_a_log_that_was_rolled_back_and_went_on_is_found_where_it_was_signed_twice(
    database: Database, checkpoints: CheckpointStore
) -> None:
    """Both checkpoints were written down elsewhere, and only one of them can be of this log."""
    await database.write(lambda connection: add(connection, 8))
    (first, second) = await checkpoints.take_due(RULE, START)
    other = sign_checkpoint(SIGNER, second.size, bytes(32), START, first.signature)
    lines = [checkpoint_line(one) for one in (first, other, second)]

    verdict = await AuditStore(database, KEYS).verify(KEY, parse_shipped(lines, KEY))

    assert verdict.first_bad == second.size
    assert "rolled back or rewritten" in (verdict.reason or "")
