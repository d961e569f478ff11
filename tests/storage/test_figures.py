"""Figures of what was asked and how it was answered, by the days and hours of a clock."""

from datetime import timedelta

from bot.conversation.knowledge import citing
from storage.basis import Basis, BasisKind
from storage.database import Database
from storage.feedback import FeedbackStore, Verdict
from storage.figures import DIRECT, GENERATED, OTHER, SUGGESTED, UNANSWERED, FiguresStore
from storage.records import ReplyFigures, ReplyState
from storage.replies import ReplyStore
from tests.clock import START
from tests.conftest import TRAIL, a_question
from tests.shelf import an_entry
from tests.storage.test_replies import LEASE

SHANGHAI = timedelta(hours=8)


async def ask(database: Database, number: int, kind: BasisKind | None, waited: float, day: int = 0) -> str:
    """Asked at 09:00 UTC of that day; its first text came after `waited` seconds."""
    replies, asked_at = ReplyStore(database, TRAIL), START + timedelta(days=day)
    reply = await replies.accept(a_question(f"k{number}"), asked_at)
    assert reply is not None
    claimed = await replies.claim(reply.reply_id, asked_at, LEASE)
    assert claimed is not None
    now = asked_at + timedelta(seconds=waited)
    await replies.record_attempt(claimed, asked_at, LEASE)
    await replies.record_posted(claimed, 0, f"ref {number}", now)
    await replies.record_streaming(claimed, now)
    basis = None if kind is None else Basis(kind=kind)
    if kind is BasisKind.VERIFIED:
        basis = citing.verified(an_entry(), START.date())
    outcome = "answered" if kind else "busy"
    await replies.record_final(claimed, "text", outcome, now, ReplyFigures(), basis=basis)
    await replies.record_closed(claimed, ReplyState.DONE, now)
    return reply.reply_id


async def test_ways_days_hours_thumbs_entries_and_times(database: Database) -> None:
    kinds = [BasisKind.VERIFIED, BasisKind.VERIFIED, BasisKind.SUGGESTED, BasisKind.GROUNDED, BasisKind.NONE, None]
    for number, kind in enumerate(kinds):
        reply_id = await ask(database, number, kind, waited=number + 1)
    await ask(database, 10, BasisKind.PLAIN, waited=100, day=1)
    await FeedbackStore(database, TRAIL).record(reply_id, "U1", Verdict.DOWN, START + timedelta(days=1))

    overview = await FiguresStore(database).overview(START + timedelta(days=1), 3, SHANGHAI)

    assert [day.day for day in overview.days] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert overview.days[1].ways == {DIRECT: 2, SUGGESTED: 1, GENERATED: 1, UNANSWERED: 1, OTHER: 1}
    assert overview.questions == 7
    assert overview.hours[17] == 7, "nine o'clock in UTC"
    assert (overview.days[2].down, overview.up) == (1, 0)
    assert [(one.entry_id, one.times) for one in overview.entries] == [("pto_balance", 2)]
    first_text = overview.days[1].first_text
    assert (round(first_text.p50 or 0, 1), round(first_text.p95 or 0, 1)) == (3.0, 6.0)
    assert round(overview.first_text.p95 or 0) == 100
    assert overview.days[0].first_text.p50 is None


async def test_nothing_is_figured_without_questions(database: Database) -> None:
    overview = await FiguresStore(database).overview(START, 7, timedelta())

    assert (overview.questions, overview.first_text.p50, len(overview.days), sum(overview.hours)) == (0, None, 7, 0)
