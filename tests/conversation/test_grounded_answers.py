"""What comes of a question whose answer the model writes from passages."""

from contextlib import aclosing

import pytest

from bot.conversation.answering import Answerer
from bot.conversation.grounded import quoted
from bot.conversation.librarian import Consulted
from bot.conversation.messages import Outcome, Question, ReplyUpdate
from bot.conversation.phrases import phrase
from bot.conversation.settings import AnswerSettings
from inference.engine import Sampling, StopReason, StopSignal
from storage.basis import BasisKind
from storage.threads import ThreadStore
from tests.conversation.grounding.test_checking import LEAVE, PAY
from tests.conversation.test_answering import FIGURES, RecitingEngine

RULE = "Managers answer within 3 working days."


async def answer(engine: RecitingEngine, threads: ThreadStore, *passages: object) -> list[ReplyUpdate]:
    answerer = Answerer(engine, threads, AnswerSettings(), Sampling(temperature=0.9), prompt_tokens=400)
    consulted = Consulted(kind=BasisKind.GROUNDED, passages=passages or (LEAVE, PAY))  # type: ignore[arg-type]
    async with aclosing(answerer.answer(Question(1, 1, "When do they answer?"), StopSignal(), consulted)) as updates:
        return [update async for update in updates]


async def test_what_passes_is_the_answer_and_cites_its_passages(threads: ThreadStore) -> None:
    updates = await answer(
        RecitingEngine("Managers answer ", "within 3 working days. ", "Overtime is paid at 150%."), threads
    )

    assert [update.text for update in updates[:-1]] == [RULE]
    last = updates[-1]
    assert (last.text, last.outcome, last.figures) == (f"{RULE} Overtime is paid at 150%.", Outcome.ANSWERED, FIGURES)
    assert last.basis is not None
    assert last.basis.kind is BasisKind.GROUNDED
    assert [passage.heading_path for passage in last.basis.passages] == [LEAVE.heading_path, PAY.heading_path]


async def test_what_fails_ends_the_writing_and_the_passage_stands_in_its_place(threads: ThreadStore) -> None:
    engine = RecitingEngine(f"{RULE} ", "They decide within 2 hours. ", *["More. "] * 50)

    *growing, last = await answer(engine, threads)

    assert all("2 hours" not in update.text for update in growing)
    assert last.text == f"{RULE}\n\n{quoted(LEAVE)}"
    assert last.basis is not None
    assert (last.basis.kind, last.basis.passages[0].document) == (BasisKind.GROUNDED, "handbook.md")
    assert engine.open_streams == 0


async def test_where_nothing_passes_the_best_passage_is_quoted(threads: ThreadStore) -> None:
    [last] = await answer(RecitingEngine("Everybody gets 40 days."), threads, PAY, LEAVE)
    assert (last.text, last.outcome) == (quoted(PAY), Outcome.ANSWERED)
    assert last.basis is not None
    assert (last.basis.kind, len(last.basis.passages)) == (BasisKind.QUOTED, 1)


async def test_a_model_that_says_nothing_leaves_the_passage(threads: ThreadStore) -> None:
    [last] = await answer(RecitingEngine(""), threads)
    assert last.text == quoted(LEAVE)


async def test_a_model_that_finds_no_answer_is_believed(threads: ThreadStore) -> None:
    [last] = await answer(RecitingEngine("No answer."), threads)
    assert (last.text, last.outcome) == (phrase("no_verified_answer", "en"), Outcome.NO_ANSWER)
    assert last.basis is not None
    assert last.basis.kind is BasisKind.NONE


@pytest.mark.parametrize(
    ("reason", "outcome"), [(StopReason.STOPPED, Outcome.STOPPED), (StopReason.LENGTH, Outcome.CUT_SHORT)]
)
async def test_half_a_sentence_is_not_shown(threads: ThreadStore, reason: StopReason, outcome: Outcome) -> None:
    *_, last = await answer(RecitingEngine(f"{RULE} Overtime is", stop_reason=reason), threads)
    assert (last.text, last.outcome) == (RULE, outcome)


async def test_stopped_before_there_was_anything(threads: ThreadStore) -> None:
    [last] = await answer(RecitingEngine("Manag", stop_reason=StopReason.STOPPED), threads)
    assert (last.text, last.outcome) == (phrase("stopped_early", "en"), Outcome.STOPPED)


async def test_the_model_reads_the_passages_and_copies_without_chance(threads: ThreadStore) -> None:
    engine = RecitingEngine(RULE)
    await answer(engine, threads)
    system, asked = engine.prompts[0]
    assert LEAVE.text in asked.content
    assert asked.content.endswith("Question: When do they answer?")
    assert "no answer" in system.content
    assert engine.samplings[0].temperature == 0.0


async def test_a_question_that_leaves_no_room_for_a_passage_is_told_so(threads: ThreadStore) -> None:
    answerer = Answerer(RecitingEngine(), threads, AnswerSettings(), Sampling(), prompt_tokens=70)
    consulted = Consulted(kind=BasisKind.GROUNDED, passages=(LEAVE,))
    async with aclosing(answerer.answer(Question(1, 1, "When?"), StopSignal(), consulted)) as updates:
        assert (await anext(updates)).outcome is Outcome.TOO_LONG
