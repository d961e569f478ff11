"""Passages of handbooks, by meaning and by words: grounds for what the model writes."""

from collections.abc import Collection, Sequence

import numpy as np

from bot.conversation.knowledge.retrieval.building import KnownTexts, everyday_texts
from bot.conversation.knowledge.retrieval.lexicon import Mask, Whole, learn_words
from bot.conversation.knowledge.retrieval.reading import LANGUAGES, Floats, Reading, read
from bot.conversation.knowledge.retrieval.space import Space, means_of
from bot.conversation.knowledge.retrieval.visibility import Visibility
from bot.conversation.phrases import Language
from storage.knowledge.records import Passage
from storage.knowledge.words import fold, words_of

ALL_ARE_SCORED = 512  # of more, those that are near by meaning or by words
NEAREST = 64
SHARE_BELOW_LEAST = 0.9  # of the everyday sentences, that bring back nothing
# What a passage that is about the question has at least, however few passages there are: a passage is quoted where the
# model cannot be trusted, and one about hotels is no answer to what the capital of France is. Without an encoder only
# words count, across languages only meaning. Measured on handbooks of 8 and 154 passages, 206 questions out of scope.
LEAST, LEAST_BY_WORDS, LEAST_ABROAD = 0.5, 0.35, 0.25


def passage_text(passage: Passage) -> str:
    """What is searched: what it stands under says what it is about. Folded: it is what the encoder reads."""
    return fold(" · ".join([*passage.heading_path, passage.text]))


class PassageIndex:
    """Never changes. A passage's score: nearness of meaning plus the share of the question's words that it has."""

    def __init__(
        self, passages: Sequence[Passage], questions: KnownTexts | None = None, answers: KnownTexts | None = None
    ) -> None:
        """`questions`, `answers`: vectors of texts as read in either way; None without an encoder."""
        self.passages = passages
        texts = [passage_text(passage) for passage in passages]
        self._lexicon, self._words = learn_words(map(words_of, texts), np.arange(len(texts), dtype=np.int32))
        self._visibility = Visibility([passage.audience for passage in passages])
        self._space: Space | None = None
        self._vectors: Floats | None = None
        if questions is not None and answers is not None:
            langs: list[Language] = ["zh" if passage.lang == "zh" else "en" for passage in passages]
            vectors = answers.take(texts)
            self._space = _space(vectors, langs, questions)
            self._vectors = self._space.place_answers(vectors, langs)
        self._least = {lang: self._least_score(lang, questions) for lang in LANGUAGES}

    def find(self, question: Reading, audience: Collection[str], most: int) -> list[tuple[Passage, float]]:
        """Of those that `audience` may see, best first; none that an everyday sentence would bring back as well."""
        numbers, scores = self._score(question, self._visibility.mask(audience))
        best = np.argsort(-scores, kind="stable")[:most]
        found_best = [(self.passages[numbers[at]], float(scores[at])) for at in best]
        return [(passage, score) for passage, score in found_best if score > self._floor(passage, question)]

    def _score(self, question: Reading, visible: Mask) -> tuple[Whole, Floats]:
        nearness = self._nearness(question)
        numbers = self._candidates(question, nearness, visible)
        asked, total = self._lexicon.rarities(question.words)
        scores = self._words.take(numbers.astype(np.int64)).sums_of(asked) / total
        return numbers, scores if nearness is None else scores + nearness[numbers]

    def _nearness(self, question: Reading) -> Floats | None:
        if self._space is None or self._vectors is None or question.vector is None:
            return None
        placed = self._space.place_questions(question.vector[None].astype(np.float32), [question.lang])
        nearness: Floats = self._vectors @ placed[0]
        return nearness

    def _candidates(self, question: Reading, nearness: Floats | None, visible: Mask) -> Whole:
        numbers = np.flatnonzero(visible)
        if len(numbers) <= ALL_ARE_SCORED:
            return numbers
        sharing = self._lexicon.sharing(self._lexicon.weigh(question.words), visible, NEAREST)
        if nearness is None:
            return sharing
        near = np.argpartition(np.where(visible, -nearness, np.inf), NEAREST)[:NEAREST]
        return np.union1d(sharing, near)

    def _floor(self, passage: Passage, question: Reading) -> float:
        if self._space is None or question.vector is None:
            return max(LEAST_BY_WORDS, self._least[question.lang])
        return max(LEAST, self._least[question.lang]) if passage.lang == question.lang else LEAST_ABROAD

    def _least_score(self, lang: Language, questions: KnownTexts | None) -> float:
        """What most everyday sentences stay below."""
        texts = [text.text for text in everyday_texts() if text.lang == lang]
        vectors = [None] * len(texts) if questions is None else list(questions.take(texts))
        everyone = np.ones(len(self.passages), np.bool_)
        best = [
            float(scores.max())
            for text, vector in zip(texts, vectors, strict=True)
            if len(scores := self._score(read(text, vector), everyone)[1])
        ]
        return float(np.quantile(best, SHARE_BELOW_LEAST)) if best else 0.0


def _space(vectors: Floats, langs: list[Language], questions: KnownTexts) -> Space:
    everyday = everyday_texts()
    asked = means_of(questions.take([text.text for text in everyday]), [text.lang for text in everyday])
    size = vectors.shape[1]
    return Space(asked, means_of(vectors, langs), np.eye(size, dtype=np.float32))
