"""Entries: the list, one to read and change with a preview, what it said before."""

import asyncio
import difflib
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from bot.admin.desk import KnowledgeDesk
from bot.admin.entry_form import EntryForm, faults_by_field, form_for, form_of, read_form
from bot.admin.errors import not_found
from bot.admin.markdown import to_html
from bot.admin.permissions import Permission
from bot.admin.visits import Route, Visit
from bot.clock import Calendar
from bot.conversation.knowledge.editing import FieldsWrong
from bot.conversation.knowledge.near_duplicates import NearDuplicate, find_near_duplicates
from bot.conversation.knowledge.reviews import is_overdue
from storage.errors import EntryChanged
from storage.knowledge.records import Entry, EntryStatus

PER_PAGE = 50
MOST_DUPLICATES = 5


class EntryPages:
    def __init__(self, desk: KnowledgeDesk, calendar: Calendar) -> None:
        self._desk = desk
        self._calendar = calendar

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/admin/entries", self.list, Permission.KNOWLEDGE),
            Route("GET", "/admin/entries/new", self.new, Permission.KNOWLEDGE),
            Route("GET", "/admin/entries/edit", self.edit, Permission.KNOWLEDGE),
            Route("POST", "/admin/entries/preview", self.preview, Permission.KNOWLEDGE),
            Route("POST", "/admin/entries/save", self.save, Permission.KNOWLEDGE),
            Route("GET", "/admin/entries/history", self.history, Permission.KNOWLEDGE),
        ]

    async def list(self, visit: Visit) -> web.StreamResponse:
        """By id, or with words best first; `after` is the last id of the page before."""
        words, status, after = visit.query("words"), visit.query("status"), visit.query("after")
        known = EntryStatus(status) if status in tuple(EntryStatus) else None
        if words:
            found = await self._desk.editor.look_through(words, PER_PAGE)
            entries = [entry for entry in found if known in (None, entry.status)]
        else:
            entries = [entry for entry in await self._desk.entries.list(known) if entry.entry_id > after]
        today = self._calendar.today()
        return visit.page(
            "entries.html",
            entries=entries[:PER_PAGE],
            overdue={entry.entry_id for entry in entries[:PER_PAGE] if is_overdue(entry, today)},
            next_after=entries[PER_PAGE - 1].entry_id if len(entries) > PER_PAGE else "",
            words=words,
            status=status,
            saved=visit.query("saved"),
            statuses=list(EntryStatus),
        )

    async def new(self, visit: Visit) -> web.StreamResponse:
        return self._form(visit, form_for(visit.query("question", 2_000)))

    async def edit(self, visit: Visit) -> web.StreamResponse:
        return self._form(visit, form_of(await self._named(visit)))

    async def preview(self, visit: Visit) -> web.StreamResponse:
        """As people would see it, with what is near to it. Nothing is saved."""
        form = read_form(visit)
        return self._form(visit, form, preview=to_html(form.answer), near=await self._near(form))

    async def save(self, visit: Visit) -> web.StreamResponse:
        form = read_form(visit)
        try:
            entry = await self._desk.editor.save(form.draft(), visit.author)
        except FieldsWrong as wrong:
            faults = faults_by_field(wrong.faults, visit.words.language)
            return self._form(visit, form, faults=faults, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        except EntryChanged:
            now = await self._desk.entries.find(form.entry_id)
            return self._form(visit, form, changed=now, status=HTTPStatus.CONFLICT)
        return visit.go(f"/admin/entries?saved={quote(entry.entry_id)}")

    async def history(self, visit: Visit) -> web.StreamResponse:
        entry = await self._named(visit)
        revisions = list(await self._desk.entries.revisions(entry.entry_id))
        older: list[Entry | None] = [*revisions[1:], None]
        steps = [(one, changed_lines(one, before)) for one, before in zip(revisions, older, strict=True)]
        return visit.page("entry_history.html", entry=entry, steps=steps)

    def _form(self, visit: Visit, form: EntryForm, status: HTTPStatus = HTTPStatus.OK, **shown: object) -> web.Response:
        values = {"faults": {}, "near": (), "preview": None, "changed": None, **shown}
        return visit.page("entry.html", status, form=form, statuses=list(EntryStatus), **values)

    async def _named(self, visit: Visit) -> Entry:
        entry = await self._desk.entries.find(visit.query("id"))
        if entry is None:
            raise not_found()
        return entry

    async def _near(self, form: EntryForm) -> Sequence[NearDuplicate]:
        """Published entries that are asked in nearly the same words as this one would be."""
        draft, now = form.draft(), self._calendar.clock.now()
        this = Entry(
            entry_id=draft.entry_id or "\x00",
            revision=1,
            status=EntryStatus.PUBLISHED,
            text=replace(draft.text, variants=tuple(line.strip() for line in draft.text.variants)),
            author="",
            revised_at=now,
        )
        others = [one for one in await self._desk.entries.published() if one.entry_id != this.entry_id]
        pairs = await asyncio.to_thread(find_near_duplicates, [*others, this])
        return [_seen_from(this, pair) for pair in pairs if this.entry_id in (pair.entry_id, pair.other_id)][
            :MOST_DUPLICATES
        ]


def _seen_from(this: Entry, pair: NearDuplicate) -> NearDuplicate:
    if pair.entry_id == this.entry_id:
        return pair
    return NearDuplicate(pair.other_id, pair.other_phrasing, pair.entry_id, pair.phrasing, pair.likeness)


def changed_lines(entry: Entry, before: Entry | None) -> Sequence[tuple[str, str]]:
    """(sign, line): `+` what came, `-` what went, ` ` what stayed around it. All of it for the first revision."""
    old = [] if before is None else _lines(before)
    lines = difflib.unified_diff(old, _lines(entry), lineterm="", n=1)
    return [(line[0], line[1:]) for line in lines if not line.startswith(("---", "+++", "@@"))]


def _lines(entry: Entry) -> list[str]:
    text = entry.text
    facts = [
        f"lang: {text.lang}",
        f"question: {text.question}",
        *(f"variant: {variant}" for variant in text.variants),
        f"owner: {text.owner}",
        f"audience: {', '.join(text.audience)}",
        f"source: {text.source_url}",
        f"review by: {text.review_by or ''}",
        "answer:",
    ]
    return [*facts, *text.answer.split("\n")]
