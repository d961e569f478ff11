"""What people would be shown otherwise if the entries were others. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.conversation.knowledge.findings import Findings, Route
from bot.conversation.librarian import MOST_SUGGESTIONS


@dataclass(frozen=True, slots=True)
class Shown:
    """What a question brings. `entry_ids`: the one that answers it, or those to choose from, best first."""

    route: Route
    entry_ids: tuple[str, ...]
    answer: str = field(default="", repr=False)

    def __str__(self) -> str:
        return " ".join((str(self.route), ", ".join(self.entry_ids))).strip()


@dataclass(frozen=True, slots=True)
class Move:
    """A question that is answered otherwise."""

    text: str
    before: Shown
    after: Shown

    @property
    def is_reworded(self) -> bool:
        """The same entry answers it, in other words."""
        return (self.before.route, self.before.entry_ids) == (self.after.route, self.after.entry_ids)

    @property
    def label(self) -> tuple[str, str]:
        """(from, to) as people read it."""
        return str(self.before), f"{self.after}, reworded" if self.is_reworded else str(self.after)


def shown_of(findings: Findings) -> Shown:
    entries = [found.entry for found in findings.entries]
    match findings.route:
        case Route.DIRECT:
            return Shown(Route.DIRECT, (entries[0].entry_id,), entries[0].text.answer)
        case Route.SUGGEST:
            return Shown(Route.SUGGEST, tuple(entry.entry_id for entry in entries[:MOST_SUGGESTIONS]))
    return Shown(Route.NONE, ())


def moves_of(texts: Iterable[str], before: Iterable[Shown], after: Iterable[Shown]) -> list[Move]:
    """In the questions' order. The same suggestions in another order are no move."""
    return [Move(*each) for each in zip(texts, before, after, strict=True) if not _is_same(each[1], each[2])]


def count_moves(moves: Sequence[Move]) -> list[tuple[tuple[str, str], list[Move]]]:
    """By (from, to), the most frequent first."""
    counts = Counter(move.label for move in moves)
    return [
        (label, [move for move in moves if move.label == label])
        for label, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    ]


def _is_same(one: Shown, other: Shown) -> bool:
    if one.route is Route.SUGGEST:
        return other.route is Route.SUGGEST and set(one.entry_ids) == set(other.entry_ids)
    return one == other
