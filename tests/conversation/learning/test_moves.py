"""Which answers move when entries change."""

from bot.conversation.knowledge.findings import Findings, Route, ScoredEntry
from bot.conversation.learning.moves import Shown, count_moves, moves_of, shown_of
from tests.shelf import an_entry


def direct(entry_id: str, answer: str = "yes") -> Shown:
    return Shown(Route.DIRECT, (entry_id,), answer)


def suggest(*entry_ids: str) -> Shown:
    return Shown(Route.SUGGEST, entry_ids)


NONE = Shown(Route.NONE, ())


def test_what_is_shown_is_the_answer_or_three_to_choose_from() -> None:
    found = tuple(ScoredEntry(an_entry(name), 0.9) for name in "abcd")
    assert shown_of(Findings(route=Route.DIRECT, entries=found)).entry_ids == ("a",)
    assert shown_of(Findings(route=Route.SUGGEST, entries=found)).entry_ids == ("a", "b", "c")
    assert shown_of(Findings(route=Route.NONE, entries=found)) == NONE


def test_the_same_is_no_move() -> None:
    shown = [NONE, direct("a"), suggest("a", "b")]
    assert moves_of("xyz", shown, [NONE, direct("a"), suggest("b", "a")]) == []


def test_moves_are_counted_by_from_and_to() -> None:
    before = [NONE, direct("a"), suggest("a", "b"), NONE, direct("a")]
    after = [direct("dogs"), direct("b"), suggest("a"), direct("dogs"), direct("a", "no")]

    counted = count_moves(moves_of("vwxyz", before, after))

    assert [(label, [move.text for move in moves]) for label, moves in counted] == [
        (("none", "direct dogs"), ["v", "y"]),
        (("direct a", "direct a, reworded"), ["z"]),
        (("direct a", "direct b"), ["w"]),
        (("suggest a, b", "suggest a"), ["x"]),
    ]
