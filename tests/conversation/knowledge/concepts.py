"""An encoder that a test can follow: words stand for concepts in two languages, a text is the sum of its concepts.

As real ones, it gives every text a large part that says only which language it is in.
"""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from bot.conversation.phrases import language_of
from inference.embedding.embedder import Vectors
from storage.knowledge.words import words_of

SIZE = 64
CONCEPTS = {
    "leave": "leave vacation pto holiday 年假 休假",
    "left": "left remaining balance 剩余 还有",
    "request": "request apply book 申请",
    "used": "used taken 用了",
    "pay": "pay paid salary payday 工资 发薪",
    "badge": "badge card pass 工牌",
    "lost": "lost stolen gone 丢了",
    "park": "park parking car 停车",
    "print": "print printer printing 打印",
    "weather": "weather rain sun 天气",
}
_CONCEPT_OF = {word: concept for concept, words in CONCEPTS.items() for word in words.split()}


class ConceptEncoder:
    """Fits `Embedder`. `asked` are all the texts that it was given, in order."""

    def __init__(self, name: str = "concepts") -> None:
        self.id = f"{name}:1"
        self.asked: list[str] = []

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts, "question")

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed(texts, "passage")

    def _embed(self, texts: Sequence[str], kind: str) -> Vectors:
        self.asked += texts
        if not texts:
            return np.zeros((0, SIZE), np.float32)
        vectors = np.stack([_meaning(text) + 6 * _direction(kind + language_of(text, "auto")) for text in texts])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _meaning(text: str) -> np.ndarray:
    """Words that stand for no concept count a little, each in a direction of its own."""
    parts = [
        _direction(_CONCEPT_OF[word]) if word in _CONCEPT_OF else 0.3 * _direction(f"word {word}")
        for word in words_of(text)
    ]
    return np.sum(parts, axis=0) if parts else np.zeros(SIZE)


def _direction(name: str) -> np.ndarray:
    drawn = np.random.default_rng(int.from_bytes(sha256(name.encode()).digest()[:8])).normal(size=SIZE)
    return drawn / np.linalg.norm(drawn)
