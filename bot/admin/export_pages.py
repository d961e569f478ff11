"""Taking a selection of conversations away as a file, with a second person's word where the settings ask for one."""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.admin.archive import Archive
from bot.admin.errors import bad_request, not_found
from bot.admin.filters import NAMES, Search, search_of
from bot.admin.guard import Guard
from bot.admin.permissions import Permission
from bot.admin.reasons import Reasons, ask_for_reason
from bot.admin.selection_file import Selection, as_csv, as_json_lines
from bot.admin.settings import AdminSettings
from bot.admin.visits import Route, Visit
from bot.clock import Clock
from storage.admin.accounts import DeedStore
from storage.admin.records import Deed
from storage.admin.requests import RequestStore
from storage.audit.canonical import Scalar
from storage.audit.checkpoints import Checkpoint
from storage.audit.conversations import Conversation, Filters

PATH = "/admin/audit/export"
PAGE = 200  # conversations that are in memory at once
GRANT_HOLDS = timedelta(hours=24)
_FORMATS = {"jsonl": ("application/jsonl", as_json_lines), "csv": ("text/csv", as_csv)}


@dataclass(frozen=True, slots=True)
class _Taken:
    """What is taken, as it was asked for. `up_to`: the last entry that was there then; None: it is asked for now."""

    search: Search
    form: str
    reason: str
    granted_by: str = ""
    up_to: int | None = None


class ExportPages:
    def __init__(
        self,
        settings: AdminSettings,
        archive: Archive,
        reasons: Reasons,
        deeds: DeedStore,
        requests: RequestStore,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._archive = archive
        self._reasons = reasons
        self._deeds = deeds
        self._requests = requests
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route("GET", PATH, self.show, Permission.CONVERSATIONS),
            Route("POST", PATH, self.export, Permission.CONVERSATIONS),
            Route("POST", "/admin/audit/export/granted", self.export_granted, Permission.CONVERSATIONS),
        ]

    async def show(self, visit: Visit) -> web.StreamResponse:
        """How many there are says something too: it is a search, with its reason, and on record as one."""
        if (reason := self._reasons.find(visit.signed_in)) is None:
            return ask_for_reason(visit)
        search = search_of(visit)
        await self._deeds.record(search.deed(reason), visit.author, self._clock.now())
        count = await self._archive.reader.count(await self._filters(search))
        return visit.page(
            "export.html", said=search.said, count=count, needs_second=self._needs_second(count), back=search.path
        )

    async def export(self, visit: Visit) -> web.StreamResponse:
        """The file at once; or a request, where somebody else has to grant it."""
        search = Search({name: value for name in NAMES if (value := visit.text(name, 500))})
        reason = " ".join(visit.text("reason", 500).split())
        form = visit.text("format", 10)
        if form not in _FORMATS:
            raise bad_request("There is no such format.")
        if len(reason) < 8:
            raise bad_request("Say why in a few words: whoever looks after the log reads it.")
        filters = await self._filters(search)
        count = await self._archive.reader.count(filters)
        if self._needs_second(count):
            up_to = await self._sign_all()
            details = {"search": dict(search.said), "format": form, "count": count, "up_to": up_to.size}
            await self._requests.ask("export", reason, details, visit.author, self._clock.now())
            return visit.go("/admin/requests")
        return await self._stream(visit, _Taken(search, form, reason))

    async def export_granted(self, visit: Visit) -> web.StreamResponse:
        """Once, within a day of the second person's word."""
        now = self._clock.now()
        taken = await self._requests.take(
            visit.text("request", 40), "export", visit.signed_in.name, now - GRANT_HOLDS, now
        )
        if taken is None:
            raise not_found()
        search = Search({name: str(value) for name, value in taken.details["search"].items() if name in NAMES})
        form, up_to = str(taken.details["format"]), taken.details.get("up_to")  # older requests say no end
        return await self._stream(visit, _Taken(search, form, taken.reason, taken.decided_by or "", up_to))

    async def _stream(self, visit: Visit, taken: "_Taken") -> web.StreamResponse:
        """Recorded before the first byte: what was begun may have been taken whole."""
        now, filters, form = self._clock.now(), await self._filters(taken.search), taken.form
        checkpoint = await self._sign_all()
        fields: dict[str, Scalar] = {"format": form, "granted": bool(taken.granted_by)}
        words = {**taken.search.said, "reason": taken.reason, "granted_by": taken.granted_by}
        await self._deeds.record(Deed("conversations_exported", fields, words), visit.author, now)
        about = {"by": visit.signed_in.name, "reason": taken.reason, "granted_by": taken.granted_by or None}
        selection = Selection(
            pages=self._pages(filters, checkpoint.size if taken.up_to is None else taken.up_to),
            about={**about, "filters": dict(taken.search.said)},
            created=now,
            checkpoint={"size": checkpoint.size, "signature": base64.b64encode(checkpoint.signature).decode()},
            sign=self._archive.signer.sign,
        )
        response = _attachment(form, now)
        Guard.furnish(response, visit.nonce)
        await response.prepare(visit.request)
        _, write = _FORMATS[form]
        chunks: Any = write(selection)
        async with aclosing(chunks):
            async for chunk in chunks:
                await response.write(chunk)
        await response.write_eof()
        return response

    async def _sign_all(self) -> Checkpoint:
        """Over all there is: whoever checks the file finds what it holds in the log up to there."""
        checkpoint = await self._archive.checkpoints.take(self._clock.now())
        assert checkpoint is not None, "that somebody signed in is an entry"
        return checkpoint

    async def _pages(self, filters: Filters, up_to: int) -> AsyncIterator[Sequence[Conversation]]:
        before, more = up_to + 1, True
        while more:
            found = await self._archive.reader.search(filters, before, PAGE)
            if found.conversations:
                yield found.conversations
                before = found.conversations[-1].number
            more = found.more

    async def _filters(self, search: Search) -> Filters:
        return await search.filters(self._archive.reader, self._archive.zone)

    def _needs_second(self, count: int) -> bool:
        return "export" in self._settings.second_person and count >= self._settings.bulk_export_from


def _attachment(form: str, now: datetime) -> web.StreamResponse:
    """Empty, to be saved as a file."""
    response = web.StreamResponse()
    response.content_type, _ = _FORMATS[form]
    response.charset = "utf-8"
    name = f"conversations-{now:%Y-%m-%d-%H%M}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
