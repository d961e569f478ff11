"""Whether words tell who somebody is. What becomes part of an entry is read by everybody who may see the entry.

Names are not recognised: nothing small can, in two languages. Hence the second person, and the list for people to read.
"""

import re
import unicodedata

_LEAST_DIGITS = 6
_BETWEEN = r"[\s().\-/+_]*"  # as phone and account numbers are written in groups
_PERSONAL = re.compile(
    "|".join(
        (
            "@",  # an address, or somebody mentioned
            r"https?://|\bwww\.",  # links carry names and tokens
            rf"\d(?:{_BETWEEN}\d){{{_LEAST_DIGITS - 1},}}",
            rf"[〇零一二三四五六七八九两幺]{{{_LEAST_DIGITS},}}",
        )
    ),
    re.IGNORECASE,
)


def has_personal_data(text: str) -> bool:
    """E-mail addresses, mentions, links, phone numbers, and numbers of six digits and more."""
    return _PERSONAL.search(unicodedata.normalize("NFKC", text)) is not None
