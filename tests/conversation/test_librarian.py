"""What knowledge says to a question before any model is asked."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from bot.clock import Calendar
from bot.conversation.knowledge.findings import Route
from bot.conversation.librarian import NOT_CONSULTED, Consulted, Librarian
from bot.conversation.messages import Outcome, Question
from bot.conversation.phrases import Language, phrase
from bot.conversation.settings import AnswerSettings
from storage.basis import BasisKind
from storage.knowledge.records import EntryStatus
from storage.records import ReplyFigures
from storage.replies import ReplyStore
from storage.threads import ThreadStore
from tests.clock import START, ManualClock
from tests.conftest import a_question
from tests.shelf import Shelf, a_passage, an_entry
from tests.storage.test_replies import LEASE

BALANCE = an_entry("pto_balance")
REQUEST = an_entry("pto_request", question="How do I request vacation?", answer="In Workday.")
USED = an_entry("pto_used", question="How many days have I used?", answer="See History.")
FOURTH = an_entry("payday", question="When do I get paid?", answer="On the 25th.")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def librarian(shelf: Shelf, threads: ThreadStore, **settings: object) -> Librarian:
    return Librarian(shelf, shelf, threads, AnswerSettings(**settings), Calendar(ManualClock()))  # type: ignore[arg-type]


async def consult(shelf: Shelf, threads: ThreadStore, text: str = "days left?", **settings: object) -> Consulted:
    return await librarian(shelf, threads, **settings).consult(Question(1, 1, text))


async def test_a_verified_answer_is_its_entry_word_for_word(shelf: Shelf, threads: ThreadStore) -> None:
    shelf.lay_out("days left?", Route.DIRECT, BALANCE, REQUEST)

    reply = (await consult(shelf, threads)).reply

    assert reply is not None
    assert (reply.text, reply.outcome) == (BALANCE.text.answer, Outcome.ANSWERED)
    assert reply.basis is not None
    assert reply.basis.kind is BasisKind.VERIFIED
    [cited] = reply.basis.entries
    assert (cited.entry_id, cited.revision, cited.owner) == ("pto_balance", 1, "hr@acme.test")
    assert cited.verified_on == date(2025, 10, 12)
    assert not cited.is_overdue


async def test_a_review_is_overdue_from_the_day_after(shelf: Shelf, threads: ThreadStore) -> None:
    today = START.date()
    for day, is_overdue in ((today, False), (date(2026, 3, 1), True)):
        shelf.lay_out("days left?", Route.DIRECT, an_entry(review_by=day))
        reply = (await consult(shelf, threads)).reply
        assert reply is not None
        assert reply.basis is not None
        assert reply.basis.entries[0].is_overdue is is_overdue


async def test_the_day_is_that_of_the_company(shelf: Shelf, threads: ThreadStore) -> None:
    """Nine in the morning in UTC: on Kiritimati it is 23:00 of that day, an hour later the next has begun."""
    clock = ManualClock()
    settings = AnswerSettings(withhold_overdue=True)
    librarian = Librarian(shelf, shelf, threads, settings, Calendar(clock, ZoneInfo("Pacific/Kiritimati")))
    shelf.lay_out("days left?", Route.DIRECT, an_entry("pto_balance", review_by=START.date()))

    assert await librarian.verified("pto_balance", frozenset()) is not None
    await clock.advance(3_600)
    assert await librarian.verified("pto_balance", frozenset()) is None


async def test_overdue_entries_are_withheld_where_that_is_set(shelf: Shelf, threads: ThreadStore) -> None:
    overdue = an_entry("pto_balance", review_by=date(2026, 3, 1))
    shelf.lay_out("days left?", Route.DIRECT, overdue, REQUEST)
    shelf.lay_out("days?", Route.SUGGEST, overdue, REQUEST)
    withholding = librarian(shelf, threads, withhold_overdue=True, generate="never")

    direct = (await withholding.consult(Question(1, 1, "days left?"))).reply
    suggested = (await withholding.consult(Question(1, 1, "days?"))).reply

    assert direct is not None
    assert direct.outcome is Outcome.NO_ANSWER, "its neighbours do not answer what it answers"
    assert suggested is not None
    assert suggested.basis is not None
    assert [cited.entry_id for cited in suggested.basis.entries] == ["pto_request"]
    assert await withholding.verified("pto_balance", frozenset()) is None
    assert await librarian(shelf, threads).verified("pto_balance", frozenset()) is not None


async def test_an_entry_that_nobody_dated_was_verified_when_it_was_written(shelf: Shelf, threads: ThreadStore) -> None:
    shelf.lay_out("days left?", Route.DIRECT, an_entry(verified_at=None))
    reply = (await consult(shelf, threads)).reply
    assert reply is not None
    assert reply.basis is not None
    assert reply.basis.entries[0].verified_on == date(2025, 10, 1)


async def test_it_asks_back_with_at_most_three_questions_in_words_that_can_be_answered(
    shelf: Shelf, threads: ThreadStore
) -> None:
    shelf.lay_out("days?", Route.SUGGEST, BALANCE, REQUEST, USED, FOURTH)

    reply = (await consult(shelf, threads, "days?")).reply

    assert reply is not None
    assert reply.outcome is Outcome.SUGGESTED
    assert reply.text.split("\n") == [
        phrase("did_you_mean", "en"),
        "1. How many vacation days do I have left?",
        "2. How do I request vacation?",
        "3. How many days have I used?",
    ]
    assert reply.basis is not None
    assert [entry.entry_id for entry in reply.basis.entries] == ["pto_balance", "pto_request", "pto_used"]


async def test_who_meant_none_of_them_is_not_asked_the_same_again(shelf: Shelf, threads: ThreadStore) -> None:
    shelf.lay_out("days?", Route.SUGGEST, BALANCE)
    suggested = (await consult(shelf, threads, "days?")).reply
    assert suggested is not None
    assert suggested.basis is not None
    question = Question(1, 1, "days?", declined=suggested.basis.entries)

    reply = (await librarian(shelf, threads).consult(question)).reply

    assert reply is not None
    assert (reply.outcome, reply.text) == (Outcome.NO_ANSWER, phrase("no_verified_answer", "en"))
    assert reply.basis is not None
    assert reply.basis.entries == suggested.basis.entries, "whose owner can be asked"


@pytest.mark.parametrize(
    ("generate", "with_passages", "without"),
    [
        ("always", BasisKind.GROUNDED, BasisKind.UNGROUNDED),
        ("ungrounded-marked", BasisKind.GROUNDED, BasisKind.UNGROUNDED),
        ("grounded-only", BasisKind.GROUNDED, None),
        ("never", None, None),
    ],
)
async def test_whether_the_model_may_write_is_a_setting(
    shelf: Shelf, threads: ThreadStore, generate: str, with_passages: BasisKind | None, without: BasisKind | None
) -> None:
    shelf.lay_out("from a handbook", Route.NONE, passages=(a_passage("Leave is 20 days."),))
    for text, expected in (("from a handbook", with_passages), ("from nowhere", without)):
        consulted = await consult(shelf, threads, text, generate=generate)
        if expected is None:
            assert consulted.reply is not None
            assert consulted.reply.outcome is Outcome.NO_ANSWER
        else:
            assert (consulted.reply, consulted.kind) == (None, expected)


async def test_with_nothing_loaded_the_model_writes_unless_it_must_never(shelf: Shelf, threads: ThreadStore) -> None:
    shelf.is_empty = True
    for generate in ("always", "ungrounded-marked", "grounded-only"):
        assert await consult(shelf, threads, generate=generate) == NOT_CONSULTED
    never = await consult(shelf, threads, generate="never")
    assert never.reply is not None
    assert never.reply.outcome is Outcome.NO_ANSWER
    assert shelf.inquiries == []


async def test_it_speaks_the_language_of_the_question(shelf: Shelf, threads: ThreadStore) -> None:
    reply = (await consult(shelf, threads, "怎么报销？")).reply
    assert reply is not None
    assert reply.text == phrase("no_verified_answer", "zh")


async def asked(replies: ReplyStore, text: str, consulted: Consulted | None = None) -> int:
    """A question in the thread, and its reply if there is one already; the thread."""
    key = f"slack:T1:C1:{text}"
    accepted = await replies.accept(a_question(key, text=text), START)
    assert accepted is not None
    if consulted is not None:
        assert consulted.reply is not None
        claimed = await replies.claim(accepted.reply_id, START, LEASE)
        assert claimed is not None
        reply = consulted.reply
        await replies.record_final(claimed, reply.text, str(reply.outcome), START, ReplyFigures(), basis=reply.basis)
    return accepted.thread_id


async def test_a_follow_up_is_looked_up_with_the_question_before_it(
    shelf: Shelf, threads: ThreadStore, replies: ReplyStore
) -> None:
    thread_id = await asked(replies, "first question")
    await asked(replies, "second question")

    for exchange, before in ((1, ""), (2, "first question"), (3, "second question")):
        await librarian(shelf, threads).consult(Question(thread_id, exchange, "and then?"))
        assert shelf.inquiries[-1].previous == before


async def test_what_may_be_shown_there_goes_with_the_inquiry(shelf: Shelf, threads: ThreadStore) -> None:
    question = Question(1, 1, "days left?", audience=frozenset({"channel:C1"}))
    await librarian(shelf, threads).consult(question)
    assert shelf.inquiries[0].audience == {"channel:C1"}


@pytest.mark.parametrize(
    ("text", "answer"), [("2", "In Workday."), (" 1. ", BALANCE.text.answer), ("3。", "See History.")]
)
async def test_suggestions_are_answered_by_number_too(
    shelf: Shelf, threads: ThreadStore, replies: ReplyStore, text: str, answer: str
) -> None:
    shelf.lay_out("days?", Route.SUGGEST, BALANCE, REQUEST, USED)
    thread_id = await asked(replies, "days?", await consult(shelf, threads, "days?"))

    reply = (await librarian(shelf, threads).consult(Question(thread_id, 2, text))).reply

    assert reply is not None
    assert (reply.text, reply.outcome) == (answer, Outcome.ANSWERED)


@pytest.mark.parametrize("text", ["0", "4", "two", "²", "1" * 5_000, "1.5"])
async def test_other_words_after_suggestions_are_a_question(
    shelf: Shelf, threads: ThreadStore, replies: ReplyStore, text: str
) -> None:
    shelf.lay_out("days?", Route.SUGGEST, BALANCE, REQUEST, USED)
    thread_id = await asked(replies, "days?", await consult(shelf, threads, "days?"))

    await librarian(shelf, threads).consult(Question(thread_id, 2, text))

    assert shelf.inquiries[-1].text == text


async def test_an_entry_is_shown_as_it_is_now_and_only_to_those_it_is_for(shelf: Shelf, threads: ThreadStore) -> None:
    shelf.lay_out("days?", Route.SUGGEST, an_entry(audience=("channel:C1",)))
    shelf.change("pto_balance", answer="Ask Dana.")
    here, elsewhere = frozenset({"channel:C1"}), frozenset({"channel:C2"})

    found = await librarian(shelf, threads).verified("pto_balance", here)
    assert found is not None
    assert found.text == "Ask Dana."
    assert found.basis is not None
    assert found.basis.entries[0].revision == 2
    assert await librarian(shelf, threads).verified("pto_balance", elsewhere) is None

    shelf.change("pto_balance", status=EntryStatus.RETIRED)
    assert await librarian(shelf, threads).verified("pto_balance", here) is None


async def test_passages_in_another_language_are_left_out_or_quoted(shelf: Shelf, threads: ThreadStore) -> None:
    english, chinese = a_passage("Leave is 20 days."), a_passage("年假20天。", "年假", lang="zh")
    shelf.lay_out("年假？", Route.NONE, passages=(english, chinese)).lay_out("报销？", Route.NONE, passages=(english,))

    assert (await consult(shelf, threads, "年假？")).passages == (chinese,)
    quotation = (await consult(shelf, threads, "报销？")).reply
    assert quotation is not None
    assert (quotation.text, quotation.outcome) == ("> Leave is 20 days.", Outcome.ANSWERED)
    assert quotation.basis is not None
    assert quotation.basis.kind is BasisKind.QUOTED


@pytest.mark.parametrize(
    ("said", "key", "language"),
    [
        ("Hello!", "greeting", "en"),
        ("thank you :)", "thanked", "en"),
        ("你好", "greeting", "zh"),
        ("好的，谢谢！", "thanked", "zh"),
    ],
)
async def test_who_greets_or_thanks_is_not_told_that_there_is_no_answer(
    shelf: Shelf, threads: ThreadStore, said: str, key: str, language: Language
) -> None:
    reply = (await consult(shelf, threads, said)).reply
    assert reply is not None
    assert (reply.text, reply.outcome) == (phrase(key, language), Outcome.EMPTY)
    assert shelf.inquiries == []


async def test_who_greets_and_asks_has_asked(shelf: Shelf, threads: ThreadStore) -> None:
    shelf.lay_out("hi, days left?", Route.DIRECT, BALANCE)
    reply = (await consult(shelf, threads, "hi, days left?")).reply
    assert reply is not None
    assert reply.text == BALANCE.text.answer


async def test_what_stands_in_a_handbook_is_not_hidden_behind_unlikely_suggestions(
    shelf: Shelf, threads: ThreadStore
) -> None:
    passage = a_passage("You may work from home on two days a week.")
    shelf.lay_out("days left?", Route.SUGGEST, BALANCE, REQUEST, passages=(passage,), chance=0.1)
    assert (await consult(shelf, threads)).passages == (passage,)

    shelf.lay_out("days left?", Route.SUGGEST, BALANCE, REQUEST, passages=(passage,), chance=0.6)
    assert (await consult(shelf, threads)).reply is not None
    shelf.lay_out("days left?", Route.SUGGEST, BALANCE, REQUEST, passages=(passage,), chance=0.1)
    assert (await consult(shelf, threads, generate="never")).reply is not None
