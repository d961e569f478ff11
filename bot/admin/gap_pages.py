"""The loop: what nothing answers becomes an entry or a variant; what people's own words propose is taken or not."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from aiohttp import web

from bot.admin.desk import KnowledgeDesk
from bot.admin.errands import Errand, Progress
from bot.admin.errors import bad_request, changed_meanwhile, not_found
from bot.admin.permissions import Permission
from bot.admin.visits import Route, Visit
from bot.clock import Clock
from bot.conversation.knowledge.editing import FieldsWrong
from bot.conversation.learning.gaps import Gap, asked_in
from bot.conversation.learning.variants import Weighed
from storage.admin.accounts import DeedStore
from storage.admin.records import Report
from storage.errors import EntryChanged

DAYS = 30
MOST_SHOWN = 100


class GapPages:
    def __init__(
        self, desk: KnowledgeDesk, deeds: DeedStore, clock: Clock, erased: Callable[[], Awaitable[int]]
    ) -> None:
        """`erased`: as of `Errand`."""
        self._desk = desk
        self._deeds = deeds
        self._clock = clock
        self.looking: Errand[list[Gap]] = Errand("gaps", clock, erased)

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/admin/gaps", self.show, Permission.KNOWLEDGE),
            Route("POST", "/admin/gaps/look", self.look, Permission.KNOWLEDGE),
            Route("POST", "/admin/gaps/variant", self.add_variant, Permission.KNOWLEDGE),
            Route("POST", "/admin/gaps/dismiss", self.dismiss, Permission.KNOWLEDGE),
            Route("POST", "/admin/gaps/restore", self.restore, Permission.KNOWLEDGE),
            Route("GET", "/admin/variants", self.variants, Permission.KNOWLEDGE),
            Route("POST", "/admin/variants/accept", self.accept, Permission.KNOWLEDGE),
            Route("POST", "/admin/variants/reject", self.reject, Permission.KNOWLEDGE),
        ]

    async def show(self, visit: Visit) -> web.StreamResponse:
        """What the last look found, without what was dismissed since; on record, as somebody reads it.

        While somebody looks anew the page comes again by itself every other second, and shows nobody's words.
        """
        state = await self.looking.look()
        dismissed = [] if state.progress is Progress.RUNNING else await self._desk.dismissals.all()
        aside = {one.question.reply_id for one in dismissed}
        found = () if state.progress is Progress.RUNNING else state.result or ()
        gaps = [gap for gap in found if gap.gap_id not in aside]
        shown, put_aside = gaps[:MOST_SHOWN], [one for one in dismissed if one.stands_for_gap]
        now = self._clock.now()
        await self._deeds.record_reading(Report.GAPS, asked_in(shown) + len(put_aside), visit.author, now)
        return visit.page(
            "gaps.html",
            state=state,
            gaps=shown,
            more=len(gaps) - len(shown),
            dismissed=put_aside,
            days=DAYS,
            added=visit.query("added"),
        )

    async def look(self, visit: Visit) -> web.StreamResponse:
        since = self._clock.now() - timedelta(days=DAYS)
        self.looking.start(lambda step: self._desk.gaps.find(since, step))
        return visit.go("/admin/gaps")

    async def add_variant(self, visit: Visit) -> web.StreamResponse:
        entry_id, words = visit.text("entry_id", 200), visit.text("words", 2_000)
        if not words:
            raise bad_request("The form cannot be read.")
        try:
            entry = await self._desk.editor.add_variant(entry_id, words, visit.author)
        except FieldsWrong as wrong:
            raise bad_request("This cannot become a variant: {why}.", why=wrong.says(visit.words.language)) from None
        except EntryChanged:
            raise changed_meanwhile() from None
        if entry is None:
            raise not_found()
        return visit.go(f"/admin/gaps?added={entry.entry_id}")

    async def dismiss(self, visit: Visit) -> web.StreamResponse:
        gap_id = visit.text("gap", 100)
        found = (await self.looking.look()).result or ()
        gap = next((gap for gap in found if gap.gap_id == gap_id), None)
        if gap is None:
            raise not_found()
        reply_ids = [one.question.reply_id for one in gap.questions]
        await self._desk.dismissals.dismiss(gap.gap_id, reply_ids, visit.author, self._clock.now())
        return visit.go("/admin/gaps")

    async def restore(self, visit: Visit) -> web.StreamResponse:
        await self._desk.dismissals.restore(visit.text("gap", 100), visit.author, self._clock.now())
        return visit.go("/admin/gaps")

    async def variants(self, visit: Visit) -> web.StreamResponse:
        """On record, as somebody reads words of people."""
        weighed = (await self._desk.variants.proposals())[:MOST_SHOWN]
        await self._deeds.record_reading(Report.VARIANTS, len(weighed), visit.author, self._clock.now())
        return visit.page("variants.html", weighed=weighed)

    async def accept(self, visit: Visit) -> web.StreamResponse:
        weighed = await self._proposed(visit)
        if weighed.obstacle is not None:
            raise bad_request("This cannot become a variant: {why}.", why=visit.words(weighed.obstacle))
        await self._desk.variants.accept(weighed.proposal, visit.author)
        return visit.go("/admin/variants")

    async def reject(self, visit: Visit) -> web.StreamResponse:
        await self._desk.variants.reject((await self._proposed(visit)).proposal, visit.author)
        return visit.go("/admin/variants")

    async def _proposed(self, visit: Visit) -> Weighed:
        key = visit.text("key", 100)
        for one in await self._desk.variants.proposals():
            if one.proposal.key == key:
                return one
        raise not_found()
