"""From runs to one table: medians over the rounds, and ratios to the peer that matters."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

from tools.bench_inference.measures import Figures
from tools.bench_inference.models import Model
from tools.bench_inference.rounds import Run

PEER = "openvino-int8"
# figure → (head, decimals, whether more is better)
COLUMNS = {
    "load_seconds": ("load s", 1, False),
    "rss_peak_mb": ("RSS peak MB", 0, False),
    "prefill512": ("prefill 512 tok/s", 0, True),
    "prefill1024": ("prefill 1024 tok/s", 0, True),
    "ttft600": ("TTFT600 s", 3, False),
    "ttft600_cached550": ("550 cached s", 3, False),
    "tg1": ("tg1", 1, True),
    "tg1_share": ("of limit %", 0, True),
    "tg4": ("tg4", 1, True),
    "tg8": ("tg8", 1, True),
    "tg1_at_256": ("tg1 at 256", 1, True),
    "tg1_at_1024": ("at 1024", 1, True),
    "tg1_at_4096": ("at 4096", 1, True),
    "faq_held": ("FAQ held q/min", 0, True),
}


def medians(runs: Iterable[Run], model: Model, gigabytes_per_second: float) -> dict[str, Figures]:
    """Figures of each subject that measured any."""
    measured: dict[str, dict[str, list[float]]] = {}
    for run in runs:
        of_subject = measured.setdefault(run.subject, {})
        for name, value in run.figures.items():
            of_subject.setdefault(name, []).append(value)
    result = {
        subject: {name: statistics.median(values) for name, values in figures.items()}
        for subject, figures in measured.items()
        if figures
    }
    for figures in result.values():
        if "tg1" in figures:
            bytes_per_token = model.weights_per_token * figures["bytes_per_weight"]
            figures["tg1_share"] = 100 * figures["tg1"] * bytes_per_token / (gigabytes_per_second * 1e9)
    return result


def main_table(figures: Mapping[str, Figures]) -> str:
    """In Markdown: a row for each engine, then how far ours is from the peer (above 1: ours is better)."""
    shown = [name for name in COLUMNS if any(name in of for of in figures.values())]
    rows = [[subject, *(_cell(of.get(name), COLUMNS[name][1]) for name in shown)] for subject, of in figures.items()]
    ours, peer = figures.get("ours"), figures.get(PEER)
    if ours and peer:
        rows.append([f"ours / {PEER}", *(_ratio(ours.get(name), peer.get(name), COLUMNS[name][2]) for name in shown)])
    return _table(["engine", *(COLUMNS[name][0] for name in shown)], rows)


def faq_table(figures: Mapping[str, Figures]) -> str:
    """p95 of the seconds to the first text, and of the milliseconds between tokens, at each rate."""
    tail = "_gap_p95"
    rates = sorted({float(name[3 : -len(tail)]) for of in figures.values() for name in of if name.endswith(tail)})
    rows = [[subject, *(_faq_cell(of, rate) for rate in rates)] for subject, of in figures.items()]
    return _table(["p95 first text s / gap ms at q/min", *(f"{rate:g}" for rate in rates)], rows) if rates else ""


def _faq_cell(figures: Figures, rate: float) -> str:
    first, gap = figures.get(f"faq{rate:g}_first_text_p95"), figures.get(f"faq{rate:g}_gap_p95")
    return "–" if first is None or gap is None else f"{first:.2f} / {1000 * gap:.0f}"


def _cell(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:,.{decimals}f}"


def _ratio(ours: float | None, peer: float | None, more_is_better: bool) -> str:
    if not ours or not peer or math.isinf(ours + peer):
        return "–"
    return f"{ours / peer if more_is_better else peer / ours:.2f}×"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---" for _ in heads], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
