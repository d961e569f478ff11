"""A growing text cut into sentences: the whole ones, and what may still grow."""

import re

# A dot ends a sentence where a blank follows: not in 1.67, not in acme.test. Lines end one anywhere.
_END = re.compile(r"[.!?…]+[\"'”’)\]*_]*(?=\s)|[。！？；]+[\"'”’」』）)\]*_]*|(?<=\S)[ \t]*\n+")
_MARKER = re.compile(r"\s*(?:\d{1,3}[.)]|[-*•#>]+)")
_ABBREVIATION = re.compile(r"(?i)(?:^|\s)(?:e\.g|i\.e|etc|approx|no|nos|dr|mr|mrs|ms|st|vs|incl|max|min|dept|ext)\.$")


def split_sentences(text: str) -> tuple[list[str], str]:
    """(whole sentences, the rest): together they are the text, to the character. Blanks go with what follows them."""
    sentences: list[str] = []
    start = 0
    for end in _END.finditer(text):
        candidate = text[start : end.end()]
        if _MARKER.fullmatch(candidate) or _ABBREVIATION.search(candidate):
            continue
        sentences.append(candidate)
        start = end.end()
    return sentences, text[start:]
