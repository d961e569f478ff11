"""Plots as SVG, drawn here: no library, no script. Each stands beside a table with the same figures."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, WIDE, HEIGHT = 640, 1_180, 220  # of a plot beside another, and of one alone
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 10, 24
_LABELS = 8  # below the axis, at most
_LINES = 4


@dataclass(frozen=True, slots=True)
class Series:
    """`mark`: which colour of the style, `s1` and so on. A value of None leaves a gap."""

    name: str
    mark: str
    values: Sequence[float | None]


def bars(label: str, names: Sequence[str], series: Sequence[Series], width: int = WIDTH) -> Markup:
    """Stacked, in the order of the series from below. `label`: what a screen reader says of it."""
    totals = [sum(one.values[place] or 0 for one in series) for place in range(len(names))]
    top = _ceiling(max(totals, default=0))
    return _svg(label, width, [*_grid(top, width), *_names(names, width), *_stacks(names, series, top, width)])


def lines(label: str, names: Sequence[str], series: Sequence[Series]) -> Markup:
    top = _ceiling(max((value or 0 for one in series for value in one.values), default=0))
    drawn = [piece for one in series for piece in _line(one, len(names), top)]
    return _svg(label, WIDTH, [*_grid(top, WIDTH), *_names(names, WIDTH), *drawn])


def _svg(label: str, width: int, pieces: Iterable[Markup]) -> Markup:
    sort = "plot wide" if width > WIDTH else "plot"
    head = Markup('<div class="plot-box" tabindex="0"><svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">')
    return head.format(sort, width, HEIGHT, label) + Markup("").join(pieces) + Markup("</svg></div>")


def _stacks(names: Sequence[str], series: Sequence[Series], top: float, width: int) -> Iterator[Markup]:
    step = (width - _LEFT - _RIGHT) / max(1, len(names))
    thick = max(1.0, step * 0.76)
    for place, name in enumerate(names):
        below = 0.0
        for one in series:
            value = one.values[place] or 0
            if value:
                height = value / top * _plot_height()
                y = HEIGHT - _BOTTOM - below - height
                x = _LEFT + step * place + (step - thick) / 2
                says = f"{name}: {one.name} {value:g}"
                rect = '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
                yield Markup(rect).format(one.mark, x, y, thick, height, says)
                below += height


def _line(series: Series, count: int, top: float) -> Iterator[Markup]:
    """Pieces between gaps; a lone value is a dot."""
    step = (WIDTH - _LEFT - _RIGHT) / max(1, count)
    mark = series.mark.replace("s", "l", 1)
    run: list[tuple[float, float]] = []
    for place, value in [*enumerate(series.values), (count, None)]:
        if value is not None:
            run.append((_LEFT + step * (place + 0.5), HEIGHT - _BOTTOM - value / top * _plot_height()))
            continue
        if len(run) > 1:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            yield Markup('<polyline class="{}" points="{}"/>').format(mark, points)
        for x, y in run:
            yield Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="2.5"/>').format(series.mark, x, y)
        run = []


def _grid(top: float, width: int) -> Iterator[Markup]:
    for number in range(_LINES + 1):
        y = HEIGHT - _BOTTOM - _plot_height() * number / _LINES
        value = top * number / _LINES
        yield Markup('<line class="grid-line" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
            _LEFT, width - _RIGHT, y, y
        )
        yield Markup('<text x="{}" y="{:.1f}" text-anchor="end">{:g}</text>').format(_LEFT - 5, y + 4, value)


def _names(names: Sequence[str], width: int) -> Iterator[Markup]:
    step = (width - _LEFT - _RIGHT) / max(1, len(names))
    every = max(1, math.ceil(len(names) / _LABELS))
    for place in range(0, len(names), every):
        x = _LEFT + step * (place + 0.5)
        yield Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(x, HEIGHT - 7, names[place])


def _ceiling(value: float) -> float:
    """The next value above that divides well: 4, 8, 20, 40, 80, 200, …"""
    if value <= 0:
        return float(_LINES)
    power = 10.0 ** math.floor(math.log10(value / _LINES))
    return next(step * power * _LINES for step in (1, 2, 5, 10) if step * power * _LINES >= value)


def _plot_height() -> float:
    return HEIGHT - _TOP - _BOTTOM
