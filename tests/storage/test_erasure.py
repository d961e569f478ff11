"""Erasing a person: nothing of what they said is in any file, the chain stands, others keep what is theirs."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, text

from storage.asking_people import NewEscalation
from storage.audit import batches
from storage.audit.checkpointing import CheckpointStore
from storage.audit.conversations import Filters
from storage.audit.export import verify_export
from storage.audit.index_words import BlindWords
from storage.audit.key_store import open_body_keys
from storage.audit.reading import AuditReader
from storage.audit.search_index import SearchIndex
from storage.audit.signing import Signer
from storage.audit.store import AuditStore
from storage.audit.trail import AuditTrail
from storage.basis import Basis, BasisKind, CitedGap
from storage.database import Database
from storage.errors import NotWritten, UnderHold
from storage.escalations import EscalationStore
from storage.expert_answers import Draft, NewAnswer
from storage.feedback import FeedbackStore, Verdict
from storage.forgetting.due import RetentionRule
from storage.forgetting.erasing import Erased, ErasureStore
from storage.forgetting.holds import Held, HoldStore, Scope
from storage.forgetting.retention import RetentionStore
from storage.forgetting.traces import Person
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Author, EntryStatus
from storage.knowledge.vectors import VectorStore
from storage.knowledge.words import text_hash
from storage.learning.digests import DigestStore
from storage.learning.dismissals import DismissalStore
from storage.notices import Notice
from storage.records import ReplyFigures, ReplyState
from storage.replies import ReplyStore
from tests.clock import START
from tests.conftest import a_question
from tests.storage.independent_checker import first_bad
from tests.storage.test_replies import LATER, LEASE

OFFICER = Author("cli", "", "root")
ALICE, BOB = Person("slack", "U1"), Person("slack", "U2")
CANARY = "canary-4c1e 年假金丝雀"
WHY = "she asked us to"
MUCH_LATER = START + timedelta(days=1)


class Office:
    """Alice, U1, and Bob, U2, in one thread; HR answers what the bot cannot. Files as in a data folder."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.keys = open_body_keys(folder / "audit-keys.db", folder / "audit-master.key")
        self.pseudonym = lambda platform, tenant, user: f"pseudonym of {user}"
        trail = self.trail = AuditTrail(self.pseudonym, self.keys)
        self.replies = ReplyStore(database, trail)
        self.feedback = FeedbackStore(database, trail)
        self.escalations = EscalationStore(database, trail)
        self.entries = EntryStore(database, trail)
        self.dismissals = DismissalStore(database, trail)
        self.digests = DigestStore(database, trail)
        self.holds = HoldStore(database, trail)
        self.index = SearchIndex(database, trail.pseudonym, self.keys)
        self.reader = AuditReader(database, trail.pseudonym, self.keys)
        self.erasures = ErasureStore(database, trail, self.index)

    async def ask(self, key: str, user: str, words: str, answer: str, kind: BasisKind = BasisKind.NONE) -> str:
        await self.replies.accept(a_question(key, user=user, text=words), START)
        reply = await self.replies.claim(f"reply of {key}", START, LEASE)
        assert reply is not None
        await self.replies.record_final(reply, answer, "no_answer", START, ReplyFigures(), basis=Basis(kind=kind))
        await self.replies.record_closed(reply, ReplyState.DONE, START)
        return reply.reply_id

    async def ask_people(self, reply_id: str, user: str, question: str) -> str:
        notice = Notice(
            message_key=f"escalation:{reply_id}", reply_id=f"notice for {reply_id}", platform="slack", tenant="T1",
            channel="CHR", thread=f"escalation:{reply_id}", user=user, question=question, address={}, text=question,
            outcome="passed_on", basis=Basis(kind=BasisKind.ESCALATED), escalation_id=f"e of {reply_id}",
            is_in_history=False,
        )  # fmt: skip
        new = NewEscalation(
            reply_id=reply_id, user=user, owner="HR", channel="CHR", notice=notice, may_show_again=False
        )
        asked = await self.escalations.ask(new, START)
        assert asked is not None
        return asked.escalation_id

    async def answer(self, escalation_id: str, words: str, question: str) -> None:
        answer = NewAnswer(
            escalation_id=escalation_id, message_key=f"answer to {escalation_id}", platform="slack", tenant="T1",
            user="UHR", text=words, outcome="answered",
        )  # fmt: skip
        draft = Draft(entry_id="asked-1", lang="en", question=question, owner="@UHR")
        assert await self.escalations.take_answer(answer, draft, lambda key: f"reply of {key}", START) is not None

    async def export(self) -> bytes:
        return b"".join([chunk async for chunk in AuditStore(self.database, self.keys).export(LATER)])

    def occurrences(self, words: str) -> dict[str, int]:
        counts = {path.name: path.read_bytes().count(words.encode()) for path in self.folder.iterdir()}
        return {name: count for name, count in counts.items() if count}


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


async def everything_happens(office: Office) -> None:
    """Alice leaves traces wherever one can."""
    asked = await office.ask("a1", "U1", CANARY, f"You asked: {CANARY}", BasisKind.GROUNDED)
    await office.replies.edit("a1", f"{CANARY} edited", LATER, LATER, timedelta(hours=1))
    reply = await office.replies.claim(asked, LATER, LEASE)
    assert reply is not None
    await office.replies.record_final(reply, f"{CANARY} again", "answered", LATER, ReplyFigures())
    await office.replies.record_closed(reply, ReplyState.DONE, LATER)
    await office.feedback.record(asked, "U1", Verdict.DOWN, LATER, f"{CANARY} is wrong")
    await office.feedback.record(asked, "U2", Verdict.DOWN, LATER, f"Bob quotes {CANARY}")
    bobs = await office.ask("b1", "U2", "Bob's question", "Bob's answer")
    await office.feedback.record(bobs, "U1", Verdict.UP, LATER, f"{CANARY} too")
    gap = await office.ask("a2", "U1", f"{CANARY} unanswered", "Nothing verified answers it")
    await office.dismissals.dismiss(gap, [gap], OFFICER, LATER)
    escalation_id = await office.ask_people(gap, "U1", f"{CANARY} unanswered")
    await office.answer(escalation_id, f"HR repeats {CANARY}", f"{CANARY} unanswered")
    cited = CitedGap(reply_ids=(gap,), question=f"{CANARY} unanswered", also=(), lang="en", people=1)
    told = Notice(
        message_key="digest", reply_id="digest", platform="slack", tenant="T1", channel="CHR", thread="digest",
        user="U0", question="", address={}, text=f"Asked: {CANARY}", outcome="passed_on",
        basis=Basis(kind=BasisKind.DIGEST, gaps=(cited,)), escalation_id="", is_in_history=False,
    )  # fmt: skip
    assert await office.digests.announce("2026-W10", "CHR", told, LATER) is not None
    digest = await office.replies.claim("digest", LATER, LEASE)
    assert digest is not None
    await office.replies.record_closed(digest, ReplyState.DONE, LATER)


async def test_nothing_that_they_said_is_left_in_any_file(office: Office) -> None:
    await everything_happens(office)
    assert office.occurrences(CANARY)
    assert (await office.export()).count(CANARY.encode()) > 8

    erased = await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER)

    assert (erased.questions, erased.keys) == (2, 1)
    assert office.occurrences(CANARY) == {}
    assert office.occurrences("canary-4c1e") == {}
    assert CANARY.encode() not in await office.export()
    await office.database.close()
    assert office.occurrences(CANARY) == {}


async def test_the_chain_stands_and_says_who_why_and_when(office: Office) -> None:
    await everything_happens(office)
    signer = Signer(Ed25519PrivateKey.generate())
    await CheckpointStore(office.database, signer).take(LATER)

    erased = await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER)

    lines = (await office.export()).splitlines(keepends=True)
    verdict = await AuditStore(office.database, office.keys).verify(signer.public_key)
    assert (verdict.first_bad, verdict.erased, verdict.entries) == (None, erased.texts, erased.seq)
    assert verify_export(BytesIO(b"".join(lines)), signer.public_key).first_bad is None
    assert first_bad(lines, signer.public_key.pem) is None
    assert b'"kind":"erasure"' in lines[-1]
    assert b'"subject":"pseudonym of U1"' in lines[-1]
    assert b'"actor":"pseudonym of root"' in lines[-1]
    assert b'"reason":"she asked us to"' in lines[-1]
    assert b"U1" not in lines[-1].replace(b"pseudonym of U1", b"")


async def test_what_the_log_is_searched_by_forgets_them_too(office: Office) -> None:
    await everything_happens(office)
    await office.index.catch_up()
    found = await office.reader.search(Filters(text="金丝雀"), None, 9)
    assert len(found.conversations) == 4  # hers, what HR was told of one, and what she said about Bob's

    await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER)

    assert (await office.reader.search(Filters(text="金丝雀"), None, 9)).conversations == []
    assert len((await office.reader.search(Filters(text="Bob"), None, 9)).conversations) == 1


async def test_no_word_is_left_in_the_index_not_even_blind(office: Office) -> None:
    """FTS5 marks what is deleted, and keeps its words until it merges them away."""
    for number in range(20):
        words = f"{CANARY} goldfinch" if number == 7 else f"what about {number}"
        await office.ask(f"k{number}", "U1" if number == 7 else "U2", words, "an answer")
        await office.index.catch_up()
    (blind,) = BlindWords(office.pseudonym).of_texts(["goldfinch"])
    end = blind[-8:]  # FTS5 leaves out what a word has in common with the one before it
    await office.database.scrub()
    assert office.occurrences(end) == {"inthread.db": 1}

    await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER)

    assert office.occurrences(end) == {}
    assert len((await office.reader.search(Filters(text="about"), None, 30)).conversations) == 19


async def test_a_draft_that_was_published_once_leaves_neither_words_nor_vectors(office: Office) -> None:
    gap = await office.ask("a1", "U1", f"{CANARY} goldfinch?", "Nothing verified answers it")
    await office.answer(await office.ask_people(gap, "U1", "goldfinch?"), "It flew away", "goldfinch?")
    await office.entries.set_status("asked-1", EntryStatus.PUBLISHED, OFFICER, LATER)
    await office.entries.set_status("asked-1", EntryStatus.DRAFT, OFFICER, LATER)
    await office.database.scrub()
    assert office.occurrences("ldfinch")
    vectors = VectorStore(office.database)
    await vectors.put("e5", "question", {"goldfinch?": b"12", "where do bikes go": b"34"})
    await vectors.put("e5", "passage", {"it flew away": b"56"})

    await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER)

    assert office.occurrences("ldfinch") == {}
    assert (await vectors.load("e5", "question")).hashes == [text_hash("where do bikes go")]
    assert await vectors.count("e5", "passage") == 0


async def test_others_keep_what_is_theirs(office: Office) -> None:
    await everything_happens(office)

    await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER)

    assert b"Bob's question" in await office.export()
    bobs = await office.replies.find("reply of b1")
    assert bobs is not None
    assert bobs.final_text == "Bob's answer"
    assert (
        await office.database.read(lambda connection: connection.execute(text("PRAGMA foreign_key_check")).all()) == []
    )
    assert (await office.erasures.preview(BOB, MUCH_LATER)).questions == 1


async def test_an_erased_post_is_not_taken_for_a_new_one(office: Office) -> None:
    await office.ask("a1", "U1", CANARY, "answer")
    await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER)

    assert await office.replies.accept(a_question("a1", text=CANARY), MUCH_LATER) is None
    assert await office.replies.accept(a_question("a9", user="U1", text="she is back"), MUCH_LATER) is not None
    assert b"she is back" in await office.export()
    assert (await AuditStore(office.database, office.keys).verify()).first_bad is None


async def test_looking_changes_nothing(office: Office) -> None:
    await everything_happens(office)
    before = await office.export()

    would = await office.erasures.preview(ALICE, MUCH_LATER)

    assert await office.export() == before
    done = await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER)
    assert would == Erased(done.questions, done.texts, done.keys, done.published)
    assert await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER) == Erased(0, 0, 0, ())


@pytest.mark.parametrize(
    "held", [Held(Scope.PERSON, "slack", "U1"), Held(Scope.CHANNEL, "slack", "C1"), Held(Scope.THREAD, "slack", "1.0")]
)
async def test_a_hold_is_stronger(office: Office, held: Held) -> None:
    await office.ask("a1", "U1", CANARY, "answer")
    assert await office.holds.place(held, "a lawsuit", OFFICER, START)
    assert not await office.holds.place(held, "again", OFFICER, START)

    with pytest.raises(UnderHold, match="audit holds"):
        await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER)
    assert CANARY.encode() in await office.export()

    assert await office.holds.lift(held, "settled", OFFICER, START)
    assert (await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER)).questions == 1
    assert b'"kind":"hold_placed"' in await office.export()


async def test_what_others_said_is_held_with_them(office: Office) -> None:
    """Erasing one takes what hangs on their questions: what others said of these, and what they said to others."""
    asked = await office.ask("a1", "U1", "Alice's question", "answer")
    await office.feedback.record(asked, "U2", Verdict.DOWN, LATER, f"Bob says {CANARY}")
    await office.holds.place(Held(Scope.PERSON, "slack", "U2"), "a lawsuit", OFFICER, START)

    with pytest.raises(UnderHold, match="person U2"):
        await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER)
    assert CANARY.encode() in await office.export()


@pytest.mark.parametrize("held", [Held(Scope.PERSON, "slack", "U1"), Held(Scope.CHANNEL, "slack", "C1")])
async def test_an_answer_is_held_with_the_question(office: Office, held: Held) -> None:
    gap = await office.ask("a1", "U1", "What is the code of the bicycle cellar?", "Nothing verified answers it")
    escalation_id = await office.ask_people(gap, "U1", "What is the code of the bicycle cellar?")
    await office.answer(escalation_id, f"It is {CANARY}", "What is the code of the bicycle cellar?")
    await office.holds.place(held, "a lawsuit", OFFICER, START)

    with pytest.raises(UnderHold):
        await office.erasures.erase(Person("slack", "UHR"), WHY, OFFICER, MUCH_LATER)
    retention = RetentionStore(office.database, office.trail, RetentionRule(180, 190, 180, {}), office.index)
    await retention.run(START + timedelta(days=181))
    assert CANARY.encode() in await office.export()


async def test_an_erasure_while_the_log_is_checked_is_no_tampering(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        await office.ask(f"a{number}", "U1" if number > 4 else "U2", f"question {number}", "answer")
    monkeypatch.setattr(batches, "BATCH", 4)
    store, erased = AuditStore(office.database, office.keys), False
    read = office.database.read

    async def erase_meanwhile(work: Callable[[Connection], object]) -> object:
        nonlocal erased
        done = await read(work)
        if not erased and "span_of" not in str(work):
            erased = True
            await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER)
        return done

    monkeypatch.setattr(office.database, "read", erase_meanwhile)
    verdict = await store.verify()
    erased = False
    await office.ask("a10", "U1", "one more", "answer")

    assert erased is False
    assert (verdict.first_bad, verdict.entries) == (None, 19)
    assert verdict.erased > 0
    with pytest.raises(NotWritten, match="once more"):
        await office.export()


async def test_who_erases_themselves_is_not_named_beside_their_pseudonym(office: Office) -> None:
    await office.ask("a1", "U1", CANARY, "answer")

    await office.erasures.erase(ALICE, "they asked for it", Author("slack", "T1", "U1"), MUCH_LATER)

    buried = await office.database.read(
        lambda connection: connection.execute(text("SELECT message_key FROM tombstone")).scalars().all()
    )
    assert [len(key) for key in buried] == [64], "a key can have their id in it"
    erasure = (await office.export()).splitlines()[-1]
    assert b'"kind":"erasure"' in erasure
    assert b'"by"' not in erasure


async def test_who_answered_others_is_erased_from_what_they_read(office: Office) -> None:
    gap = await office.ask("a1", "U1", "What is the code of the bicycle cellar?", "Nothing verified answers it")
    escalation_id = await office.ask_people(gap, "U1", "What is the code of the bicycle cellar?")
    await office.answer(escalation_id, f"It is {CANARY}", "What is the code of the bicycle cellar?")
    assert await office.entries.find("asked-1") is not None

    await office.erasures.erase(Person("slack", "UHR"), WHY, OFFICER, MUCH_LATER)

    assert office.occurrences(CANARY) == {}
    assert await office.entries.find("asked-1") is None
    assert b"bicycle cellar" in await office.export()


async def test_a_text_taken_away_without_an_erasure_is_tampering(office: Office) -> None:
    for number in range(3):
        await office.ask(f"a{number}", "U1", "a question", "an answer")

    def take_away() -> None:
        with closing(sqlite3.connect(office.folder / "inthread.db")) as connection:
            connection.execute("UPDATE audit_entry SET sealed = NULL, key_id = NULL WHERE seq = 4")
            connection.commit()

    take_away()
    verdict = await AuditStore(office.database, office.keys).verify()

    assert (verdict.first_bad, verdict.reason) == (4, "its text is gone, and no entry says who erased it")
    assert verify_export(BytesIO(await office.export())).first_bad == 4


async def test_many_rows_among_others_leave_nothing_in_the_slack_of_pages(office: Office) -> None:
    for number in range(120):
        who = "U1" if number % 3 else "U2"
        words = f"{CANARY if who == 'U1' else 'hers'} {number} " + "word " * (number * 7 % 400)
        await office.ask(f"k{number}", who, words, words[::2] + words)

    await office.erasures.erase(ALICE, WHY, OFFICER, MUCH_LATER)

    assert office.occurrences("canary-4c1e") == {}
