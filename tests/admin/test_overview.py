"""Figures for everybody with a role, words for nobody; plots that scale, with a table beside each."""

import re

import pytest

from bot.admin.plots import Series, bars, lines
from storage.admin.records import Role
from storage.database import Database
from tests.admin.office import Office, somebody
from tests.storage.test_audit_search import Record


async def test_figures_show_without_anybodys_words(office: Office, database: Database) -> None:
    await Record(database).ask("the canary sings")
    async with somebody(office, Role.VIEWER) as viewer:
        page = await viewer.get("/admin/overview?days=7")

    assert page.text.count('<svg class="plot') == 4
    assert page.text.count("<details><summary>As a table") == 4
    assert "1 + 2" in page.text
    assert "canary" not in page.text


@pytest.mark.parametrize("value", [0, 1, 3, 7, 999, 0.4])
def test_plots_stay_inside_their_frame(value: float) -> None:
    drawn = str(bars("a", ["x", "y"], [Series("one", "s1", [value, None]), Series("two", "s2", [value, value])]))
    drawn += str(lines("a", ["x", "y", "z"], [Series("p50", "s1", [value, None, value])]))

    heights = [float(number) for number in re.findall(r'\b(?:y|cy)="([\d.-]+)"', drawn)]
    assert all(0 <= number <= 220 for number in heights)
    assert "nan" not in drawn


def test_names_in_plots_are_escaped() -> None:
    assert "<b>" not in str(bars("<b>", ["<b>"], [Series("<b>", "s1", [1])]))
