"""How good the answers to a file of questions were, by language."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.conversation.knowledge.findings import Route
from bot.desks.faq_eval import Shown


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares from 0 to 1; None where there is nothing to divide by.

    `recall_1`, `recall_3`, `mean_reciprocal_rank`, `coverage` (right direct answers): of the questions that an entry
    answers. `precision`: of all direct answers, to whatever question, those that are right.
    `near_answered`, `far_answered`: of the questions that no entry answers, those answered directly.
    """

    lang: str
    questions: int
    answerable: int
    recall_1: float | None
    recall_3: float | None
    mean_reciprocal_rank: float | None
    precision: float | None
    coverage: float | None
    suggested: float | None
    near_answered: float | None
    far_answered: float | None


def figures_of(shown: Sequence[Shown]) -> list[Figures]:
    """For each language, in the order of the alphabet."""
    languages = sorted({one.question.lang for one in shown})
    return [_of(lang, [one for one in shown if one.question.lang == lang]) for lang in languages]


def figure_lines(figures: Sequence[Figures]) -> Iterator[str]:
    columns = {
        "questions": [f"{one.questions:,}" for one in figures],
        "with an answer": [f"{one.answerable:,}" for one in figures],
        "recall@1": [_share(one.recall_1) for one in figures],
        "recall@3": [_share(one.recall_3) for one in figures],
        "MRR": [_share(one.mean_reciprocal_rank) for one in figures],
        "direct: precision": [_share(one.precision) for one in figures],
        "direct and right": [_share(one.coverage) for one in figures],
        "suggested, right among 3": [_share(one.suggested) for one in figures],
        "answered though near only": [_share(one.near_answered) for one in figures],
        "answered though out of scope": [_share(one.far_answered) for one in figures],
    }
    widest = max(map(len, columns))
    yield " ".join([" " * widest, *(f"{one.lang:>9}" for one in figures)])
    for name, values in columns.items():
        yield " ".join([f"{name:{widest}}", *(f"{value:>9}" for value in values)])


def _of(lang: str, shown: Sequence[Shown]) -> Figures:
    answerable = [one for one in shown if one.question.entry_id is not None]
    others = [one for one in shown if one.question.entry_id is None]
    return Figures(
        lang=lang,
        questions=len(shown),
        answerable=len(answerable),
        recall_1=_mean([_rank(one) == 1 for one in answerable]),
        recall_3=_mean([_rank(one) <= 3 for one in answerable]),
        mean_reciprocal_rank=_mean([1 / _rank(one) for one in answerable]),
        precision=_mean([_rank(one) == 1 for one in shown if _is_direct(one)]),
        coverage=_mean([_rank(one) == 1 and _is_direct(one) for one in answerable]),
        suggested=_mean([_rank(one) <= 3 and one.outcome == Route.SUGGEST for one in answerable]),
        near_answered=_mean([_is_direct(one) for one in others if one.question.is_near]),
        far_answered=_mean([_is_direct(one) for one in others if not one.question.is_near]),
    )


def _is_direct(shown: Shown) -> bool:
    return shown.outcome == Route.DIRECT


def _rank(shown: Shown) -> float:
    """Of the entry that answers, counting from 1; infinite where it was not found, or there is none."""
    wanted = shown.question.entry_id
    return shown.entry_ids.index(wanted) + 1 if wanted is not None and wanted in shown.entry_ids else float("inf")


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
