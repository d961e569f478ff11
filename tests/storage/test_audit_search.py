"""What is found in the log, by words and by facts, and what is not found any more once it is erased."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text, update

from storage.audit.conversations import Filters, Found
from storage.audit.reading import AuditReader
from storage.audit.search_index import SearchIndex
from storage.basis import Basis, BasisKind
from storage.database import Database
from storage.feedback import FeedbackStore, Verdict
from storage.forgetting.erasing import ErasureStore
from storage.forgetting.traces import Person
from storage.records import ReplyFigures, ReplyState
from storage.replies import ReplyStore
from storage.schema import AuditEntryRow
from tests.clock import START
from tests.conftest import TRAIL, a_question
from tests.storage.knowledge.samples import HR

LEASE = timedelta(minutes=1)


class Record:
    """A log in which people ask, and its index."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.replies = ReplyStore(database, TRAIL)
        self.feedback = FeedbackStore(database, TRAIL)
        self.index = SearchIndex(database, TRAIL.pseudonym, TRAIL.keys)
        self.reader = AuditReader(database, TRAIL.pseudonym, TRAIL.keys)
        self.asked = 0

    async def ask(self, question: str, answer: str | None = "the answer", **changes: Any) -> str:
        """Asked one minute after the one before; the reply's id."""
        self.asked += 1
        now = START + timedelta(minutes=self.asked)
        basis, model = changes.pop("basis", None), changes.pop("model", None)
        thread = changes.pop("thread", f"{self.asked}.0")
        new = a_question(f"slack:T1:C1:{self.asked}", text=question, thread=thread, **changes)
        reply = await self.replies.accept(new, now)
        assert reply is not None
        if answer is not None:
            claimed = await self.replies.claim(reply.reply_id, now, LEASE)
            assert claimed is not None
            figures = ReplyFigures(model_id=model)
            await self.replies.record_final(claimed, answer, "answered", now, figures, basis=basis)
            await self.replies.record_closed(claimed, ReplyState.DONE, now)
        return reply.reply_id

    async def find(self, before: int | None = None, limit: int = 10, **filters: Any) -> Found:
        await self.index.catch_up()
        return await self.reader.search(Filters(**filters), before, limit)

    async def questions(self, **filters: Any) -> Sequence[str | None]:
        return [one.question for one in (await self.find(**filters)).conversations]


@pytest.fixture
def record(database: Database) -> Record:
    return Record(database)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("leave", ["How many days of LEAVE do I have?"]),
        ("Leave days", ["How many days of LEAVE do I have?"]),
        ("carry", ["How many days of LEAVE do I have?"]),  # in the answer
        ("年假", ["今年的年假还剩几天？"]),
        ("剩几", ["今年的年假还剩几天？"]),
        ("假年", []),
        ("leave 年假", []),
        ("parking", []),
        ('"leave" OR *', []),
        ("???", []),
        ("", ["今年的年假还剩几天？", "How many days of LEAVE do I have?"]),
    ],
)
async def test_words_are_found_in_questions_and_answers(record: Record, words: str, found: list[str]) -> None:
    await record.ask("How many days of LEAVE do I have?", "25; 5 of them carry over.")
    await record.ask("今年的年假还剩几天？", "请在系统里查看。")

    assert await record.questions(text=words) == found


async def test_facts_narrow_it_down_together(record: Record) -> None:
    await record.ask("one", channel="C1", user="U1", basis=Basis(kind=BasisKind.NONE), model="m1")
    voted = await record.ask("two", channel="C2", user="U1", basis=Basis(kind=BasisKind.PLAIN), model="m2")
    await record.ask("three", None, channel="C2", user="U2")
    await record.feedback.record(voted, "U9", Verdict.DOWN, START)

    assert await record.questions(channel="C2") == ["three", "two"]
    assert await record.questions(channel="C2", outcome="answered") == ["two"]
    assert await record.questions(verdict="down") == ["two"]
    assert await record.questions(basis="none") == ["one"]
    assert await record.questions(model_id="m2") == ["two"]
    assert await record.questions(actors=await record.reader.pseudonyms_of("U1")) == ["two", "one"]
    assert await record.questions(actors=await record.reader.pseudonyms_of("slack:T1:U2")) == ["three"]
    assert await record.questions(actors=frozenset()) == []
    assert await record.questions(platform="web") == []
    assert await record.questions(since=START + timedelta(minutes=2)) == ["three", "two"]
    assert await record.questions(until=START + timedelta(minutes=2), text="one") == ["one"]
    assert await record.questions(since=START + timedelta(days=1)) == []


async def test_pages_follow_each_other_without_gap_or_repetition(record: Record) -> None:
    for number in range(7):
        await record.ask(f"question {number}")
    seen: list[str | None] = []
    before, more = None, True
    while more:
        found = await record.find(before, 3, text="question")
        seen += [one.question for one in found.conversations]
        before, more = found.conversations[-1].number, found.more

    assert seen == [f"question {number}" for number in reversed(range(7))]
    assert await record.reader.count(Filters(text="question")) == 7


async def test_a_conversation_shows_what_it_says_now_and_its_thread_all_that_it_said(record: Record) -> None:
    await record.ask("first", thread="1.0")
    await record.ask("follow-up", thread="1.0")
    edited = START + timedelta(hours=1)
    await record.replies.edit("slack:T1:C1:2", "follow-up, edited", edited, edited, timedelta(days=1))

    newest, first = (await record.find()).conversations
    entries = await record.reader.thread(first)

    assert (newest.question, newest.user, newest.actor) == ("follow-up, edited", "U1", "pseudonym of U1")
    assert [entry.kind for entry in entries] == ["question", "reply", "question", "reply", "question_edited"]
    assert [entry.body and entry.body["text"] for entry in entries][2:] == [
        "follow-up",
        "the answer",
        "follow-up, edited",
    ]


async def test_who_is_erased_is_not_found_and_the_rest_is(record: Record) -> None:
    await record.ask("the canary sings", user="U1")
    await record.ask("the canary sings elsewhere", user="U2")
    await record.index.catch_up()
    erasures = ErasureStore(record.database, TRAIL, record.index)

    await erasures.erase(Person("slack", "U1"), "asked for it", HR, START)

    assert await record.questions(text="canary") == ["the canary sings elsewhere"]
    erased = (await record.find(channel="C1")).conversations[-1]
    assert (erased.question, erased.answer, erased.is_erased) == (None, None, True)


async def test_the_index_carries_nobodys_words(record: Record) -> None:
    await record.ask("the canary sings")
    await record.index.catch_up()

    def look(connection: Connection) -> bytes:
        tables = ("audit_words_data", "audit_words_docsize", "audit_conversation")
        return b"".join(
            str(tuple(row)).encode() for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))
        )

    kept = await record.database.read(look)
    assert b"canary" not in kept
    assert b"U1'" not in kept.replace(b"pseudonym of U1'", b"")


async def test_the_index_is_made_anew_from_the_log(record: Record) -> None:
    await record.ask("How many days of leave do I have?")
    await record.index.catch_up()
    await record.index.begin_anew()
    assert (await record.reader.search(Filters(text="leave"), None, 10)).conversations == []

    assert await record.questions(text="leave") == ["How many days of leave do I have?"]


async def test_a_header_that_was_changed_keeps_nobody_from_the_rest(record: Record) -> None:
    await record.ask("one")
    await record.ask("two")
    change = update(AuditEntryRow).where(AuditEntryRow.seq == 1).values(header="no JSON any more")
    await record.database.write(lambda connection: connection.execute(change))

    assert "two" in await record.questions()
    assert (await record.reader.figures()).indexed == 4


async def test_a_page_of_results_walks_no_log(record: Record) -> None:
    """Asked for kinds beside replies, SQLite would walk all entries of a kind: a hundred times as long, and growing."""
    statements: list[tuple[str, Any]] = []

    def look(connection: Connection) -> list[str]:
        event.listen(connection, "before_cursor_execute", lambda *of: statements.append((of[2], of[3])))
        record.reader._conversations(connection, [1])
        return [
            row[-1]
            for statement, values in list(statements)
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]

    await record.ask("one")
    await record.index.catch_up()
    plan = await record.database.read(look)

    assert len(statements) >= 2
    assert any("ix_audit_entry_reply_id" in step for step in plan)
    assert not any("SCAN" in step or "ix_audit_entry_kind" in step for step in plan)


async def test_places_are_those_that_there_are(record: Record) -> None:
    for number, (platform, tenant) in enumerate([("web", "local"), ("slack", "T2"), ("slack", "T1"), ("slack", "T2")]):
        await record.ask("one", platform=platform, tenant=tenant, thread=f"{number}")
    await record.index.catch_up()

    assert await record.reader.places() == [("slack", "T1"), ("slack", "T2"), ("web", "local")]


async def test_figures_say_how_far_the_log_and_its_index_go(record: Record) -> None:
    empty = await record.reader.figures()
    await record.ask("one")
    await record.index.catch_up()
    figures = await record.reader.figures()

    assert (empty.entries, empty.last_entry_at) == (0, None)
    assert (figures.entries, figures.indexed, figures.last_entry_at) == (2, 2, START + timedelta(minutes=1))
