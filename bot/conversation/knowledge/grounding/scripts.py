"""In which script a text is, as far as its reader is concerned."""

import re
import unicodedata

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_WORD = re.compile(r"[a-z]{2,}")


def is_readable(text: str, language: str) -> bool:
    """Whether a reader of this language can read the plain text. Names of programs stay Latin in Chinese."""
    # By the first word of their names: LATIN, CJK, CYRILLIC.
    scripts = {unicodedata.name(letter, "UNKNOWN").split()[0] for letter in set(text) if letter.isalpha()}
    if language == "en":
        return scripts <= {"LATIN"}
    return scripts <= {"LATIN", "CJK"} and len(_HAN.findall(text)) >= len(_WORD.findall(text))
