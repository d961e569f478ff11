"""The audit log: the chain is what docs/audit.md says, and whatever is changed is found at its entry."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta, timezone
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text

from storage.audit import batches, entries
from storage.audit.batches import PIECE
from storage.audit.canonical import canonical, respell
from storage.audit.checking import ChainCheck, ChainedEntry, Verdict
from storage.audit.checkpoints import checkpoint_line, sign_checkpoint
from storage.audit.export import entry_line, manifest_line, verify_export
from storage.audit.log import AuditEntry, append, append_all, seal
from storage.audit.signing import load_signer
from storage.audit.store import AuditStore
from storage.database import Database
from storage.errors import DatabaseUnusable
from storage.records import ReplyFigures, ReplyState, ReplyTimings
from storage.replies import ReplyStore
from storage.schema import Base
from tests.clock import START
from tests.conftest import KEYS, a_question
from tests.storage.test_replies import LEASE

SALT = bytes(range(32))
PAGE_BYTES = 4096  # of SQLite, unless it is told otherwise


def said(words: str | None = "How many days?", **fields: Any) -> AuditEntry:
    return AuditEntry("question", START, fields, None if words is None else {"text": words})


async def rows_of(database: Database) -> list[Mapping[str, Any]]:
    """With salt and body as they were sealed."""
    return await database.read(lambda connection: opened_rows(connection))


def opened_rows(connection: Connection) -> list[Mapping[str, Any]]:
    rows = connection.execute(text("SELECT * FROM audit_entry ORDER BY seq")).mappings()
    return [row if row["sealed"] is None else {**row, **opened(row)} for row in rows]


def opened(row: Mapping[str, Any]) -> dict[str, Any]:
    found = KEYS.open(row["key_id"], row["sealed"])
    assert found is not None
    return {"salt": found[0], "body": found[1].decode()}


# ── appending ────────────────────────────────────────────────────────────────


async def test_the_chain_is_the_one_of_the_contract(database: Database) -> None:
    for number, entry in enumerate((said("first"), said(None, channel="C1"), said("third"))):
        assert await database.write(lambda connection, entry=entry: append(connection, KEYS, entry)) == number + 1

    prev = bytes(32)
    for seq, row in enumerate(await rows_of(database), start=1):
        header = json.loads(row["header"])
        digest = None
        if row["body"] is not None:
            assert len(row["salt"]) == 32
            digest = sha256(row["salt"] + rfc8785.dumps(json.loads(row["body"]))).digest()
        link = sha256(b"\x00" + prev + sha256(rfc8785.dumps(header)).digest() + (digest or bytes(32))).digest()
        assert (row["seq"], header["seq"], row["prev"], row["body_digest"]) == (seq, seq, prev, digest)
        assert row["hash"] == link
        prev = link


async def test_the_header_says_when_in_utc_and_what(database: Database) -> None:
    at = START.astimezone(timezone(timedelta(hours=8)))
    entry = AuditEntry("question", at, {"channel": "C1", "outcome": None}, {"text": "secret words"})

    await database.write(lambda connection: append_all(connection, KEYS, [seal(entry, lambda count: SALT[:count])]))

    (row,) = await rows_of(database)
    time = START.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert row["header"] == f'{{"channel":"C1","kind":"question","outcome":null,"seq":1,"time":"{time}"}}'
    assert (row["body"], row["salt"]) == ('{"text":"secret words"}', SALT)


async def test_salts_differ_from_entry_to_entry(database: Database) -> None:
    for _ in range(3):
        await database.write(lambda connection: append(connection, KEYS, said("the same")))

    rows = await rows_of(database)
    assert len({row["salt"] for row in rows}) == len({row["body_digest"] for row in rows}) == 3


async def test_an_entry_is_undone_with_its_cause(database: Database) -> None:
    def fail_after_writing(connection: Connection) -> None:
        append(connection, KEYS, said())
        raise RuntimeError("the store failed")

    with pytest.raises(RuntimeError):
        await database.write(fail_after_writing)

    assert await rows_of(database) == []
    assert await database.write(lambda connection: append(connection, KEYS, said())) == 1


WEIRD = {
    "half a pair: \ud83d": "half a pair: \ufffd",
    "\ude00 the other half first \ud83d": "\ufffd the other half first \ufffd",
    "two halves: \ud83d\ude00": "two halves: \N{GRINNING FACE}",
    "nul \x00, bell \x07, escape \x1b[2J": "nul \x00, bell \x07, escape \x1b[2J",
    'line \u2028 paragraph \u2029 quote " backslash \\': 'line \u2028 paragraph \u2029 quote " backslash \\',
    "\ufeff \uffff \U0010ffff": "\ufeff \uffff \U0010ffff",
}


@pytest.mark.parametrize(("written", "kept"), WEIRD.items(), ids=ascii)
async def test_whatever_is_written_can_be_kept(database: Database, written: str, kept: str) -> None:
    await database.write(lambda connection: append(connection, KEYS, said(written, thread=written)))

    (row,) = await rows_of(database)
    assert json.loads(row["body"]) == {"text": kept}
    assert json.loads(row["header"])["thread"] == kept


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (-(10**400), "-1" + "0" * 400),
        (1e300, "1e+300"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (0.1, 0.1),
        (True, True),
    ],
)
def test_numbers_beyond_json_are_kept_as_their_text(number: float, kept: object) -> None:
    assert json.loads(canonical({"n": number})) == {"n": kept}


@given(st.dictionaries(st.text(), st.text(st.characters()) | st.integers() | st.floats() | st.booleans() | st.none()))
def test_nothing_makes_it_fail_and_reading_it_back_gives_the_same_bytes(values: dict[str, Any]) -> None:
    written = canonical(values)

    assert rfc8785.dumps(json.loads(written)) == written


json_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8"))


@given(st.dictionaries(st.text(max_size=4), json_values | st.lists(json_values, max_size=2), max_size=5))
def test_the_quick_spelling_is_the_one_of_the_library(values: dict[str, Any]) -> None:
    try:
        spelled = rfc8785.dumps(values)
    except ValueError:
        with pytest.raises(ValueError):
            respell(values)
        return

    assert respell(values) == spelled


@pytest.mark.parametrize("number", [0.1, 1.5, 1e-4, 123456789.125, 1e15 - 0.5, 1e-5, 1e21, 1.0, -0.0, 5e-324])
def test_numbers_are_spelled_as_the_library_does(number: float) -> None:
    assert respell({"n": number, "m": -number}) == rfc8785.dumps({"n": number, "m": -number})


# ── what entries say ─────────────────────────────────────────────────────────


def test_a_question_is_told_without_its_asker_or_its_words_in_the_header() -> None:
    entry = entries.question_accepted(a_question(user="U7", text="canary"), 3, "pseudonym", START)

    assert entry.fields == {
        "platform": "slack",
        "tenant": "T1",
        "channel": "C1",
        "thread": "1.0",
        "reply_id": "reply of slack:T1:C1:1.0",
        "exchange": 3,
        "actor": "pseudonym",
    }
    assert (entry.kind, entry.body) == ("question", {"text": "canary"})
    assert "canary" not in repr(entry)


def test_what_was_taken_out_of_a_question_is_counted() -> None:
    entry = entries.question_accepted(a_question(redacted={"tokens": 2, "cards": 1}), 1, "pseudonym", START)

    assert entry.fields["redacted"] == "cards:1 tokens:2"


def test_a_channel_that_is_named_after_its_person_is_not_named() -> None:
    entry = entries.question_accepted(a_question(platform="web", channel="U7", user="U7"), 1, "pseudonym", START)

    assert "U7" not in entry.fields.values()
    assert entry.fields["channel"] == "pseudonym"


async def test_an_ended_reply_is_told_with_its_figures(replies: ReplyStore) -> None:
    await replies.accept(a_question("k", text="canary"), START)
    reply = await replies.claim("reply of k", START, LEASE)
    assert reply is not None
    figures = ReplyFigures(model_id="m", model_sha256="ab", prompt_tokens=7, new_tokens=9, seconds=1.5)
    await replies.record_final(reply, "the answer", "answered", START, figures)
    await replies.record_closed(reply, ReplyState.DONE, START)
    ended = await replies.find("reply of k")
    assert ended is not None

    timings = ReplyTimings(seconds_in_line=2.5, seconds_to_first_text=3.25)

    entry = entries.reply_ended(ended, figures, timings, edits=4, actor="pseudonym", at=START)

    assert (entry.kind, entry.body) == ("reply", {"text": "the answer"})
    told = {"state": "DONE", "outcome": "answered", "failure": None, "attempt": 0, "edits": 4, "prompt_tokens": 7}
    told |= {"model_id": "m", "model_sha256": "ab", "new_tokens": 9, "seconds_to_first_token": None, "seconds": 1.5}
    told |= {"seconds_in_line": 2.5, "seconds_to_first_text": 3.25}
    assert told.items() <= entry.fields.items()
    assert {"canary", "the answer", "U1"}.isdisjoint(entry.fields.values())


async def test_edits_and_deletions_of_a_question_are_told(replies: ReplyStore) -> None:
    reply = await replies.accept(a_question("k"), START)
    assert reply is not None

    edited = entries.question_edited(reply, "new words", "pseudonym", START)
    deleted = entries.question_deleted(reply, "pseudonym", START)

    assert (edited.kind, edited.body) == ("question_edited", {"text": "new words"})
    assert (deleted.kind, deleted.body) == ("question_deleted", None)
    assert edited.fields == deleted.fields
    assert edited.fields["reply_id"] == "reply of k"


# ── checking: whatever is changed is found at its entry ──────────────────────

LENGTH = 8
WITHOUT_TEXT, ERASED = 4, 6
seqs = st.integers(1, LENGTH)
columns = st.sampled_from(["header", "body_digest", "prev", "hash", "salt", "body"])


def a_log() -> list[ChainedEntry]:
    """Eight entries: the fourth never had a text, the sixth has lost it, and the eighth says so."""
    engine = create_engine("sqlite://")
    for table in ("audit_entry", "body_key"):
        Base.metadata.tables[table].create(engine)
    with engine.begin() as connection:
        for number in range(1, LENGTH):
            words = None if number == WITHOUT_TEXT else f"question {number} ✓"
            append(connection, KEYS, said(words, channel="C1", seconds=number / 8))
        erasure = AuditEntry("erasure", START, {"seqs": str(ERASED), "channel": "C1"}, {"reason": "they asked ✓"})
        append(connection, KEYS, erasure)
        rows = opened_rows(connection)
    log = [entry_of(row) for row in rows]
    log[ERASED - 1] = replace(log[ERASED - 1], body=None, salt=None)
    return log


def entry_of(row: Mapping[str, Any]) -> ChainedEntry:
    fields = {name: row[name] for name in ("seq", "body_digest", "prev", "hash", "salt")}
    return ChainedEntry(**fields, header=row["header"].encode(), body=encoded(row["body"]))


def encoded(body: str | None) -> bytes | None:
    return None if body is None else body.encode()


LOG = a_log()


def exported(log: list[ChainedEntry]) -> list[bytes]:
    return [manifest_line(1, LENGTH, START), *map(entry_line, log)]


def first_bad(log: list[ChainedEntry]) -> int | None:
    """As both ways of checking say: over entries as the database has them, and over their export."""
    check = ChainCheck()
    is_good = all(check.take(entry) for entry in log)
    check.end()
    in_file = verify_export(exported(log)).first_bad
    # An end that was cut off shows in the file alone, which says how long it is.
    assert check.verdict.first_bad == in_file or (is_good and len(log) < LENGTH)
    return in_file


def changed(seq: int, **values: bytes | None) -> list[ChainedEntry]:
    return [replace(entry, **values) if entry.seq == seq else entry for entry in LOG]  # type: ignore[arg-type]


def test_what_was_not_changed_is_good_and_the_erased_are_counted() -> None:
    verdict = verify_export(exported(LOG))

    assert verdict == Verdict(LENGTH, 1, LOG[-1].hash)
    assert first_bad(LOG) is None


@given(seqs, columns, st.data())
def test_a_flipped_bit_is_found_at_its_entry(seq: int, column: str, data: st.DataObject) -> None:
    value = getattr(LOG[seq - 1], column)
    assume(value is not None)
    bit = data.draw(st.integers(0, 8 * len(value) - 1))
    flipped = bytearray(value)
    flipped[bit // 8] ^= 1 << bit % 8

    assert first_bad(changed(seq, **{column: bytes(flipped)})) == seq


@given(seqs, columns, st.binary(max_size=33) | st.just(bytes(32)))
def test_a_value_put_in_place_of_another_is_found_at_its_entry(seq: int, column: str, value: bytes) -> None:
    assume(getattr(LOG[seq - 1], column) != value)

    assert first_bad(changed(seq, **{column: value})) == seq


@pytest.mark.parametrize("value", [b"null", b"{}", b'{"text":"never"}', LOG[0].body, b"{}}\n" + entry_line(LOG[4])])
@pytest.mark.parametrize("seq", [3, WITHOUT_TEXT, ERASED])
def test_a_text_that_was_put_in_is_found_at_its_entry(seq: int, value: bytes) -> None:
    assert first_bad(changed(seq, body=value)) == seq


@pytest.mark.parametrize("column", ["body_digest", "salt", "body"])
@pytest.mark.parametrize("seq", [1, LENGTH])
def test_a_value_taken_away_is_found_at_its_entry(seq: int, column: str) -> None:
    assert first_bad(changed(seq, **{column: None})) == seq


def test_another_text_with_a_digest_to_match_is_found() -> None:
    """Only writing everything from there on anew would hide it: that is what checkpoints are for."""
    digest = sha256(SALT + b'{"text":"never"}').digest()

    assert first_bad(changed(3, body=b'{"text":"never"}', salt=SALT, body_digest=digest)) == 3


@given(seqs)
def test_a_missing_entry_is_found(seq: int) -> None:
    assert first_bad([entry for entry in LOG if entry.seq != seq]) == seq


@given(seqs)
def test_a_missing_entry_is_found_when_the_rest_is_numbered_anew(seq: int) -> None:
    kept = [entry for entry in LOG if entry.seq != seq]

    assert first_bad([replace(entry, seq=number) for number, entry in enumerate(kept, start=1)]) == seq


@given(seqs, seqs)
def test_swapped_entries_are_found_at_the_first(one: int, other: int) -> None:
    assume(one < other)
    swapped = list(LOG)
    swapped[one - 1], swapped[other - 1] = LOG[other - 1], LOG[one - 1]

    assert first_bad(swapped) == one
    assert first_bad([replace(entry, seq=number) for number, entry in enumerate(swapped, start=1)]) == one


@given(seqs, seqs)
def test_texts_that_changed_places_are_found(one: int, other: int) -> None:
    assume(one < other and {one, other}.isdisjoint({WITHOUT_TEXT, ERASED}))
    swapped = changed(one, body=LOG[other - 1].body, salt=LOG[other - 1].salt)

    assert first_bad(swapped) == one


@given(seqs)
def test_an_entry_that_stands_twice_is_found(seq: int) -> None:
    twice = LOG[:seq] + LOG[seq - 1 :]

    assert first_bad(twice) == seq + 1


# ── checking an export ───────────────────────────────────────────────────────


@given(seqs, st.data())
def test_a_changed_byte_of_an_export_is_found_at_its_entry(seq: int, data: st.DataObject) -> None:
    lines = exported(LOG)
    at = data.draw(st.integers(0, len(lines[seq]) - 2))
    byte = data.draw(st.integers(0, 255))
    line = lines[seq][:at] + bytes([byte]) + lines[seq][at + 1 :]
    assume(not says_the_same(line, lines[seq]))
    file = b"".join([*lines[:seq], line, *lines[seq + 1 :]])

    assert verify_export(BytesIO(file)).first_bad == seq


def says_the_same(line: bytes, other: bytes) -> bool:
    try:
        return bool(json.loads(line) == json.loads(other))
    except ValueError:
        return False


@given(st.integers(1, LENGTH))
def test_an_export_that_was_cut_off_is_found(seq: int) -> None:
    assert verify_export(exported(LOG)[:seq]).first_bad == seq


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"body":', b'"body":{"text":"shown by some readers"},"body":'),
        (b'{"type"', b'{"note":"more","type"'),
        (b'"seq":3,"header"', b'"seq":3.0,"header"'),
        (b'"seq":3,"time"', b'"seq":4,"time"'),
        (b'"text":"', b'"text":"\\ud800'),
        (b'"hash":"', b'"hash":" '),
        (b'"header":{', b'"header":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b","),
        (b'"header":{', b'"header":{"a":1e999,'),
        (b'"header":{', b'"header":{"a":123456789012345678901234567890,'),
        (b'{"type":"entry"', b'\xef\xbb\xbf{"type":"entry"'),
        (b'{"type":"entry"', b'\n{"type":"entry"'),
        (b'{"type":"entry"', b'{"type":"note"'),
    ],
)
def test_what_readers_could_take_in_two_ways_is_refused(old: bytes, new: bytes) -> None:
    lines = exported(LOG)
    lines[3] = lines[3].replace(old, new, 1)

    assert verify_export(BytesIO(b"".join(lines))).first_bad == 3


def test_digits_of_a_hash_have_one_spelling() -> None:
    lines = exported(LOG)
    lines[3] = lines[3].replace(LOG[2].hash.hex().encode(), LOG[2].hash.hex().upper().encode())

    assert verify_export(lines).first_bad == 3


def test_more_than_is_announced_is_found() -> None:
    lines = [manifest_line(1, LENGTH - 1, START), *exported(LOG)[1:]]

    assert verify_export(lines).first_bad == LENGTH


def test_an_excerpt_is_checked_from_where_it_begins() -> None:
    lines = [manifest_line(3, 5, START), *exported(LOG)[3:6]]

    assert verify_export(lines).first_bad is None
    assert verify_export([lines[0], *lines[2:]]).first_bad == 3
    assert verify_export([lines[0], lines[1], lines[3]]).first_bad == 4


@pytest.mark.parametrize("bad", [None, *range(1, LENGTH + 1)])
def test_the_program_in_the_documentation_agrees(tmp_path: Path, bad: int | None) -> None:
    page = Path(__file__).parents[2] / "docs" / "audit.md"
    program = page.read_text().split("```python\n")[1].split("```")[0]
    lines = exported(LOG if bad is None else changed(bad, header=LOG[bad - 1].header.replace(b"C1", b"C2")))
    signer = load_signer(tmp_path / "signing.key")
    if bad is None:
        lines.append(checkpoint_line(sign_checkpoint(signer, LENGTH, LOG[-1].hash, START, b"")))
    (tmp_path / "log.jsonl").write_bytes(b"".join(lines))
    (tmp_path / "public.pem").write_bytes(signer.public_key.pem)

    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "log.jsonl"), str(tmp_path / "public.pem")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stderr == ("" if bad is None else f"first bad entry: {bad}\n")
    assert ended.returncode == (0 if bad is None else 1)


# ── the store ────────────────────────────────────────────────────────────────


async def test_a_log_longer_than_a_batch_is_checked_and_exported_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "PIECE", 20)
    monkeypatch.setattr(batches, "BATCH", 60)
    count = 2 * batches.BATCH + 1

    def write(connection: Connection) -> None:
        for _ in range(count):
            append(connection, KEYS, said())

    await database.write(write)
    store = AuditStore(database, KEYS)

    assert (await store.verify()).entries == count
    assert verify_export(BytesIO(await export_of(store))).entries == count
    for bad in (count, 61, 60, 41, 40):
        await database.write(lambda connection, bad=bad: change(connection, "sealed = zeroblob(64)", bad))
        assert (await store.verify()).first_bad == bad
        assert verify_export(BytesIO(await export_of(store))).first_bad == bad


async def test_a_page_of_the_file_that_is_damaged_is_said(database: Database, database_path: Path) -> None:
    await database.write(lambda connection: append_all(connection, KEYS, [seal(said()) for _ in range(3 * PIECE)]))
    await database.scrub()
    damage(database_path, b'"seq":%d,' % (2 * PIECE))

    async with await Database.open(f"sqlite:///{database_path}") as opened:
        store = AuditStore(opened, KEYS)
        with pytest.raises(DatabaseUnusable, match="inthread db check"):
            await store.verify()
        with pytest.raises(DatabaseUnusable, match="inthread db check"):
            await export_of(store)


def damage(database_path: Path, where: bytes) -> None:
    """The page that it stands in is nothing but zeros."""
    file = database_path.read_bytes()
    page = file.index(where) // PAGE_BYTES * PAGE_BYTES
    database_path.write_bytes(file[:page] + bytes(PAGE_BYTES) + file[page + PAGE_BYTES :])


async def export_of(store: AuditStore) -> bytes:
    return b"".join([chunk async for chunk in store.export(START)])


def change(connection: Connection, values: str, seq: int) -> None:
    connection.execute(text(f"UPDATE audit_entry SET {values} WHERE seq = :seq"), {"seq": seq})


@pytest.mark.parametrize("seq", [0, -3, 7, 2**62])
async def test_an_entry_that_was_slipped_in_is_found(database: Database, seq: int) -> None:
    for _ in range(3):
        await database.write(lambda connection: append(connection, KEYS, said()))
    await database.write(lambda connection: change(connection, f"seq = {seq}", 2))
    store = AuditStore(database, KEYS)

    found = {(await store.verify()).first_bad, verify_export(BytesIO(await export_of(store))).first_bad}

    assert found == ({1} if seq < 1 else {2})


async def test_stores_that_write_at_once_make_one_chain(database: Database, database_path: Path) -> None:
    async with await Database.open(f"sqlite:///{database_path}") as other:
        writes = [
            opened.write(lambda connection: append(connection, KEYS, said())) for opened in (database, other) * 25
        ]
        written = await asyncio.gather(*writes)

    assert sorted(written) == list(range(1, 51))
    assert (await AuditStore(database, KEYS).verify()).first_bad is None


async def test_checking_goes_on_beside_writing(database: Database) -> None:
    async def write() -> None:
        for _ in range(30):
            await database.write(lambda connection: append(connection, KEYS, said()))

    writing = asyncio.create_task(write())
    while not writing.done():
        assert (await AuditStore(database, KEYS).verify()).first_bad is None
    await writing
    assert (await AuditStore(database, KEYS).verify()).entries == 30


async def test_entries_without_texts_are_checked_as_fast_as_those_with(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third of them never had one, and some have lost theirs; one by one only those around the erasure are taken."""
    lost = range(5, 200, 10)
    erasure = AuditEntry("erasure", START, {"seqs": ",".join(map(str, lost))}, {"reason": "asked for"})
    some = [said(None if number % 3 == 0 else f"question {number}") for number in range(320)]

    def write(connection: Connection) -> None:
        append_all(connection, KEYS, [seal(entry) for entry in (*some, erasure)])
        gone = "UPDATE audit_entry SET sealed = NULL, key_id = NULL WHERE body_digest NOT NULL AND seq % 10 = 5"
        connection.execute(text(f"{gone} AND seq < 200"))

    await database.write(write)
    taken: list[int] = []
    entry_of = batches._entry_of
    monkeypatch.setattr(
        batches, "_entry_of", lambda connection, keys, row: taken.append(row[0]) or entry_of(connection, keys, row)
    )

    verdict = await AuditStore(database, KEYS).verify()

    assert (verdict.first_bad, verdict.entries) == (None, 321)
    assert verdict.erased == sum(some[seq - 1].body is not None for seq in lost)
    assert taken == list(range(PIECE + 1, 322))


@pytest.mark.parametrize(
    "mischief",
    [
        "body_digest = zeroblob(32) WHERE seq = 3",  # its hash is that of none
        "body_digest = NULL WHERE seq = 2",
        "salt = zeroblob(32) WHERE seq = 3",
        "sealed = zeroblob(64) WHERE seq = 3",
        "salt = zeroblob(32), body = '{}' WHERE seq = 2",  # beside the sealed one
        "sealed = zeroblob(64), key_id = zeroblob(16) WHERE seq = 3",
        "key_id = NULL, sealed = NULL WHERE seq = 2",
    ],
)
async def test_a_text_that_is_lost_or_put_where_none_was_is_found(database: Database, mischief: str) -> None:
    entries = [said(f"question {number}") if number != 3 else said(None) for number in range(1, 6)]
    await database.write(lambda connection: append_all(connection, KEYS, [seal(entry) for entry in entries]))
    await database.write(lambda connection: connection.execute(text(f"UPDATE audit_entry SET {mischief}")))

    store = AuditStore(database, KEYS)
    assert (await store.verify()).first_bad == int(mischief[-1])
    assert verify_export(BytesIO(await export_of(store))).first_bad == int(mischief[-1])
