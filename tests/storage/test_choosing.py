"""A reply that suggests entries, and what becomes of it when somebody chooses."""

import asyncio
import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from storage.basis import Basis, BasisKind, CitedEntry, CitedPassage, from_json, to_json
from storage.choosing import Choice
from storage.database import Database
from storage.records import Reply, ReplyFigures, ReplyState
from storage.replies import ReplyStore
from storage.threads import ThreadStore
from storage.transcripts import TranscriptStore
from tests.clock import START
from tests.storage.test_replies import LATER, LEASE, claimed

BALANCE = CitedEntry(
    entry_id="pto_balance",
    revision=3,
    title="How many days are left?",
    lang="en",
    owner="hr@acme.test",
    source_url="https://intranet.acme.test/pto",
    verified_on=date(2025, 10, 12),
    is_overdue=True,
)
REQUEST = CitedEntry(entry_id="pto_request", revision=1, title="怎么申请？", lang="zh")
PASSAGE = CitedPassage(passage_id="p1", document="handbook.md", heading_path=("Leave", "Carry-over"), lang="en")
SUGGESTED = Basis(kind=BasisKind.SUGGESTED, entries=(BALANCE, REQUEST))
CHOICE = Choice("In Workday.", "answered", Basis(kind=BasisKind.VERIFIED, entries=(BALANCE,)))
REPLY_ID = "reply of k"


async def suggesting(replies: ReplyStore) -> Reply:
    """A reply that asks back, shown and closed."""
    reply = await claimed(replies)
    await replies.record_intent(reply, 0, START)
    await replies.record_posted(reply, 0, "ref", START)
    await replies.record_final(reply, "Which?", "suggested", START, ReplyFigures(), basis=SUGGESTED)
    await replies.record_closed(reply, ReplyState.DONE, START)
    return reply


async def rows_of(database: Database, query: str) -> list[dict[str, Any]]:
    rows = await database.read(lambda connection: connection.execute(text(query)).mappings().all())
    return [dict(row) for row in rows]


@pytest.mark.parametrize(
    "basis",
    [
        SUGGESTED,
        CHOICE.basis,
        Basis(kind=BasisKind.GROUNDED, passages=(PASSAGE, PASSAGE)),
        Basis(kind=BasisKind.PLAIN),
    ],
)
def test_a_basis_is_the_same_when_it_comes_back(basis: Basis) -> None:
    assert from_json(basis.kind, json.loads(json.dumps(to_json(basis)))) == basis


async def test_what_a_reply_rests_on_is_kept_with_it(replies: ReplyStore, database: Database) -> None:
    reply = await claimed(replies)
    await replies.record_final(reply, "x", "answered", START, ReplyFigures(), basis=CHOICE.basis)

    found = await replies.find(REPLY_ID)
    assert found is not None
    assert found.basis == CHOICE.basis
    transcript = await TranscriptStore(database).turns_of("slack", "T1", "C1", "1.0", limit=1)
    assert transcript is not None
    assert transcript.turns[0].basis == CHOICE.basis


async def test_most_replies_rest_on_nothing(replies: ReplyStore, database: Database) -> None:
    reply = await claimed(replies)
    await replies.record_final(reply, "x", "failed", START, ReplyFigures())

    found = await replies.find(REPLY_ID)
    assert found is not None
    assert found.basis is None
    assert await rows_of(database, "SELECT basis_kind, basis FROM reply") == [{"basis_kind": None, "basis": None}]


async def test_the_entry_that_was_chosen_is_the_reply_and_is_to_be_shown(
    replies: ReplyStore, threads: ThreadStore, database: Database
) -> None:
    reply = await suggesting(replies)

    chosen = await replies.choose(REPLY_ID, "U2", CHOICE, LATER)

    assert chosen is not None
    assert (chosen.state, chosen.final_text, chosen.outcome) == (ReplyState.FINALIZING, "In Workday.", "answered")
    assert (chosen.basis, chosen.posted_ref) == (CHOICE.basis, "ref")
    assert [open_reply.reply_id for open_reply in await replies.open_replies()] == [REPLY_ID]
    [exchange] = await threads.exchanges_before(reply.thread_id, 2)
    assert exchange.answer == "In Workday."
    [row] = await rows_of(database, "SELECT * FROM choice")
    assert (row["user"], row["question"], row["entry_id"], row["revision"]) == (
        "U2",
        "How many days of leave do I have?",
        "pto_balance",
        3,
    )
    assert json.loads(row["offered"]) == ["pto_balance", "pto_request"]


async def test_the_choice_is_on_record_with_who_made_it(replies: ReplyStore, database: Database) -> None:
    await suggesting(replies)
    await replies.choose(REPLY_ID, "U2", CHOICE, LATER)
    again = await replies.claim(REPLY_ID, LATER, LEASE)
    assert again is not None
    await replies.record_closed(again, ReplyState.DONE, LATER)

    headers = [json.loads(row["header"]) for row in await rows_of(database, "SELECT header FROM audit_entry")]
    assert [header["kind"] for header in headers] == ["question", "reply", "suggestion_chosen", "reply"]
    suggested, chosen, verified = headers[1:]
    assert (suggested["basis"], "entry_id" in suggested) == ("suggested", False)
    assert (chosen["actor"], chosen["entry_id"], chosen["entry_revision"]) == ("pseudonym of U2", "pto_balance", 3)
    assert (verified["basis"], verified["entry_id"], verified["entry_revision"]) == ("verified", "pto_balance", 3)


async def test_of_two_choices_the_first_counts(replies: ReplyStore, database: Database) -> None:
    await suggesting(replies)
    chosen = await asyncio.gather(
        replies.choose(REPLY_ID, "U1", CHOICE, LATER),
        replies.choose(REPLY_ID, "U2", CHOICE, LATER),
        replies.decline(REPLY_ID, "U3", LATER),
    )
    assert sum(reply is not None for reply in chosen) == 1
    assert len(await rows_of(database, "SELECT * FROM choice")) == 1


async def test_none_of_them_opens_the_reply_again(replies: ReplyStore, database: Database) -> None:
    reply = await suggesting(replies)

    declined = await replies.decline(REPLY_ID, "U1", LATER)

    assert declined is not None
    assert (declined.state, declined.final_text, declined.outcome) == (ReplyState.POSTED, None, None)
    assert declined.basis == Basis(kind=BasisKind.DECLINED, entries=SUGGESTED.entries)
    assert declined.fence > reply.fence
    [row] = await rows_of(database, "SELECT entry_id, revision FROM choice")
    assert row == {"entry_id": None, "revision": None}


async def test_a_choice_before_the_message_is_known_waits_for_it(replies: ReplyStore) -> None:
    """Whoever is quick presses while we still commit that the message stands."""
    reply = await claimed(replies)
    await replies.record_intent(reply, 0, START)
    await replies.record_final(reply, "Which?", "suggested", START, ReplyFigures(), basis=SUGGESTED)

    chosen = await replies.choose(REPLY_ID, "U1", CHOICE, LATER)

    assert chosen is not None
    assert chosen.state is ReplyState.INTENT


async def test_a_question_that_was_deleted_or_answered_otherwise_has_nothing_to_choose(replies: ReplyStore) -> None:
    assert await replies.choose(REPLY_ID, "U1", CHOICE, LATER) is None
    await suggesting(replies)
    await replies.withdraw("k", LATER)
    assert await replies.choose(REPLY_ID, "U1", CHOICE, LATER) is None
    assert await replies.decline(REPLY_ID, "U1", LATER) is None


async def test_an_edited_question_rests_on_nothing_until_it_is_answered_anew(replies: ReplyStore) -> None:
    await suggesting(replies)
    edited = await replies.edit("k", "another question", LATER, LATER, LEASE)
    assert edited is not None
    assert edited.basis is None
    assert await replies.choose(REPLY_ID, "U1", CHOICE, LATER) is None
