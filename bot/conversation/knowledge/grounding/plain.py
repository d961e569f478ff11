"""Text as its reader sees it: whatever would let a check read something else is out of the way."""

import html
import re
import unicodedata

from bot.conversation.characters import strip_invisible

# Joiners, styles and keycaps of emoji, and marks that combine with a digit: 5️⃣ is a 5.
_DECORATION = re.compile("[\u200d\ufe00-\ufe0f\u20d0-\u20ff\u0300-\u036f]")
_BLANKS = re.compile(r"[^\S\n]+")
_MARKUP = re.compile(r"[*_`~\\]")  # 2**5** is shown as 25


def plain(text: str) -> str:
    """One width and case, entities decoded, no marks of emphasis, nothing that is not seen. Lines stay lines."""
    decoded = html.unescape(html.unescape(text))  # twice: `&amp;#50;` is decoded by us before it is by a renderer
    seen = strip_invisible(unicodedata.normalize("NFKC", decoded).casefold())
    return _BLANKS.sub(" ", _MARKUP.sub("", unicodedata.normalize("NFKC", _DECORATION.sub("", seen))))
