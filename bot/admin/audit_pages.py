"""Conversations: looked for, and read one at a time. Whoever looks says why, and is on record with it."""

from aiohttp import web

from bot.admin.archive import Archive
from bot.admin.errors import bad_request, not_found
from bot.admin.filters import NAMES, PATH, search_of
from bot.admin.permissions import Permission
from bot.admin.reasons import LONGEST, SHORTEST, Reasons, ask_for_reason
from bot.admin.signing_in import safe_path
from bot.admin.transcripts import exchanges_of
from bot.admin.visits import PLATFORM, Route, Visit, is_number
from bot.clock import Clock
from bot.conversation.messages import Outcome
from storage.admin.accounts import AccountStore, DeedStore
from storage.admin.records import Deed
from storage.basis import BasisKind
from storage.feedback import Verdict

PER_PAGE = 25
NEARLY = 1_000  # entries that a page waits for to be indexed; more go on in the background
# What people did at the pages, for those who look after the lookers.
LOOKS = (
    "conversations_searched conversation_opened conversations_exported questions_read "
    "signed_in sign_in_refused signed_out "
    "account_added account_removed account_roles account_password account_signed_out "
    "approval_asked approval_granted approval_refused erasure hold_placed hold_lifted retention "
    "job_run log_exported settings_changed"
).split()
# What they were about, in the header of their entries.
SUBJECTS = ("opened_reply", "channel", "thread", "job", "what", "scope", "roles", "format")
# What is said with them, in the body of their entries.
DETAILS = (*NAMES, "reason", "by", "name", "address", "account", "changes", "settings")


class AuditPages:
    def __init__(
        self, archive: Archive, accounts: AccountStore, reasons: Reasons, deeds: DeedStore, clock: Clock
    ) -> None:
        self._archive = archive
        self._accounts = accounts
        self._reasons = reasons
        self._deeds = deeds
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route("GET", PATH, self.search, Permission.CONVERSATIONS),
            Route("POST", "/admin/audit/reason", self.give_reason, Permission.CONVERSATIONS),
            Route("GET", "/admin/audit/conversation", self.open, Permission.CONVERSATIONS),
            Route("GET", "/admin/audit/looks", self.looks, Permission.CONVERSATIONS),
        ]

    async def search(self, visit: Visit) -> web.StreamResponse:
        """A page of what was found. The search is recorded, and with it the reason."""
        if (reason := self._reasons.find(visit.signed_in)) is None:
            return ask_for_reason(visit)
        search, before = search_of(visit), _number(visit.query("before"))
        filters = await search.filters(self._archive.reader, self._archive.zone)
        figures = await self._archive.reader.figures()
        if 0 < figures.entries - figures.indexed <= NEARLY:
            await self._archive.index.catch_up()
        await self._deeds.record(search.deed(reason), visit.author, self._clock.now())
        found = await self._archive.reader.search(filters, before or None, PER_PAGE)
        places = await self._archive.reader.places()
        last = str(found.conversations[-1].number) if found.conversations else ""
        return visit.page(
            "audit.html",
            said=search.said,
            found=found,
            before=before,
            first_path=search.path,
            next_path=search.path_with({"before": last}) if found.more else "",
            export_path=search.path_with({}, "/admin/audit/export"),
            platforms=sorted({platform for platform, _ in places}),
            outcomes=list(Outcome),
            bases=list(BasisKind),
            verdicts=list(Verdict),
            reason=reason,
            pending=max(0, figures.entries - figures.indexed - NEARLY),
        )

    async def give_reason(self, visit: Visit) -> web.StreamResponse:
        reason = " ".join(visit.text("reason", LONGEST).split())
        if len(reason) < SHORTEST:
            raise bad_request("Say why in a few words: whoever looks after the log reads it.")
        self._reasons.give(visit.signed_in, reason)
        return visit.go(safe_path(visit.text("next", 2_000)))

    async def open(self, visit: Visit) -> web.StreamResponse:
        """The whole thread that a conversation is part of, as people saw it, with every revision."""
        if (reason := self._reasons.find(visit.signed_in)) is None:
            return ask_for_reason(visit)
        conversation = await self._archive.reader.find(_number(visit.query("number")))
        if conversation is None:
            raise not_found()
        place = {name: getattr(conversation, name) for name in ("platform", "tenant", "channel", "thread")}
        fields = {**place, "opened_reply": conversation.reply_id}
        await self._deeds.record(
            Deed("conversation_opened", fields, {"reason": reason}), visit.author, self._clock.now()
        )
        exchanges = exchanges_of(await self._archive.reader.thread(conversation), self._archive.link_hosts)
        return visit.page("transcript.html", conversation=conversation, exchanges=exchanges, reason=reason)

    async def looks(self, visit: Visit) -> web.StreamResponse:
        """Who has looked at what, and why."""
        before = _number(visit.query("before"))
        entries = await self._archive.reader.entries_of(LOOKS, before or None, PER_PAGE + 1)
        more = len(entries) > PER_PAGE
        names = {
            self._archive.pseudonym(PLATFORM, "", account.name): account.name for account in await self._accounts.list()
        }
        return visit.page("looks.html", entries=entries[:PER_PAGE], more=more, names=names, subjects=SUBJECTS)


def _number(text: str) -> int:
    """0 where there is none. Raises: Refused."""
    if text and not is_number(text, 17):
        raise not_found()
    return int(text or 0)
