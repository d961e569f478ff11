"""A text as retrieval sees it: folded, in a language, as words and as a vector."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.conversation.phrases import Language, language_of
from storage.knowledge.words import words_of

Floats = NDArray[np.floating]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """`vector`: (D,) of length 1, as the encoder gives it; None without one."""

    lang: Language
    words: Sequence[str]
    vector: Floats | None


def read(text: str, vector: Floats | None) -> Reading:
    """`text`: folded (`storage.knowledge.words.fold`), as everything that is encoded."""
    return Reading(language_of(text, "auto"), words_of(text), vector)
