"""Templates to HTML. Everything is escaped; what is markup is made by functions of ours (`Markup`), never marked so in
a template."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.status_report import duration

_MARKS = re.compile(r"[*`]+|^\s*(?:[-+#>]+|\d+\.)\s", re.MULTILINE)  # of Markdown, in a line that shows none
_FOLDER = Path(__file__).parent / "templates"


class Renderer:
    def __init__(self, title: str, zone: tzinfo) -> None:
        self._zone = zone
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals["title"] = title
        self._environment.filters["when"] = self.when
        self._environment.filters["plain"] = lambda text: " ".join(_MARKS.sub("", text).split())
        self._environment.filters["duration"] = duration
        self._environment.filters["codes"] = codes
        self._environment.filters["number"] = lambda value: f"{value:,}"

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        return self._environment.get_template(template).render(values)

    def when(self, at: datetime | None) -> str:
        """`2026-03-02 09:00`, in the zone of the settings."""
        return "" if at is None else at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")


def codes(sentence: str) -> Markup:
    """A sentence of ours in which what stands between backticks is something to type."""
    parts = sentence.split("`")
    pieces = [Markup("<code>{}</code>").format(part) if odd else escape(part) for part, odd in _alternating(parts)]
    return Markup("").join(pieces)


def _alternating(parts: list[str]) -> Iterator[tuple[str, bool]]:
    for number, part in enumerate(parts):
        yield part, bool(number % 2)
