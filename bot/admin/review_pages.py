"""Whose review is due when, and trying a change out on past questions before it is published."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from aiohttp import web

from bot.admin.desk import KnowledgeDesk
from bot.admin.entry_form import EntryForm, form_of, read_form
from bot.admin.errands import Errand, Progress
from bot.admin.errors import bad_request, changed_meanwhile, not_found
from bot.admin.permissions import Permission
from bot.admin.visits import Route, Visit
from bot.clock import Calendar
from bot.conversation.knowledge.editing import FieldsWrong
from bot.conversation.knowledge.reviews import is_overdue
from bot.conversation.learning.moves import count_moves
from bot.conversation.learning.rehearsal import Replay, drafts_published
from storage.admin.accounts import DeedStore
from storage.admin.records import Report
from storage.errors import EntryChanged
from storage.knowledge.records import Entry, EntryStatus, GivenEntry

LAST = 300  # questions that are asked again: some seconds on a slow machine, each asked twice


@dataclass(frozen=True, slots=True)
class Tried:
    """`form`: the change, to be saved if it is liked; None: all drafts were tried."""

    replay: Replay
    form: EntryForm | None


class ReviewPages:
    def __init__(
        self, desk: KnowledgeDesk, deeds: DeedStore, calendar: Calendar, erased: Callable[[], Awaitable[int]]
    ) -> None:
        """`erased`: as of `Errand`."""
        self._desk = desk
        self._deeds = deeds
        self._calendar = calendar
        self._erased = erased
        self._trying: dict[str, Errand[Tried]] = {}  # by the name of who tries something out: nobody sees another's
        self._one_at_a_time = asyncio.Lock()

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/admin/reviews", self.calendar, Permission.KNOWLEDGE),
            Route("POST", "/admin/reviews/confirm", self.confirm, Permission.KNOWLEDGE),
            Route("GET", "/admin/replay", self.show, Permission.KNOWLEDGE),
            Route("POST", "/admin/replay", self.start, Permission.KNOWLEDGE),
        ]

    async def calendar(self, visit: Visit) -> web.StreamResponse:
        """Published entries by the month in which somebody has to look at them again; the overdue ones first."""
        today = self._calendar.today()
        entries = sorted(await self._desk.entries.published(), key=_due)
        months: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            months[_month(entry, today)].append(entry)
        return visit.page("reviews.html", months=months, proposed=_a_year_later(today).isoformat())

    async def confirm(self, visit: Visit) -> web.StreamResponse:
        """Somebody has made sure that the answer is right, and says when to look at it again."""
        entry = await self._desk.entries.find(visit.text("entry_id", 200))
        if entry is None:
            raise not_found()
        form = replace(
            form_of(entry), review_by=visit.text("review_by", 20), confirmed="yes", seen=visit.text("seen", 9)
        )
        try:
            await self._desk.editor.save(form.draft(), visit.author)
        except FieldsWrong as wrong:
            raise bad_request("This does not work: {why}.", why=wrong.says(visit.words.language)) from None
        except EntryChanged:
            raise changed_meanwhile() from None
        return visit.go("/admin/reviews")

    async def show(self, visit: Visit) -> web.StreamResponse:
        """What moves, once it is done; on record, as somebody reads what people asked."""
        state = await self._errand_of(visit).look()
        tried = None if state.progress is Progress.RUNNING else state.result
        moves = () if tried is None else tried.replay.moves
        await self._deeds.record_reading(Report.REPLAY, len(moves), visit.author, self._calendar.clock.now())
        return visit.page("replay.html", state=state, tried=tried, counted=count_moves(moves))

    async def start(self, visit: Visit) -> web.StreamResponse:
        """With the entry of the form as if it were published, or without one with all drafts."""
        form = read_form(visit) if "question" in visit.form else None
        changes = await self._changes(form)
        if not changes:
            raise bad_request("There are no drafts to try out.")
        if not self._errand_of(visit).start(lambda step: self._try(changes, form, step)):
            raise bad_request("You are trying something out already: wait until it is done, then try again.")
        return visit.go("/admin/replay")

    async def close(self) -> None:
        for errand in self._trying.values():
            await errand.close()

    def _errand_of(self, visit: Visit) -> Errand[Tried]:
        return self._trying.setdefault(visit.signed_in.name, Errand("replay", self._calendar.clock, self._erased))

    async def _changes(self, form: EntryForm | None) -> Sequence[GivenEntry]:
        if form is None:
            return drafts_published(await self._desk.entries.list())
        draft = form.draft()
        return [GivenEntry(entry_id=draft.entry_id or "new", text=draft.text, status=EntryStatus.PUBLISHED)]

    async def _try(self, changes: Sequence[GivenEntry], form: EntryForm | None, step: Callable[[int], None]) -> Tried:
        async with self._one_at_a_time:
            return Tried(await self._desk.replay(changes, LAST, step), form)


def _due(entry: Entry) -> tuple[date, str]:
    return entry.text.review_by or date.max, entry.entry_id


def _month(entry: Entry, today: date) -> str:
    if entry.text.review_by is None:
        return "never"
    return "overdue" if is_overdue(entry, today) else entry.text.review_by.strftime("%Y-%m")


def _a_year_later(today: date) -> date:
    try:
        return today.replace(year=today.year + 1)
    except ValueError:  # the 29th of February
        return today.replace(year=today.year + 1, day=28)
