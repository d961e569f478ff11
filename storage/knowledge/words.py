"""Words as the full-text index knows them: the same for what is indexed and for what is looked up.

Chinese, Japanese and Korean are written without spaces, so that every character is a word and every two neighbours are
one: SQLite's own `trigram` finds nothing for 年假, and a dictionary (jieba) finds less. Measured: 2026, BUSTM.
"""

import re
import unicodedata
from collections.abc import Iterator
from hashlib import sha256

_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"([{_CJK}]+)|([^\W{_CJK}]+)")


def fold(text: str) -> str:
    """The text without differences that nobody means: width, case, white space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def words_of(text: str) -> list[str]:
    """In the order of the text: words of letters and digits; of CJK every character, then every pair of neighbours."""
    return [word for run in _RUN.finditer(fold(text)) for word in _words_of_run(run)]


def text_hash(text: str) -> bytes:
    """What a text is known by among the vectors and phrasings: the SHA-256 of exactly these characters."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _words_of_run(run: re.Match[str]) -> Iterator[str]:
    characters, word = run.groups()
    if word is not None:
        yield word
        return
    yield from characters
    yield from (characters[at : at + 2] for at in range(len(characters) - 1))
