"""The reference and the dashboard say what the code says."""

import json
import re
from pathlib import Path

import pytest

from bot import metrics
from bot.metrics_reference import metrics_reference

ROOT = Path(__file__).parent.parent.parent
DASHBOARD = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text("utf-8"))
TARGETS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
OF_THE_PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds"}


def scraped_names() -> set[str]:
    names = set(OF_THE_PROCESS)
    for metric in metrics.DECLARED:
        ends = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        names |= {metric.name + end for end in ends}
    return names


def test_the_page_is_the_one_that_the_code_makes() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text("utf-8") == metrics_reference(), "run `make docs`"


def test_every_metric_has_a_name_a_sentence_and_its_unit() -> None:
    for metric in metrics.DECLARED:
        assert re.fullmatch(r"inthread_[a-z_]+", metric.name)
        assert len(metric.help) > 15
        assert "." in metric.help or metric.help.endswith(":")
        assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert len({metric.name for metric in metrics.DECLARED}) == len(metrics.DECLARED)


def test_nothing_is_told_that_is_not_declared() -> None:
    told = set(re.findall(r"^# TYPE (inthread_\w+)", metrics.exposition().decode(), re.MULTILINE))

    assert {name for name in told if not name.endswith("_created")} == {metric.name for metric in metrics.DECLARED}


@pytest.mark.parametrize("expression", TARGETS)
def test_the_dashboard_asks_for_what_there_is(expression: str) -> None:
    names = set(re.findall(r"\b(?:inthread|process)_\w+", expression))

    assert names
    assert names <= scraped_names()
    assert expression.count("(") == expression.count(")")


def test_the_dashboard_shows_every_metric_and_asks_for_labels_that_there_are() -> None:
    expressions = " ".join(TARGETS)
    assert [metric.name for metric in metrics.DECLARED if metric.name not in expressions] == []

    labels = {label for metric in metrics.DECLARED for label in metric.labels} | {"le", "job"}
    grouped = {label.strip() for group in re.findall(r"by \(([^)]*)\)", expressions) for label in group.split(",")}
    assert grouped <= labels


def test_the_dashboard_lays_its_panels_side_by_side() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]

    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
