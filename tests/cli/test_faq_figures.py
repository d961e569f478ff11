"""Figures of a file of questions."""

from bot.desks.faq_eval import Shown, TestQuestion
from bot.reports.faq_figures import figure_lines, figures_of


def shown(entry: str | None, outcome: str, *entries: str, lang: str = "en", near: bool = False) -> Shown:
    return Shown(TestQuestion("a question", lang, entry, near), outcome, entries, 0.5)


ASKED = [
    shown("a", "direct", "a", "b", "c"),
    shown("a", "direct", "b", "a", "c"),
    shown("a", "suggest", "b", "c", "a"),
    shown("a", "none", "b", "c", "d"),
    shown(None, "direct", "a", near=True),
    shown(None, "suggest", "a", near=True),
    shown(None, "none", "a"),
    shown("z", "direct", "z", lang="zh"),
]


def test_figures() -> None:
    english, chinese = figures_of(ASKED)

    assert (english.lang, english.questions, english.answerable) == ("en", 7, 4)
    assert (english.recall_1, english.recall_3) == (1 / 4, 3 / 4)
    assert english.mean_reciprocal_rank == (1 + 1 / 2 + 1 / 3) / 4
    assert (english.precision, english.coverage, english.suggested) == (1 / 3, 1 / 4, 1 / 4)
    assert (english.near_answered, english.far_answered) == (1 / 2, 0)
    assert (chinese.precision, chinese.coverage, chinese.near_answered) == (1, 1, None)


def test_a_column_for_each_language() -> None:
    head, *rows = figure_lines(figures_of(ASKED))

    assert head.split() == ["en", "zh"]
    assert rows[2].split() == ["recall@1", "0.250", "1.000"]
    assert rows[-1].split()[-1] == "–"
