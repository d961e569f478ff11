"""From entries and the vectors of their texts to an index."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bot.conversation.knowledge.retrieval.entry_index import ALL_ARE_JUDGED, EntryIndex
from bot.conversation.knowledge.retrieval.everyday import EVERYDAY
from bot.conversation.knowledge.retrieval.lexicon import Lexicon
from bot.conversation.knowledge.retrieval.reading import Floats
from bot.conversation.knowledge.retrieval.rows import NOBODYS, Rows, number_of
from bot.conversation.knowledge.retrieval.space import Space, learn_turn, means_of, unit
from bot.conversation.phrases import Language
from storage.knowledge.records import Entry
from storage.knowledge.words import fold, words_of

DOUBT, DOUBT_OF_ANSWER = 0.2, 0.4  # an answer is about more than one question
LEARNED_FROM = 4_000  # entries, that the space is learned from
EVERYDAY_PASSAGES = 4  # one of so many
CHUNK = 20_000  # rows placed at a time


class KnownTexts(Protocol):
    """Vectors of texts that were encoded."""

    def take(self, texts: Sequence[str]) -> Floats:
        """(N, D) float32; a row of zeros for a text that has no vector yet."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """One row to be. `text` is folded: it is what the encoder reads."""

    owner: int
    lang: Language
    text: str
    is_answer: bool = False


def entry_texts(entries: Sequence[Entry]) -> Iterator[Text]:
    """All that entries are found by: of each its phrasings, then its answer."""
    for number, entry in enumerate(entries):
        lang: Language = "zh" if entry.text.lang == "zh" else "en"
        for phrasing in entry.phrasings:
            yield Text(number, lang, fold(phrasing))
        yield Text(number, lang, fold(entry.text.answer), is_answer=True)


def everyday_texts() -> list[Text]:
    return [Text(NOBODYS, lang, fold(text)) for lang, texts in EVERYDAY.items() for text in texts]


def everyday_passages() -> list[Text]:
    """Some of them, read as passages: the middle of a language must not be that of a few answers alone."""
    return everyday_texts()[::EVERYDAY_PASSAGES]


def build_entry_index(entries: Sequence[Entry], questions: KnownTexts | None, answers: KnownTexts | None) -> EntryIndex:
    """`questions`, `answers`: vectors of texts as read in either way; None without an encoder."""
    own = list(entry_texts(entries))
    texts = [*own, *everyday_texts()]
    words = [words_of(text.text) for text in texts]
    lexicon = Lexicon(_words_of_entries(own, words))
    space = vectors = centres = None
    if questions is not None and answers is not None:
        space = _learn_space(own, questions, answers)
        vectors = _place(texts, space, questions, answers)
        centres = _centres(texts, vectors, len(entries)) if len(entries) > ALL_ARE_JUDGED else None
    owners = np.array([text.owner for text in texts], np.int32)
    rows = Rows(
        owners,
        np.array([number_of(text.lang) for text in texts], np.int8),
        np.array([text.is_answer for text in texts], np.bool_),
        np.array([DOUBT_OF_ANSWER if text.is_answer else DOUBT for text in texts], np.float32),
        lexicon.weigh(words),
        vectors,
    )
    starts = np.searchsorted(owners[: len(own)], np.arange(len(entries) + 1))
    return EntryIndex(entries, rows, starts, lexicon, space, centres)


def _words_of_entries(texts: Sequence[Text], words: Sequence[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    """Of each entry those of its phrasings: answers are longer, and full of everything."""
    owner, of_one = 0, list[Sequence[str]]()
    for text, its_words in zip(texts, words, strict=False):
        if text.owner != owner:
            yield of_one
            owner, of_one = text.owner, []
        if not text.is_answer:
            of_one.append(its_words)
    if texts:
        yield of_one


def _learn_space(own: Sequence[Text], questions: KnownTexts, answers: KnownTexts) -> Space:
    step = (own[-1].owner + 1) // LEARNED_FROM + 1 if own else 1
    sample = [text for text in own if text.owner % step == 0]
    phrasings = [text for text in sample if not text.is_answer]
    vectors = _take(questions, phrasings)
    asked = means_of(
        np.concatenate([vectors, _take(questions, everyday_texts())]),
        [text.lang for text in [*phrasings, *everyday_texts()]],
    )
    said = [*(text for text in sample if text.is_answer), *everyday_passages()]
    answered = means_of(_take(answers, said), [text.lang for text in said])
    flat = Space(asked, answered, np.eye(vectors.shape[1], dtype=np.float32))
    around = flat.place_questions(vectors, [text.lang for text in phrasings])
    return Space(asked, answered, learn_turn(around, np.array([text.owner for text in phrasings], np.int32)))


def _place(texts: Sequence[Text], space: Space, questions: KnownTexts, answers: KnownTexts) -> np.ndarray:
    placed = np.zeros((len(texts), space.turn.shape[0]), np.float16)
    for is_answer in (False, True):
        places = [place for place, text in enumerate(texts) if text.is_answer is is_answer]
        for at in range(0, len(places), CHUNK):
            chunk = places[at : at + CHUNK]
            some = [texts[place] for place in chunk]
            langs = [text.lang for text in some]
            place = space.place_answers if is_answer else space.place_questions
            placed[chunk] = place(_take(answers if is_answer else questions, some), langs)
    return placed


def _centres(texts: Sequence[Text], vectors: np.ndarray, number: int) -> Floats:
    sums = np.zeros((number, vectors.shape[1]), np.float32)
    for at in range(0, len(texts), CHUNK):
        chunk = [(text.owner, at + place) for place, text in enumerate(texts[at : at + CHUNK])]
        owners, places = np.array([one for one in chunk if one[0] != NOBODYS] or [(0, 0)]).T
        np.add.at(sums, owners, vectors[places].astype(np.float32))
    return unit(sums)


def _take(known: KnownTexts, texts: Sequence[Text]) -> Floats:
    return known.take([text.text for text in texts])
