"""Words of the log as its index keeps them: blind. Whoever has the database alone, or a copy of it, reads none of them.

Each word is an HMAC of itself, under the key of the pseudonyms. What is looked up by a fact (a person, a channel, an
outcome) is a word of its own, so that words and facts are looked up in one go, however many entries there are.
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

from storage.audit.pseudonyms import Pseudonym
from storage.knowledge.words import words_of

DIGITS = 12  # of a word: 48 bits; two words of a company never share them
MOST_WORDS = 2_000  # of one conversation
MOST_SOUGHT = 20
_REMEMBERED = 65_536


class BlindWords:
    def __init__(self, pseudonym: Pseudonym) -> None:
        self._blind = lru_cache(_REMEMBERED)(lambda word: _term("w", pseudonym("audit index", "", word)))

    def of_texts(self, texts: Iterable[str]) -> list[str]:
        """Each word of the texts once."""
        words = dict.fromkeys(word for text in texts for word in words_of(text))
        return [self._blind(word) for word in list(words)[:MOST_WORDS]]

    def of_query(self, text: str) -> list[str]:
        """Those that all have to be there. Of Chinese only pairs, where there are any: each implies its characters."""
        words = list(dict.fromkeys(words_of(text)))
        covered = {character for word in words if len(word) == 2 and not word.isascii() for character in word}
        return [self._blind(word) for word in words if word not in covered][:MOST_SOUGHT]


def fact(name: str, value: str) -> str:
    """A fact as a word. Not blind: what is known of it stands in the headers, in the clear."""
    return _term("f", f"{name}={value}")


def _term(sort: str, text: str) -> str:
    """Of one length, in letters that no full-text index splits."""
    return sort + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
