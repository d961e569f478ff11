"""The campaign's result: one table."""

from collections.abc import Iterable
from dataclasses import dataclass

from tools.faults.judging import Verdict

HEADS = ("what", "cases tried", "lost", "doubled", "wrong", "figure measured", "held?")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure to hold. `measured`: in words, with its unit and what it is held against."""

    what: str
    verdict: Verdict
    measured: str = ""
    is_held: bool = True

    @property
    def holds(self) -> bool:
        return self.is_held and self.verdict.is_clean

    def cells(self) -> tuple[str, ...]:
        verdict = self.verdict
        told = f"{verdict.told} told that they were interrupted" if verdict.told else ""
        figure = "; ".join(filter(None, (self.measured, told)))
        counts = (verdict.cases, verdict.lost, verdict.doubled, verdict.wrong)
        return (self.what, *map(str, counts), figure, "yes" if self.holds else "NO")


def table(rows: Iterable[Row]) -> str:
    """In Markdown."""
    lines = [HEADS, tuple("---" for _ in HEADS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
