"""Characters that nobody sees but machines act on: taken out on the way in and on the way out."""

import re

# Tag characters, zero-width and direction controls: text that hides from the reader, or changes what is read.
# U+200D (joins emoji) and U+FE0F (emoji style) stay.
_INVISIBLE = re.compile(
    "["
    "\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"  # control characters but tab, newline, return
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e0fff"
    "\ud800-\udfff"  # lone surrogates
    "]"
)


def strip_invisible(text: str) -> str:
    """The text that a person sees."""
    return _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
