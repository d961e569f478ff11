"""No invented number and no invented link reaches anybody: 500 prompts to a model that invents on purpose."""

import re
from contextlib import aclosing

from bot.conversation.answering import Answerer
from bot.conversation.librarian import Consulted
from bot.conversation.messages import Question, ReplyUpdate
from bot.conversation.settings import AnswerSettings
from inference.engine import Sampling, StopSignal
from storage.basis import BasisKind
from storage.threads import ThreadStore
from tests.conversation.grounding.liar import Liar, Lie, as_read, tells_in
from tests.conversation.test_answering import RecitingEngine

PROMPTS = 500
QUESTIONS = {"en": "What is the rule?", "zh": "有什么规定？"}


async def said(lie: Lie, pieces: list[str], lang: str, threads: ThreadStore) -> list[ReplyUpdate]:
    engine = RecitingEngine(*pieces)
    answerer = Answerer(engine, threads, AnswerSettings(), Sampling(max_new_tokens=100), prompt_tokens=900)
    consulted = Consulted(kind=BasisKind.GROUNDED, passages=lie.passages)
    question = Question(1, 1, QUESTIONS[lang])
    async with aclosing(answerer.answer(question, StopSignal(), consulted)) as updates:
        return [update async for update in updates]


async def test_nothing_that_was_invented_is_shown_at_any_time(threads: ThreadStore) -> None:
    liar, lied, read = Liar(seed=20261125), 0, 0
    for number in range(PROMPTS):
        lang = ("en", "zh")[number % 2]
        lie = liar.lie(lang)
        updates = await said(lie, liar.pieces(lie.text), lang, threads)
        lied += bool(tells_in(lie.text, lie))
        read += len(updates)
        for update in updates:
            assert tells_in(update.text, lie) == [], f"prompt {number}: {lie.text!r} was shown as {update.text!r}"
            assert not figures_beyond(update.text, lie), f"prompt {number}: {lie.text!r} was shown as {update.text!r}"
        assert updates[-1].text.strip(), "somebody asked, and reads something"
    assert lied > PROMPTS / 2, "the liar lies, and its lies can be found"
    assert read > PROMPTS


async def test_what_was_not_invented_stands_as_it_was_written(threads: ThreadStore) -> None:
    """The checks do not simply refuse everything."""
    liar, honest, stood = Liar(seed=7), 0, 0
    for number in range(PROMPTS):
        lang = ("en", "zh")[number % 2]
        lie = liar.lie(lang)
        if lie.tells:
            continue
        honest += 1
        updates = await said(lie, liar.pieces(lie.text), lang, threads)
        stood += "".join(updates[-1].text.split()) == "".join(lie.text.split())
    assert honest > 60
    assert stood >= 0.9 * honest, f"{stood} of {honest}"


def figures_beyond(text: str, lie: Lie) -> set[str]:
    """Runs of digits that are in none of the passages, as they are read."""
    there = {run.lstrip("0") for passage in lie.passages for run in re.findall(r"\d+", as_read(passage.text))}
    return {run for run in re.findall(r"\d+", as_read(text)) if run.lstrip("0") not in there}
