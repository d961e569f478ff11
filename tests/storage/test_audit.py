"""The audit log: the chain is what docs/audit.md says, and whatever is changed is found at its entry."""

import json
from collections.abc import Mapping
from datetime import timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from storage.audit import entries
from storage.audit.canonical import canonical
from storage.audit.log import AuditEntry, append
from storage.database import Database
from storage.records import ReplyFigures, ReplyState
from storage.replies import ReplyStore
from tests.clock import START
from tests.conftest import a_question
from tests.storage.test_replies import LEASE

SALT = bytes(range(32))


def said(words: str | None = "How many days?", **fields: Any) -> AuditEntry:
    return AuditEntry("question", START, fields, None if words is None else {"text": words})


async def rows_of(database: Database) -> list[Mapping[str, Any]]:
    return await database.read(
        lambda connection: list(connection.execute(text("SELECT * FROM audit_entry ORDER BY seq")).mappings())
    )


# ── appending ────────────────────────────────────────────────────────────────


async def test_the_chain_is_the_one_of_the_contract(database: Database) -> None:
    for number, entry in enumerate((said("first"), said(None, channel="C1"), said("third"))):
        assert await database.write(lambda connection, entry=entry: append(connection, entry)) == number + 1

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

    await database.write(lambda connection: append(connection, entry, lambda count: SALT[:count]))

    (row,) = await rows_of(database)
    time = START.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert row["header"] == f'{{"channel":"C1","kind":"question","outcome":null,"seq":1,"time":"{time}"}}'
    assert (row["body"], row["salt"]) == ('{"text":"secret words"}', SALT)


async def test_salts_differ_from_entry_to_entry(database: Database) -> None:
    for _ in range(3):
        await database.write(lambda connection: append(connection, said("the same")))

    rows = await rows_of(database)
    assert len({row["salt"] for row in rows}) == len({row["body_digest"] for row in rows}) == 3


async def test_an_entry_is_undone_with_its_cause(database: Database) -> None:
    def fail_after_writing(connection: Connection) -> None:
        append(connection, said())
        raise RuntimeError("the store failed")

    with pytest.raises(RuntimeError):
        await database.write(fail_after_writing)

    assert await rows_of(database) == []
    assert await database.write(lambda connection: append(connection, said())) == 1


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
    await database.write(lambda connection: append(connection, said(written, thread=written)))

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

    entry = entries.reply_ended(ended, figures, edits=4, actor="pseudonym", at=START)

    assert (entry.kind, entry.body) == ("reply", {"text": "the answer"})
    told = {"state": "DONE", "outcome": "answered", "failure": None, "attempt": 0, "edits": 4, "prompt_tokens": 7}
    told |= {"model_id": "m", "model_sha256": "ab", "new_tokens": 9, "seconds_to_first_token": None, "seconds": 1.5}
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
