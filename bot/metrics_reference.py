"""The metrics reference, written from the metrics themselves: docs/metrics.md cannot say anything else."""

from bot.metrics import DECLARED, Declared

HEAD = """# Metrics

What `GET /metrics` tells, in Prometheus' text format. Labels are names of ours; no text, person, channel or token is
ever among them. A histogram is scraped as `…_bucket`, `…_sum` and `…_count`. Beside these stand the figures of the
process (`process_resident_memory_bytes`, `process_cpu_seconds_total`, …) and of Python's memory.

[`deploy/grafana-dashboard.json`](../deploy/grafana-dashboard.json) shows them in Grafana.
This page is made from the code by `make docs`.

| metric | kind | labels | what it is |
| --- | --- | --- | --- |
"""


def metrics_reference() -> str:
    """The page, in Markdown."""
    return HEAD + "".join(_row(metric) for metric in DECLARED)


def _row(metric: Declared) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |\n"
