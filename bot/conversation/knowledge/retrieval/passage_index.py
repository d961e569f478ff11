"""Passages of handbooks, by meaning and by words: grounds for what the model writes."""

from collections.abc import Collection, Sequence

import numpy as np

from bot.conversation.knowledge.retrieval.building import KnownTexts, everyday_texts
from bot.conversation.knowledge.retrieval.lexicon import Lexicon
from bot.conversation.knowledge.retrieval.reading import LANGUAGES, Floats, Reading, read
from bot.conversation.knowledge.retrieval.space import Space, means_of
from bot.conversation.knowledge.retrieval.visibility import Visibility
from bot.conversation.phrases import Language
from storage.knowledge.records import Passage
from storage.knowledge.words import fold, words_of

ALL_ARE_SCORED = 512  # of more, those that are near by meaning or by words
NEAREST = 64
SHARE_BELOW_LEAST = 0.75  # of the everyday sentences, that bring back nothing


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
        words = [words_of(text) for text in texts]
        self._lexicon = Lexicon([one] for one in words)
        self._words = self._lexicon.weigh(words)
        self._numbers = {passage.passage_id: number for number, passage in enumerate(passages)}
        self._visibility = Visibility([passage.audience for passage in passages])
        self._space: Space | None = None
        self._vectors: Floats | None = None
        if questions is not None and answers is not None:
            langs: list[Language] = ["zh" if passage.lang == "zh" else "en" for passage in passages]
            vectors = answers.take(texts)
            self._space = _space(vectors, langs, questions)
            self._vectors = self._space.place_answers(vectors, langs)
        self._least = {lang: self._least_score(lang, questions) for lang in LANGUAGES}

    @property
    def is_large(self) -> bool:
        """Whether passages must be looked for by words as well."""
        return len(self.passages) > ALL_ARE_SCORED

    def find(
        self, question: Reading, audience: Collection[str], most: int, found: Sequence[str] = ()
    ) -> list[tuple[Passage, float]]:
        """Of those that `audience` may see, best first; none that an everyday sentence would bring back as well.

        `found`: ids of those that share words, for large sets.
        """
        numbers, scores = self._score(question, self._visibility.mask(audience), found)
        best = np.argsort(-scores, kind="stable")[:most]
        least = self._least[question.lang]
        return [(self.passages[numbers[at]], float(scores[at])) for at in best if scores[at] > least]

    def _score(self, question: Reading, visible: np.ndarray, found: Sequence[str]) -> tuple[np.ndarray, Floats]:
        nearness = self._nearness(question)
        numbers = self._candidates(nearness, visible, found)
        asked, total = self._lexicon.rarities(question.words)
        scores = self._words.take(numbers).sums_of(asked) / total
        return numbers, scores if nearness is None else scores + nearness[numbers]

    def _nearness(self, question: Reading) -> Floats | None:
        if self._space is None or self._vectors is None or question.vector is None:
            return None
        placed = self._space.place_questions(question.vector[None].astype(np.float32), [question.lang])
        nearness: Floats = self._vectors @ placed[0]
        return nearness

    def _candidates(self, nearness: Floats | None, visible: np.ndarray, found: Sequence[str]) -> np.ndarray:
        numbers = np.flatnonzero(visible)
        if len(numbers) <= ALL_ARE_SCORED:
            return numbers
        sharing = [self._numbers[one] for one in found if one in self._numbers and visible[self._numbers[one]]]
        near: list[int] = []
        if nearness is not None:
            near = np.argpartition(np.where(visible, -nearness, np.inf), NEAREST)[:NEAREST].tolist()
        return np.array(sorted({*near, *sharing[:NEAREST]}), np.int64)

    def _least_score(self, lang: Language, questions: KnownTexts | None) -> float:
        """What most everyday sentences stay below."""
        texts = [text.text for text in everyday_texts() if text.lang == lang]
        vectors = [None] * len(texts) if questions is None else list(questions.take(texts))
        everyone = np.ones(len(self.passages), np.bool_)
        best = [
            float(scores.max())
            for text, vector in zip(texts, vectors, strict=True)
            if len(scores := self._score(read(text, vector), everyone, ())[1])
        ]
        return float(np.quantile(best, SHARE_BELOW_LEAST)) if best else 0.0


def _space(vectors: Floats, langs: list[Language], questions: KnownTexts) -> Space:
    everyday = everyday_texts()
    asked = means_of(questions.take([text.text for text in everyday]), [text.lang for text in everyday])
    size = vectors.shape[1]
    return Space(asked, means_of(vectors, langs), np.eye(size, dtype=np.float32))
