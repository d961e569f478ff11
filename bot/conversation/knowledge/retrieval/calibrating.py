"""Every phrasing put to the index as a question, as if it were not known: what the gates are calibrated with."""

from collections.abc import Callable, Iterator

import numpy as np

from bot.conversation.knowledge.retrieval.entry_index import EntryIndex
from bot.conversation.knowledge.retrieval.gate import LEAST_SCORE, Gate, Trial, calibrate, lead_of
from bot.conversation.knowledge.retrieval.judging import Judge
from bot.conversation.knowledge.retrieval.reading import LANGUAGES, Floats
from bot.conversation.knowledge.retrieval.rows import NOBODYS, Numbers, number_of
from bot.conversation.phrases import Language

MOST_TRIALS = 120  # of a language
MOST_EVERYDAY = 40
LEAST_PHRASINGS = 3  # of an entry whose phrasings are tried against the rest of them: two must remain
SHARE_BELOW = 0.95  # of the everyday sentences, that no suggestion is made for


def calibrate_gates(index: EntryIndex, check: Callable[[], None] = lambda: None) -> dict[Language, Gate]:
    """Takes a second for dozens of entries, half a minute for any number of them.

    `check`: called every now and then; raises where the gates are not wanted any more.
    """
    return {
        lang: calibrate(list(_trials(index, lang, check)), _everyday_score(index, lang, check)) for lang in LANGUAGES
    }


def _trials(index: EntryIndex, lang: Language, check: Callable[[], None]) -> Iterator[Trial]:
    rows = index.rows
    phrasings = (rows.owners != NOBODYS) & ~rows.are_answers & (rows.langs == number_of(lang))
    counts = np.bincount(rows.owners[phrasings], minlength=len(index.entries)) if phrasings.any() else np.zeros(0)
    for place in _evenly(np.flatnonzero(phrasings), MOST_TRIALS):
        check()
        owner = rows.owners[place]
        judge, row = _judge_near(index, place)
        own = np.flatnonzero(judge.rows.owners == owner)
        if counts[owner] >= LEAST_PHRASINGS:
            yield _trial(judge, judge.scores_without(row, np.array([row])), owner)
        others = judge.entries != owner
        if others.any():
            yield Trial(lead_of(_descending(judge.scores_without(row, own)[others])), is_right=False, is_impostor=True)


def _trial(judge: Judge, scores: Floats, owner: int) -> Trial:
    return Trial(lead_of(_descending(scores)), is_right=bool(judge.entries[scores.argmax()] == owner))


def _everyday_score(index: EntryIndex, lang: Language, check: Callable[[], None]) -> float:
    """What most everyday sentences stay below."""
    rows = index.rows
    everyday = np.flatnonzero((rows.owners == NOBODYS) & (rows.langs == number_of(lang)))
    best = []
    for place in _evenly(everyday, MOST_EVERYDAY):
        check()
        judge, row = _judge_near(index, place)
        if len(judge.entries):
            best.append(judge.scores_without(row, np.array([row])).max())
    return float(np.quantile(best, SHARE_BELOW)) if best else LEAST_SCORE


def _judge_near(index: EntryIndex, place: int) -> tuple[Judge, int]:
    """Who judges the row that stands there, and which of the judge's rows it is."""
    judge = index.judge_of_row(place)
    return judge, int(np.searchsorted(judge.places, place))


def _descending(scores: Floats) -> Floats:
    return np.sort(scores)[::-1]


def _evenly(numbers: Numbers, most: int) -> Numbers:
    """At most so many of them, from everywhere."""
    return numbers if len(numbers) <= most else numbers[np.linspace(0, len(numbers) - 1, most).astype(np.int64)]
