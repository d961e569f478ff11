"""The buttons below what owners are told: gaps and reviews. For editors alone, as everything that writes entries.

Each commits before it acknowledges. The message changes by itself then.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.app.async_app import AsyncApp

from bot.conversation.knowledge.editing import FieldsWrong
from bot.conversation.phrases import Language, phrase
from bot.delivery.gap_desk import Added, GapDesk
from bot.platforms.slack.blocks import ADD_VARIANT_ACTION, CREATE_ENTRY_ACTION, DISMISS_GAP_ACTION, OPEN_ENTRY_ACTION
from bot.platforms.slack.dialect import escape_mrkdwn
from bot.platforms.slack.editing import EntryEditing
from bot.platforms.slack.editors import Editors
from bot.platforms.slack.entry_form import Opening
from bot.platforms.slack.events import PLATFORM, Identity, acting_tenant
from bot.platforms.slack.surroundings import Surroundings, name_of, user_of
from storage.basis import CitedGap
from storage.knowledge.records import Author

Ack = Callable[..., Awaitable[Any]]
Body = dict[str, Any]


class OwnerButtons:
    def __init__(
        self, desk: GapDesk, editing: EntryEditing, editors: Editors, us: Identity, around: Surroundings
    ) -> None:
        self._desk = desk
        self._editing = editing
        self._editors = editors
        self._us = us
        self._around = around

    def register(self, app: AsyncApp) -> None:
        for action, listener in (
            (CREATE_ENTRY_ACTION, self._on_create),
            (ADD_VARIANT_ACTION, self._on_variant),
            (DISMISS_GAP_ACTION, self._on_dismiss),
            (OPEN_ENTRY_ACTION, self._on_open),
        ):
            app.action(re.compile(rf"{action}_\d+"))(listener)

    async def _on_create(self, ack: Ack, body: Body, action: Body) -> None:
        """Opens a form that begins with the gap's words."""
        if not await self._may(ack, body):
            return
        gap = await self._desk.find(*_which(action))
        await ack()
        if gap is None:
            self._say(body, "gap_gone")
            return
        opening = _opening(gap, str(action.get("value") or ""))
        self._around.background.spawn(self._editing.open_new(body, opening), "entry begun")

    async def _on_variant(self, ack: Ack, body: Body, action: Body) -> None:
        if not await self._may(ack, body):
            return
        reply_id, number = _which(action)
        gap = await self._desk.find(reply_id, number)
        entry_id = gap.entry.entry_id if gap is not None and gap.entry is not None else ""
        try:
            added = await self._desk.add_variant(reply_id, number, self._author(body), name_of(body))
        except FieldsWrong as error:
            self._say(body, "variant_refused", says=escape_mrkdwn(error.says(self._language(body))))
        else:
            if added is Added.GONE:
                self._say(body, "gap_gone")
            elif added is Added.NO_ENTRY:
                self._say(body, "variant_not_added", entry_id=entry_id)
        await ack()

    async def _on_dismiss(self, ack: Ack, body: Body, action: Body) -> None:
        if await self._may(ack, body):
            reply_id, number = _which(action)
            await self._desk.dismiss(reply_id, number, self._author(body), name_of(body))
            await ack()

    async def _on_open(self, ack: Ack, body: Body, action: Body) -> None:
        if await self._may(ack, body):
            await ack()
            if entry_id := await self._desk.find_review(*_which(action)):
                self._around.background.spawn(self._editing.open_entry(body, entry_id), "entry opened")

    async def _may(self, ack: Ack, body: Body) -> bool:
        """Whether who pressed it is an editor; else they are told, and it is acknowledged."""
        if await self._editors.has(user_of(body)):
            return True
        await ack()
        self._say(body, "editors_only")
        return False

    def _author(self, body: Body) -> Author:
        return Author(PLATFORM, acting_tenant(body, self._us), user_of(body))

    def _say(self, body: Body, key: str, **values: object) -> None:
        """Only who pressed it sees that."""
        self._editing.say(str(body.get("response_url") or ""), phrase(key, self._language(body), **values))

    def _language(self, body: Body) -> Language:
        return self._around.languages.remembered(user_of(body), str((body.get("message") or {}).get("text") or ""))


def _which(action: Body) -> tuple[str, int]:
    """The reply that told of it, and its number there; 0 for what is no button of ours."""
    reply_id, _, number = str(action.get("value") or "").partition(":")
    return reply_id, int(number) if number.isdecimal() else 0


def _opening(gap: CitedGap, value: str) -> Opening:
    owner = gap.entry.owner if gap.entry is not None else ""
    return Opening(lang=gap.lang, question=gap.question, variants=gap.also, owner=owner, gap=value)
