"""Speculation by looking back: what followed the last words before may follow them again.

Answers copy from their passages. A draft costs little, because a step takes as long for five rows as for one, and it
changes nothing: each drafted token is kept only if it is the one that would have been chosen anyway.
Source: "Prompt lookup decoding", github.com/apoorvumang/prompt-lookup-decoding.
"""

from collections.abc import Sequence

MOST_DRAFTED = 4
LONGEST_MATCH, SHORTEST_MATCH = 3, 2
# Drafts of which fewer than one token in five is kept cost more than they save; then it rests for a while.
WORTH = 0.2
TRIAL_TOKENS = 24
REST_STEPS = 48


class PromptLookup:
    """For one reply. Remembers where each short run of tokens was last followed by something."""

    def __init__(self, most_drafted: int = MOST_DRAFTED) -> None:
        self._most_drafted = most_drafted
        self._seen: dict[tuple[int, ...], int] = {}  # n-gram → where what follows it begins
        self._indexed = 0
        self._tried = self._kept = 0
        self._resting = 0
        self.drafted = self.accepted = 0

    def draft(self, token_ids: Sequence[int], room: int) -> list[int]:
        """At most `room` tokens that may come next; none, when there is nothing to go by or it does not pay."""
        self._index(token_ids)
        if self._resting:
            self._resting -= 1
            return []
        for size in range(LONGEST_MATCH, SHORTEST_MATCH - 1, -1):
            start = self._seen.get(tuple(token_ids[-size:]))
            if start is not None:
                return list(token_ids[start : start + min(room, self._most_drafted)])
        return []

    def record(self, drafted: int, accepted: int) -> None:
        """How a draft fared."""
        self.drafted += drafted
        self.accepted += accepted
        self._tried += drafted
        self._kept += accepted
        if self._tried >= TRIAL_TOKENS:
            if self._kept < WORTH * self._tried:
                self._resting = REST_STEPS
            self._tried = self._kept = 0

    def _index(self, token_ids: Sequence[int]) -> None:
        """Every n-gram that something follows; the last place wins, and the end itself is not there yet."""
        for end in range(max(self._indexed, SHORTEST_MATCH), len(token_ids)):
            for size in range(SHORTEST_MATCH, LONGEST_MATCH + 1):
                if end >= size:
                    self._seen[tuple(token_ids[end - size : end])] = end
        self._indexed = len(token_ids)
