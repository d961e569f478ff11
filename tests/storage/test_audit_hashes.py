"""Hashes and texts of many entries: Python's libraries and the compiled code say the same, whatever was changed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.audit import compiled_hashes
from storage.audit.chain import FIRST_PREV, digest_body, link
from storage.audit.columns import Columns, Hashes, PythonHashes, StoredEntry
from storage.audit.compiled_hashes import CompiledHashes, compile_hashes
from storage.audit.keys import BodyKeys, MemoryKeys

COLUMNS = ("header", "body_digest", "prev", "hash", "key_id", "sealed")
KEY_IDS = (bytes(16), bytes([1]) * 16)
LIBRARY = compile_hashes()
needs_library = pytest.mark.skipif(LIBRARY is None, reason="no C compiler, or no OpenSSL 3")


def a_log(keys: BodyKeys) -> list[StoredEntry]:
    """Of two people; every third entry has no text, every fifth has lost it."""
    rows: list[StoredEntry] = []
    prev = FIRST_PREV
    for seq in range(1, 21):
        header, body, salt = b'{"seq":%d,"said":"%s"}' % (seq, b"x" * seq * 11), b'{"text":"%d"}' % seq, bytes(32)
        digest = None if seq % 3 == 0 else digest_body(salt, body)
        hash = link(prev, header, digest)
        if digest is None or seq % 5 == 0:
            rows.append((seq, header, digest, prev, hash, None, None, None, None))
        else:
            key_id = KEY_IDS[seq % 2]
            rows.append((seq, header, digest, prev, hash, key_id, keys.seal(key_id, salt, body), None, None))
        prev = hash
    return rows


def some_keys() -> BodyKeys:
    kept = MemoryKeys()
    for key_id in KEY_IDS:
        kept.put(key_id, key_id * 2)
    return BodyKeys(kept)


KEYS = some_keys()
LOG = a_log(KEYS)
BOTH = [
    pytest.param(PythonHashes, id="python"),
    pytest.param(lambda keys: CompiledHashes(LIBRARY, keys), id="compiled", marks=needs_library),  # type: ignore[arg-type]
]


def changed(seq: int, column: str, value: object) -> Columns:
    rows = [list(row) for row in LOG]
    rows[seq - 1][1 + COLUMNS.index(column)] = value
    return Columns.of([tuple(row) for row in rows])  # type: ignore[misc]


@pytest.mark.parametrize("make", BOTH)
def test_what_was_not_changed_holds(make: Callable[[BodyKeys], Hashes]) -> None:
    hashes = make(KEYS)

    assert hashes.hold(Columns.of(LOG))
    assert hashes.hold(Columns.of(LOG[2:3]))  # one, without a text
    assert hashes.hold(Columns.of(LOG[4:5]))  # one that has lost it


@pytest.mark.parametrize("make", BOTH)
@given(seq=st.integers(1, len(LOG)), column=st.sampled_from(COLUMNS), data=st.data())
def test_a_flipped_bit_does_not_hold(
    make: Callable[[BodyKeys], Hashes], seq: int, column: str, data: st.DataObject
) -> None:
    value = LOG[seq - 1][1 + COLUMNS.index(column)]
    if not isinstance(value, bytes):
        return
    at = data.draw(st.integers(0, len(value) - 1))
    other = value[:at] + bytes([value[at] ^ 1 << data.draw(st.integers(0, 7))]) + value[at + 1 :]

    assert not make(KEYS).hold(changed(seq, column, other))


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("value", [None, b"", b"x", bytes(31), bytes(33), bytes(64), "text" * 8, 7, 1.5])
def test_a_value_of_another_kind_does_not_hold_and_ends_nothing(
    make: Callable[[BodyKeys], Hashes], column: str, value: object
) -> None:
    assert make(KEYS).hold(changed(4, column, value)) is (column == "sealed" and value is None)


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("value", [b"", bytes(28), LOG[3][6]], ids=["empty", "zeros", "another's"])
def test_a_text_where_there_was_none_does_not_hold(make: Callable[[BodyKeys], Hashes], value: bytes) -> None:
    assert not make(KEYS).hold(changed(3, "sealed", value))


@pytest.mark.parametrize("make", BOTH)
def test_bytes_that_move_from_one_value_into_the_next_do_not_hold(make: Callable[[BodyKeys], Hashes]) -> None:
    rows = [list(row) for row in LOG]
    for column in (1, 2, 3, 4, 6):
        one, other = rows[0][column], rows[1][column]
        assert isinstance(one, bytes)
        assert isinstance(other, bytes)
        rows[0][column], rows[1][column] = one + other[:1], other[1:]

        assert not make(KEYS).hold(Columns.of([tuple(row) for row in rows])), column  # type: ignore[misc]
        rows = [list(row) for row in LOG]


@pytest.mark.parametrize("make", BOTH)
def test_a_text_whose_key_is_gone_does_not_hold(make: Callable[[BodyKeys], Hashes]) -> None:
    assert not make(BodyKeys(MemoryKeys())).hold(Columns.of(LOG))


def test_without_a_compiler_there_is_no_compiled_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert compile_hashes() is None

    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    assert compile_hashes() is None


@needs_library
def test_without_openssl_there_is_no_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_hashes, "_OPENSSL", "-l:libnowhere.so.3")

    assert compile_hashes() is None
