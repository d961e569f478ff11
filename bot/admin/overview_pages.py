"""How the answers go: figures and plots, with a table beside each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from aiohttp import web

from bot.admin.errands import State
from bot.admin.permissions import Permission
from bot.admin.plots import WIDE, Series, bars, lines
from bot.admin.visits import Route, Visit
from bot.admin.words import Words
from bot.clock import Clock
from bot.conversation.learning.gaps import Gap
from storage.admin.accounts import DeedStore
from storage.admin.records import Report
from storage.figures import DIRECT, GENERATED, OTHER, SUGGESTED, UNANSWERED, WAYS, FiguresStore, Overview

SPANS = (7, 30, 90)  # days
FRESH_SECONDS = 60.0  # so long the same figures are shown: they are read from all replies of the time
MOST_GAPS = 5
MARKS = {DIRECT: "s5", SUGGESTED: "s1", GENERATED: "s2", UNANSWERED: "s4", OTHER: "s3"}


@dataclass(frozen=True, slots=True)
class LineNow:
    """How busy the service is at this moment."""

    active: int
    waiting: int


class OverviewPages:
    """`gaps`: what the last look for gaps has found; people's words, so that only editors are shown them."""

    def __init__(
        self,
        figures: FiguresStore,
        gaps: Callable[[], Awaitable[State[list[Gap]]]],
        line: Callable[[], LineNow],
        deeds: DeedStore,
        zone: tzinfo,
        clock: Clock,
    ) -> None:
        self._figures = figures
        self._deeds = deeds
        self._gaps = gaps
        self._line = line
        self._zone = zone
        self._clock = clock
        self._kept: dict[int, tuple[float, Overview]] = {}

    def routes(self) -> list[Route]:
        return [Route("GET", "/admin/overview", self.show, Permission.FIGURES)]

    async def show(self, visit: Visit) -> web.StreamResponse:
        asked = visit.query("days")
        days = int(asked) if asked in map(str, SPANS) else 30
        overview = await self._overview(days)
        gaps = ((await self._gaps()).result or [])[:MOST_GAPS] if visit.may(Permission.KNOWLEDGE) else []
        await self._deeds.record_reading(Report.OVERVIEW, len(gaps), visit.author, self._clock.now())
        return visit.page(
            "overview.html",
            overview=overview,
            days=days,
            spans=SPANS,
            line=self._line(),
            ways=WAYS,
            marks=MARKS,
            plots=_plots(overview, visit.words),
            gaps=gaps,
        )

    async def _overview(self, days: int) -> Overview:
        began, kept = self._clock.monotonic(), self._kept.get(days)
        if kept is not None and began - kept[0] < FRESH_SECONDS:
            return kept[1]
        now = self._clock.now()
        offset = datetime.astimezone(now, self._zone).utcoffset()
        assert offset is not None
        overview = await self._figures.overview(now, days, offset)
        self._kept[days] = began, overview
        return overview


def _plots(overview: Overview, words: Words) -> dict[str, object]:
    names = [day.day[5:] for day in overview.days]
    ways = [Series(words(f"way: {way}"), MARKS[way], [day.ways.get(way, 0) for day in overview.days]) for way in WAYS]
    thumbs = [
        Series(words("verdict: up"), "s5", [day.up for day in overview.days]),
        Series(words("verdict: down"), "s4", [day.down for day in overview.days]),
    ]
    times = [
        Series("p50", "s1", [day.first_text.p50 for day in overview.days]),
        Series("p95", "s2", [day.first_text.p95 for day in overview.days]),
    ]
    hours = [Series(words("Questions"), "s1", list(overview.hours))]
    return {
        "questions": bars(words("Questions by day"), names, ways, WIDE),
        "hours": bars(words("Questions by hour"), [f"{hour:02d}" for hour in range(24)], hours),
        "feedback": bars(words("Feedback by day"), names, thumbs),
        "first_text": lines(words("Seconds to the first text, by day"), names, times),
    }
