"""What was computed for earlier sequences and may serve later ones: a thread's turns, the common system prompt.

Whose tokens may serve whom is decided here and nowhere else: those of a conversation serve the same scope alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from inference.torch_engine.kv_cache import Run

SHORTEST_PREFIX = 16  # tokens; less is computed as quickly as it is copied
MOST_RETAINED = 256


@dataclass(eq=False)
class Prefix:
    """The tokens that a run holds."""

    run: Run
    token_ids: Sequence[int]
    scope: str
    public_tokens: int

    def shared_with(self, prompt_ids: Sequence[int], scope: str, public_tokens: int) -> int:
        """How many tokens a prompt of this scope may take: a prefix that both have, and that it may know of."""
        most = min(len(self.token_ids), len(prompt_ids) - 1)  # one must be computed, for its logits
        if not scope or scope != self.scope:
            most = min(most, self.public_tokens, public_tokens)
        return common_prefix(self.token_ids, prompt_ids, most)


@dataclass
class RetainedPrefixes:
    """Runs whose sequence has ended, the one used longest ago first."""

    _prefixes: list[Prefix] = field(default_factory=list)

    def __iter__(self) -> Iterator[Prefix]:
        return iter(self._prefixes)

    def add(self, prefix: Prefix) -> list[Prefix]:
        """Those that have to go for it: at most MOST_RETAINED stay, to keep looking through them quick."""
        self._prefixes.append(prefix)
        gone = self._prefixes[:-MOST_RETAINED]
        self._prefixes = self._prefixes[-MOST_RETAINED:]
        return gone

    def take(self, prefix: Prefix) -> None:
        """It belongs to somebody else from now on."""
        self._prefixes.remove(prefix)

    def touch(self, prefix: Prefix) -> None:
        self.take(prefix)
        self._prefixes.append(prefix)

    def pop_oldest(self) -> Prefix | None:
        return self._prefixes.pop(0) if self._prefixes else None


def best_prefix(
    prefixes: Iterable[Prefix], prompt_ids: Sequence[int], scope: str, public_tokens: int
) -> tuple[Prefix, int] | None:
    """The one that shares most tokens with the prompt, and how many; None if it is not worth while."""
    found = [(prefix.shared_with(prompt_ids, scope, public_tokens), prefix) for prefix in prefixes]
    tokens, prefix = max(found, key=lambda pair: pair[0], default=(0, None))
    return (prefix, tokens) if prefix is not None and tokens >= SHORTEST_PREFIX else None


def common_prefix(left: Sequence[int], right: Sequence[int], most: int) -> int:
    """How many of the first `most` tokens are the same. Slices are compared in C."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
