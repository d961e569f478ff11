"""Stretches of a log that are checked apart say the same together as the check of the whole."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, text

from storage.audit import parallel
from storage.audit.checkpointing import CheckpointRule, CheckpointStore
from storage.audit.key_store import open_body_keys
from storage.audit.log import AuditEntry, append
from storage.audit.parallel import AuditPlace, find_all_well
from storage.audit.signing import Signer
from storage.audit.store import AuditStore
from storage.database import Database
from tests.clock import START

SIGNER = Signer(Ed25519PrivateKey.generate())
ENTRIES = 23
_COPY = (
    "INSERT INTO audit_entry (seq, header, body_digest, prev, hash, key_id, sealed) "
    "SELECT {}, header, body_digest, prev, hash, key_id, sealed FROM audit_entry"
)


@pytest.fixture(params=["compiled", "python"], autouse=True)
def hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """By compiled code where there is a compiler, and by Python's libraries."""
    monkeypatch.setattr(parallel, "WORTH_COMPILING", 10 if request.param == "compiled" else 1_000)


@pytest.fixture
async def place(database: Database, database_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuditPlace:
    """Twenty-three entries in stretches of five; the seventh has lost its text, and the eighteenth says so."""
    monkeypatch.setattr(parallel, "STRETCH", 5)
    monkeypatch.setattr(parallel, "WORTH_IT", 10)
    place = AuditPlace(f"sqlite:///{database_path}", tmp_path / "keys.db", tmp_path / "master.key")
    keys = open_body_keys(place.keys, place.master)

    def write(connection: Connection) -> None:
        for number in range(1, ENTRIES + 1):
            fields = {"actor": f"person {number % 3}", **({"seqs": "7"} if number == 18 else {})}
            kind = "erasure" if number == 18 else "question"
            append(connection, keys, AuditEntry(kind, START, fields, {"text": f"question {number}"}))
        connection.execute(text("UPDATE audit_entry SET sealed = NULL, key_id = NULL WHERE seq = 7"))

    await database.write(write)
    await CheckpointStore(database, SIGNER).take_due(CheckpointRule(4, timedelta(hours=1)), START)
    return place


async def test_what_is_well_is_said_as_by_the_check_of_the_whole(database: Database, place: AuditPlace) -> None:
    whole = await AuditStore(database, open_body_keys(place.keys, place.master)).verify(SIGNER.public_key)

    assert whole.first_bad is None
    assert find_all_well(place, SIGNER.public_key, {}, 2) == whole
    assert find_all_well(place, SIGNER.public_key, {12: whole.head or b""}, 2) is None


@pytest.mark.parametrize(
    "mischief",
    [
        "UPDATE audit_entry SET header = replace(header, 'person', 'nobody') WHERE seq = 11",
        "UPDATE audit_entry SET prev = zeroblob(32) WHERE seq = 6",
        "UPDATE audit_entry SET sealed = NULL WHERE seq = 13",
        "UPDATE audit_entry SET header = replace(header, '\"7\"', '\"8\"') WHERE seq = 18",
        "DELETE FROM audit_entry WHERE seq = 5",
        "DELETE FROM audit_entry WHERE seq >= 20",
        "DELETE FROM audit_checkpoint WHERE size = 8",
        f"{_COPY.format('0')} WHERE seq = 9",
        f"{_COPY.format('-5')} WHERE seq = 9",
        f"{_COPY.format('9223372036854775807')} WHERE seq = 9",
        "UPDATE audit_checkpoint SET size = 0 WHERE size = 4",
        "UPDATE audit_checkpoint SET signature = zeroblob(64) WHERE size = 20",
    ],
)
async def test_whatever_is_not_well_is_left_to_the_check_of_the_whole(
    database: Database, place: AuditPlace, mischief: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.write(lambda connection: connection.execute(text(mischief)))
    # In this process: what the stretches say is the same.
    monkeypatch.setattr(
        parallel, "ProcessPoolExecutor", lambda helpers, context, begin, args: ThreadPoolExecutor(1, "", begin, args)
    )

    assert find_all_well(place, SIGNER.public_key, {}, 2) is None


async def test_a_short_log_is_not_worth_it(
    database: Database, place: AuditPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "WORTH_IT", 100)

    assert find_all_well(place, SIGNER.public_key, {}, 2) is None
    assert find_all_well(place, SIGNER.public_key, {}, 1) is None
