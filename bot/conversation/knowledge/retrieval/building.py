"""From entries and the vectors of their texts to an index."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bot.conversation.knowledge.retrieval.entry_index import ALL_ARE_JUDGED, EntryIndex
from bot.conversation.knowledge.retrieval.everyday import EVERYDAY
from bot.conversation.knowledge.retrieval.lexicon import learn_words
from bot.conversation.knowledge.retrieval.reading import Floats
from bot.conversation.knowledge.retrieval.rows import NOBODYS, Rows, number_of
from bot.conversation.knowledge.retrieval.space import Space, learn_turn, means_of, unit
from bot.conversation.phrases import Language
from storage.knowledge.records import Entry
from storage.knowledge.words import fold, words_of

MOST_SENTENCES = 8  # of an answer
SHORTEST = 4  # characters that say something
LEARNED_FROM = 4_000  # entries, that the space is learned from
EVERYDAY_PASSAGES = 4  # one of so many
CHUNK = 5_000  # entries at a time


# Chinese is written with full stops of either width, and without a space behind them.
_SENTENCE_ENDS = re.compile(r"(?<=[。！？；])|(?<=[;!?])(?=[\u4e00-\u9fff])|(?<=[.!?;])\s+|\n+")


class KnownTexts(Protocol):
    """Vectors of texts that were encoded."""

    def take(self, texts: Sequence[str]) -> Floats:
        """(N, D) float32; a row of zeros for a text that has no vector yet."""
        ...


class Text(NamedTuple):
    """One row to be. `text` is folded: it is what the encoder reads."""

    owner: int
    lang: Language
    text: str
    is_answer: bool = False


def entry_texts(entries: Sequence[Entry], first: int = 0) -> Iterator[Text]:
    """All that entries are found by: of each its phrasings, then what its answer says. `first`: the first's number."""
    for number, entry in enumerate(entries, first):
        lang = _lang(entry)
        for phrasing in entry.phrasings:
            yield Text(number, lang, fold(phrasing))
        for said in parts_of(entry.text.answer):
            yield Text(number, lang, fold(said), is_answer=True)


def parts_of(answer: str) -> list[str]:
    """The whole of it, and its sentences where there are several: somebody asks for what just one of them says."""
    sentences = [part for raw in _SENTENCE_ENDS.split(answer) if len(part := raw.strip(" \t-*#>|")) >= SHORTEST]
    return [answer, *sentences[:MOST_SENTENCES]] if len(sentences) > 1 else [answer]


def everyday_texts() -> list[Text]:
    return [Text(NOBODYS, lang, fold(text)) for lang, texts in EVERYDAY.items() for text in texts]


def everyday_passages() -> list[Text]:
    """Some of them, read as passages: the middle of a language must not be that of a few answers alone."""
    return everyday_texts()[::EVERYDAY_PASSAGES]


def build_entry_index(
    entries: Sequence[Entry],
    questions: KnownTexts | None,
    answers: KnownTexts | None,
    check: Callable[[], None] = lambda: None,
) -> EntryIndex:
    """`questions`, `answers`: vectors of texts as read in either way; None without an encoder.

    `check`: called every now and then; raises where the index is not wanted any more.
    """
    plan = _plan(entries)
    texts = (text for some in _chunks(entries, check) for text in some)
    lexicon, words = learn_words((words_of(text.text) for text in texts), plan.owners)
    space = vectors = centres = None
    if questions is not None and answers is not None:
        space = _learn_space(entries, questions, answers)
        vectors = _place_all(_chunks(entries, check), len(plan.owners), space, questions, answers)
        centres = _centres(vectors, plan.starts) if len(entries) > ALL_ARE_JUDGED else None
    rows = Rows(plan.owners, plan.langs, plan.are_answers, words, vectors)
    return EntryIndex(entries, rows, plan.starts, lexicon, space, centres)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What stands in each row, and where each entry's rows begin."""

    owners: NDArray[np.int32]
    langs: NDArray[np.int8]
    are_answers: NDArray[np.bool_]
    starts: NDArray[np.int64]


def _plan(entries: Sequence[Entry]) -> _Plan:
    asked = [len(entry.phrasings) for entry in entries]
    said = [len(parts_of(entry.text.answer)) for entry in entries]
    everyday = everyday_texts()
    spans = np.array([asked, said], np.int64).T.reshape(-1)  # of each entry, one after another
    owners = np.repeat(np.repeat(np.arange(len(entries)), 2), spans)
    langs = np.repeat(np.repeat([number_of(_lang(entry)) for entry in entries], 2), spans)
    are_answers = np.repeat(np.tile([False, True], len(entries)), spans)
    nobodys = np.full(len(everyday), NOBODYS)
    return _Plan(
        np.concatenate([owners, nobodys]).astype(np.int32),
        np.concatenate([langs, [number_of(text.lang) for text in everyday]]).astype(np.int8),
        np.concatenate([are_answers, nobodys == 0]).astype(np.bool_),
        np.concatenate([[0], np.cumsum(spans.reshape(-1, 2).sum(axis=1))]),
    )


def _lang(entry: Entry) -> Language:
    return "zh" if entry.text.lang == "zh" else "en"


def _chunks(entries: Sequence[Entry], check: Callable[[], None]) -> Iterator[list[Text]]:
    """All rows in order, some at a time: of 100,000 entries, all at once would take a gigabyte."""
    for at in range(0, len(entries), CHUNK):
        check()
        yield list(entry_texts(entries[at : at + CHUNK], at))
    yield everyday_texts()


def _learn_space(entries: Sequence[Entry], questions: KnownTexts, answers: KnownTexts) -> Space:
    sample = list(entry_texts(entries[:: len(entries) // LEARNED_FROM + 1]))
    phrasings = [text for text in sample if not text.is_answer]
    vectors = _take(questions, phrasings)
    asked = means_of(
        np.concatenate([vectors, _take(questions, everyday_texts())]), _langs([*phrasings, *everyday_texts()])
    )
    said = [*(text for text in sample if text.is_answer), *everyday_passages()]
    answered = means_of(_take(answers, said), _langs(said))
    flat = Space(asked, answered, np.eye(vectors.shape[1], dtype=np.float32))
    around = flat.place_questions(vectors, _langs(phrasings))
    return Space(asked, answered, learn_turn(around, np.array([text.owner for text in phrasings], np.int32)))


def _place_all(
    chunks: Iterable[Sequence[Text]], number: int, space: Space, questions: KnownTexts, answers: KnownTexts
) -> NDArray[np.float16]:
    placed = np.zeros((number, space.turn.shape[0]), np.float16)
    first = 0
    for texts in chunks:
        for is_answer, place, known in (
            (False, space.place_questions, questions),
            (True, space.place_answers, answers),
        ):
            where = [at for at, text in enumerate(texts) if text.is_answer is is_answer]
            some = [texts[at] for at in where]
            placed[first + np.array(where, np.int64)] = place(_take(known, some), _langs(some))
        first += len(texts)
    return placed


def _centres(vectors: NDArray[np.float16], starts: NDArray[np.int64]) -> Floats:
    sums = [
        np.add.reduceat(
            vectors[starts[at] : starts[min(at + CHUNK, len(starts) - 1)]].astype(np.float32),
            starts[at : min(at + CHUNK, len(starts) - 1)] - starts[at],
        )
        for at in range(0, len(starts) - 1, CHUNK)
    ]
    return unit(np.concatenate(sums))


def _take(known: KnownTexts, texts: Sequence[Text]) -> Floats:
    return known.take([text.text for text in texts])


def _langs(texts: Sequence[Text]) -> list[Language]:
    return [text.lang for text in texts]
