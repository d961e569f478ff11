"""From token ids to text that can be shown at once.

A token is not a character: an emoji may take four tokens, and some tokenizers drop the space before a text's first
word. So ids cannot be decoded one by one. Owns both that and stop strings that arrive in parts.
"""

from collections.abc import Callable, Sequence

REPLACEMENT = "\ufffd"  # what a decoder makes of bytes that are not a whole character

Decode = Callable[[Sequence[int]], str]


class TextStream:
    """Decodes a reply as it grows; the texts given out, joined, are the decoding of all ids together.

    Only the end of the reply is decoded again for each token. `_ids[:_shown]` is that end's part which was given out
    already: it is decoded along, so that what follows is decoded in its context.
    An unfinished character at the very end of the reply is dropped.
    """

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._shown = 0

    def add(self, token_id: int) -> str:
        """The whole characters that this token completes, possibly none."""
        self._ids.append(token_id)
        before = self._decode(self._ids[: self._shown])
        text = self._decode(self._ids)
        if text.endswith(REPLACEMENT) or len(text) <= len(before):
            return ""
        self._ids = self._ids[self._shown :]
        self._shown = len(self._ids)
        return text[len(before) :]

    def finish(self) -> str:
        """What was held back and is text after all: everything before an unfinished last character."""
        before = self._decode(self._ids[: self._shown])
        text = self._decode(self._ids).rstrip(REPLACEMENT)
        self._ids, self._shown = [], 0
        return text[len(before) :]


class StopStrings:
    """Lets text through up to the first stop string; what may be the beginning of one is held back."""

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = [string for string in stop if string]
        self._held = ""
        self.found = False

    def add(self, text: str) -> str:
        """The text that is certainly part of the reply. Nothing more once `found`."""
        if self.found:
            return ""
        text, self._held = self._held + text, ""
        starts = [start for string in self._stop if (start := text.find(string)) >= 0]
        if starts:
            self.found = True
            return text[: min(starts)]
        kept = len(text) - max((_overlap(text, string) for string in self._stop), default=0)
        self._held = text[kept:]
        return text[:kept]

    def finish(self) -> str:
        """What was held back for a stop string that never came."""
        text, self._held = self._held, ""
        return text


def _overlap(text: str, string: str) -> int:
    """How many characters at the end of `text` are the beginning of `string`, the whole of it excluded."""
    return next((size for size in range(min(len(string) - 1, len(text)), 0, -1) if text.endswith(string[:size])), 0)
