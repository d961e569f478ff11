"""Questions that were handed to people: asked once, answered to everybody, kept as a draft."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from storage.asking_people import JOINED_WITHIN, Asked, NewEscalation
from storage.basis import Basis, BasisKind
from storage.database import Database
from storage.escalations import EscalationStore
from storage.expert_answers import Draft, NewAnswer, Taken
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Author, EntryStatus
from storage.looking_back import LookBackStore
from storage.notices import Notice
from storage.records import Reply, ReplyFigures, ReplyState
from storage.replies import ReplyStore
from storage.threads import ThreadStore
from storage.transcripts import TranscriptStore
from tests.clock import START
from tests.conftest import TRAIL
from tests.storage.test_replies import LATER, LEASE, accepted

DRAFT = Draft(entry_id="asked-1", lang="en", question="How many days?", owner="@U9")


@pytest.fixture
def escalations(database: Database) -> EscalationStore:
    return EscalationStore(database, TRAIL)


async def unanswered(replies: ReplyStore, key: str = "k", **changes: object) -> Reply:
    """A question that nothing verified answers, shown and closed."""
    await accepted(replies, key, **changes)
    reply = await replies.claim(f"reply of {key}", START, LEASE)
    assert reply is not None
    await replies.record_intent(reply, 0, START)
    await replies.record_posted(reply, 0, f"ref of {key}", START)
    basis = Basis(kind=BasisKind.NONE)
    await replies.record_final(reply, "Nothing.", "no_answer", START, ReplyFigures(), basis=basis)
    await replies.record_closed(reply, ReplyState.DONE, START)
    found = await replies.find(reply.reply_id)
    assert found is not None
    return found


def an_escalation(reply: Reply, number: int = 1, **changes: object) -> NewEscalation:
    notice = Notice(
        message_key=f"escalation:{number}",
        reply_id=f"notice {number}",
        platform="slack",
        tenant="T1",
        channel="C9",
        thread=f"escalation:{number}",
        user=reply.user,
        question=reply.question,
        address={"channel": "C9"},
        text="Somebody asks.",
        outcome="passed_on",
        basis=Basis(kind=BasisKind.ESCALATED),
        escalation_id=f"e{number}",
        is_in_history=False,
    )
    fields = {"reply_id": reply.reply_id, "user": reply.user, "owner": "", "channel": "C9", "notice": notice}
    return NewEscalation(**{**fields, "may_show_again": True, **changes})  # type: ignore[arg-type]


async def ask(escalations: EscalationStore, reply: Reply, number: int = 1, **changes: object) -> Asked | None:
    return await escalations.ask(an_escalation(reply, number, **changes), LATER)


async def put(replies: ReplyStore, number: int = 1, ref: str = "100.1") -> None:
    """The question stands in the people's channel."""
    notice = await replies.claim(f"notice {number}", LATER, LEASE)
    assert notice is not None
    await replies.record_intent(notice, 0, LATER)
    await replies.record_posted(notice, 0, ref, LATER)
    await replies.record_closed(notice, ReplyState.DONE, LATER)


async def answer(
    escalations: EscalationStore, key: str = "a1", user: str = "U9", said: str = "20 days."
) -> Taken | None:
    fields = {"message_key": key, "platform": "slack", "tenant": "T1", "user": user, "text": said}
    new = NewAnswer(escalation_id="e1", outcome="answered", **fields)
    return await escalations.take_answer(new, DRAFT, lambda message_key: f"reply to {message_key}", LATER)


async def audited(database: Database) -> list[dict[str, Any]]:
    rows = await database.read(lambda connection: connection.execute(text("SELECT header FROM audit_entry")).all())
    return [json.loads(header) for (header,) in rows]


async def test_the_question_is_put_and_its_reply_says_so(escalations: EscalationStore, replies: ReplyStore) -> None:
    reply = await unanswered(replies)

    asked = await ask(escalations, reply)

    assert asked is not None
    assert (asked.is_new, asked.escalation_id) == (True, "e1")
    notice, shown = asked.to_show
    assert (notice.state, notice.final_text, notice.channel) == (ReplyState.QUEUED, "Somebody asks.", "C9")
    assert (shown.reply_id, shown.state, shown.final_text) == (reply.reply_id, ReplyState.FINALIZING, "Nothing.")
    assert shown.escalation_id == "e1"
    assert shown.fence > reply.fence
    assert {one.reply_id for one in await replies.open_replies()} == {notice.reply_id, reply.reply_id}


async def test_pressed_twice_it_is_put_once(escalations: EscalationStore, replies: ReplyStore) -> None:
    reply = await unanswered(replies)
    asked = await asyncio.gather(ask(escalations, reply, 1), ask(escalations, reply, 2))
    assert sum(one is not None for one in asked) == 1


async def test_who_asks_the_same_waits_for_the_same_answer(
    escalations: EscalationStore, replies: ReplyStore, database: Database
) -> None:
    first = await unanswered(replies, "k1", text="How many days?")
    second = await unanswered(replies, "k2", text="  how many DAYS ", user="U2", thread="2.0")
    other = await unanswered(replies, "k3", text="How many weeks?", user="U3", thread="3.0")
    await ask(escalations, first, 1)

    joined, apart = await ask(escalations, second, 2), await ask(escalations, other, 3)

    assert joined is not None
    assert (joined.is_new, joined.escalation_id, len(joined.to_show)) == (False, "e1", 1)
    assert apart is not None
    assert apart.is_new
    [one, two] = await escalations.since(START)
    assert (one.askers, one.answers, one.question, two.askers) == (2, 0, "How many days?", 1)
    kinds = [header["kind"] for header in await audited(database)]
    assert kinds.count("people_asked") == 3


async def test_an_old_or_answered_question_is_put_once_more(escalations: EscalationStore, replies: ReplyStore) -> None:
    await ask(escalations, await unanswered(replies, "k1"), 1)
    late = an_escalation(await unanswered(replies, "k2", thread="2.0"), 2)
    again = await escalations.ask(late, LATER + JOINED_WITHIN + timedelta(seconds=1))
    assert again is not None
    assert again.is_new
    await answer(escalations)
    after = await ask(escalations, await unanswered(replies, "k3", thread="3.0"), 3)
    assert after is not None
    assert after.escalation_id == "e2"


async def test_an_answer_goes_to_everybody_who_asked_and_becomes_a_draft(
    escalations: EscalationStore, replies: ReplyStore, threads: ThreadStore, database: Database
) -> None:
    first = await unanswered(replies, "k1", text="How many days?")
    second = await unanswered(replies, "k2", text="how many days", user="U2", thread="2.0")
    await ask(escalations, first, 1)
    await ask(escalations, second, 2)
    await put(replies)

    taken = await answer(escalations)

    assert taken is not None
    *relayed, notice = taken.to_show
    assert [(one.thread, one.user, one.final_text) for one in relayed] == [
        ("1.0", "U1", "20 days."),
        ("2.0", "U2", "20 days."),
    ]
    assert all(one.basis is not None and one.basis.kind is BasisKind.RELAYED for one in relayed)
    assert notice.basis is not None
    assert (notice.reply_id, notice.basis.entries[0].entry_id) == ("notice 1", "asked-1")
    draft = await EntryStore(database, TRAIL).find("asked-1")
    assert draft == taken.draft
    assert draft is not None
    assert (draft.status, draft.author, draft.text.owner) == (EntryStatus.DRAFT, "slack:T1:U9", "@U9")
    assert (draft.text.question, draft.text.answer) == ("How many days?", "20 days.")
    history = await threads.exchanges_before(first.thread_id, 99)
    assert [(exchange.question, exchange.answer) for exchange in history][-1] == ("How many days?", "20 days.")
    [header] = [header for header in await audited(database) if header["kind"] == "expert_answer"]
    assert (header["actor"], header["escalation_id"]) == ("pseudonym of U9", "e1")


async def test_an_answer_that_comes_twice_is_passed_on_once(escalations: EscalationStore, replies: ReplyStore) -> None:
    await ask(escalations, await unanswered(replies))
    assert await answer(escalations) is not None
    assert await answer(escalations) is None
    assert len(await replies.open_replies()) == 3, "the question, its reply, the answer"


async def test_a_second_answer_is_passed_on_too_and_the_draft_has_both(
    escalations: EscalationStore, replies: ReplyStore, database: Database
) -> None:
    await ask(escalations, await unanswered(replies))
    await put(replies)
    await answer(escalations, "a1", "U9", "20 days.")
    taken = await answer(escalations, "a2", "U8", "And 5 carry over.")

    assert taken is not None
    assert [one.final_text for one in taken.to_show] == ["And 5 carry over."], "its own message says it already"
    draft = await EntryStore(database, TRAIL).find("asked-1")
    assert draft is not None
    assert (draft.text.answer, draft.text.owner, draft.revision) == ("20 days.\n\nAnd 5 carry over.", "@U9", 2)


async def test_what_was_published_since_is_left_alone(
    escalations: EscalationStore, replies: ReplyStore, database: Database
) -> None:
    await ask(escalations, await unanswered(replies))
    await answer(escalations)
    entries = EntryStore(database, TRAIL)
    await entries.set_status("asked-1", EntryStatus.PUBLISHED, Author("cli", "", "root"), LATER)

    taken = await answer(escalations, "a2", "U8", "No, 21.")

    assert taken is not None
    assert taken.draft is None
    found = await entries.find("asked-1")
    assert found is not None
    assert (found.text.answer, found.revision) == ("20 days.", 1)


async def test_what_the_asker_writes_there_is_no_answer(escalations: EscalationStore, replies: ReplyStore) -> None:
    await ask(escalations, await unanswered(replies, user="U5"))
    assert await answer(escalations, user="U5", said="Anybody?") is None


async def test_the_thread_of_the_question_is_known_by_its_message(
    escalations: EscalationStore, replies: ReplyStore, database: Database
) -> None:
    await ask(escalations, await unanswered(replies))
    assert await escalations.find_of_thread("slack", "C9", "100.1") is None
    await put(replies)
    assert await escalations.find_of_thread("slack", "C9", "100.1") == "e1"
    assert await escalations.find_of_thread("slack", "C1", "100.1") is None
    assert await escalations.find_of_thread("web", "C9", "100.1") is None
    record = LookBackStore(database)
    assert await record.put_at("C9", "100.1") == LATER
    assert await record.put_at("C9", "ref of k") is None
    assert ("C9", "100.1") in await record.recent_threads("slack", "T1", START, 10)
    await answer(escalations)
    assert await record.knows_post("a1")


async def test_who_deletes_the_question_takes_everything_back_that_was_said_about_it(
    escalations: EscalationStore, replies: ReplyStore
) -> None:
    await ask(escalations, await unanswered(replies, "k1"), 1)
    await put(replies)
    await answer(escalations)

    withdrawn = await replies.withdraw("k1", LATER)

    assert {one.reply_id for one in withdrawn} == {"reply of k1", "notice 1", "reply to relayed:reply of k1:a1"}
    assert all(one.state is ReplyState.WITHDRAWING and one.question == "" for one in withdrawn)


async def test_the_question_stays_while_somebody_else_waits(escalations: EscalationStore, replies: ReplyStore) -> None:
    await ask(escalations, await unanswered(replies, "k1"), 1)
    await ask(escalations, await unanswered(replies, "k2", user="U2", thread="2.0"), 2)
    assert [one.reply_id for one in await replies.withdraw("k1", LATER)] == ["reply of k1"]
    taken = await answer(escalations)
    assert taken is not None
    assert [one.user for one in taken.to_show if one.basis and one.basis.kind is BasisKind.RELAYED] == ["U2"]


async def test_a_question_that_could_not_be_put_can_be_asked_again(
    escalations: EscalationStore, replies: ReplyStore, database: Database
) -> None:
    reply = await unanswered(replies)
    await ask(escalations, reply)

    [shown] = await escalations.give_up("notice 1", LATER)

    assert (shown.reply_id, shown.escalation_id, shown.state) == (reply.reply_id, None, ReplyState.FINALIZING)
    assert "people_not_reached" in [header["kind"] for header in await audited(database)]
    assert await escalations.give_up("reply of k", LATER) == []


async def test_what_we_say_ourselves_is_nothing_that_somebody_asked(
    escalations: EscalationStore, replies: ReplyStore, database: Database
) -> None:
    await ask(escalations, await unanswered(replies))
    await answer(escalations)
    questions = await TranscriptStore(database).questions_of("slack", "T1", "U1", limit=10)
    assert len(questions) == 1


@pytest.mark.parametrize("kind", [BasisKind.SUGGESTED, BasisKind.RELAYED, BasisKind.ESCALATED, None])
async def test_not_everything_can_be_asked_about(
    escalations: EscalationStore, replies: ReplyStore, kind: BasisKind | None
) -> None:
    reply = await accepted(replies)
    claimed = await replies.claim(reply.reply_id, START, LEASE)
    assert claimed is not None
    assert await ask(escalations, reply) is None, "it has no answer yet"
    basis = Basis(kind=kind) if kind else None
    await replies.record_final(claimed, "x", "answered", START, ReplyFigures(), basis=basis)
    assert await ask(escalations, reply) is None


async def test_where_the_message_cannot_be_changed_only_the_question_is_shown(
    escalations: EscalationStore, replies: ReplyStore
) -> None:
    asked = await ask(escalations, await unanswered(replies), may_show_again=False)
    assert asked is not None
    assert [one.reply_id for one in asked.to_show] == ["notice 1"]
