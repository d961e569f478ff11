"""Writing the company's answers in Slack: what is done with `/faq add | edit | list` and their forms.

What is saved is committed before Slack is told so. Who may do it is looked at again when a form is sent.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp

from bot.conversation.knowledge.editing import Editor, FieldsWrong
from bot.conversation.phrases import Language, phrase
from bot.platforms.errors import PlatformError
from bot.platforms.slack.commands import COMMAND, Command
from bot.platforms.slack.dialect import escape_mrkdwn
from bot.platforms.slack.editors import Editors
from bot.platforms.slack.entry_form import (
    FORM,
    Opening,
    field_errors,
    form_modal,
    notice_modal,
    opening_of,
    parse_form,
    saved_modal,
)
from bot.platforms.slack.entry_list import EDIT_ACTION, MOST_LISTED, list_modal
from bot.platforms.slack.events import PLATFORM, Identity, acting_tenant
from bot.platforms.slack.surroundings import Surroundings, name_of, user_of
from storage.errors import EntryChanged
from storage.knowledge.records import Author

log = structlog.get_logger(__name__)

Ack = Callable[..., Awaitable[Any]]
Body = dict[str, Any]
EntryWritten = Callable[[str, Author, str], Awaitable[None]]

_WISH = re.compile(r"(add)|edit\s+(\S{1,64})|list(?:\s+(.+))?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to do with entries. `entry_id` to change; `words` to list by, "" for all."""

    adds: bool = False
    entry_id: str = ""
    words: str = ""


def parse_wish(text: str) -> Wish | None:
    """None: it is a question. `add` stands alone, so that "add a visitor to the WiFi" is one."""
    found = _WISH.fullmatch(text.strip())
    if found is None:
        return None
    return Wish(adds=found[1] is not None, entry_id=found[2] or "", words=(found[3] or "").strip())


class EntryEditing:
    def __init__(
        self, editor: Editor, editors: Editors, us: Identity, around: Surroundings, entry_written: EntryWritten
    ) -> None:
        """`entry_written`: told of each entry that was written for a gap (its id, who, as people call them)."""
        self._editor = editor
        self._entry_written = entry_written
        self._editors = editors
        self._us = us
        self._around = around

    def register(self, app: AsyncApp) -> None:
        app.action(EDIT_ACTION)(self._on_edit)
        app.view(FORM)(self._on_form)

    async def takes(self, command: Command, ack: Ack) -> bool:
        """Whether the command is about entries; it is acknowledged then. Else it is a question like any other.

        "list of holidays" and "edit profile" are questions, of those who may not list and edit.
        """
        wish = parse_wish(command.text)
        if wish is None:
            return False
        language = self._around.languages.remembered(command.user, command.text)
        if await self._editors.has(command.user):
            await ack()
            self._around.background.spawn(self._fulfil(wish, command), "entries shown")
            return True
        if wish.words or (wish.entry_id and await self._editor.find(wish.entry_id) is None):
            return False
        await ack(response_type="ephemeral", text=phrase("editors_only", language))
        return True

    async def _fulfil(self, wish: Wish, command: Command) -> None:
        language = await self._around.languages.of(command.user, command.text)
        view = await self._view_of(wish, language)
        api = self._around.api
        if await api.try_call(api.client.views_open, trigger_id=command.trigger_id, view=view) is None:
            self.say(command.response_url, phrase("form_not_opened", language))

    async def open_new(self, body: Body, opening: Opening) -> None:
        """The form of a new entry, for whoever pressed a button."""
        await self._open(body, form_modal(opening, await self._around.languages.of(user_of(body))))

    async def open_entry(self, body: Body, entry_id: str) -> None:
        """The form of an entry, for whoever pressed a button."""
        await self._open(body, await self._form_of(entry_id, await self._around.languages.of(user_of(body))))

    async def _open(self, body: Body, view: Body) -> None:
        api = self._around.api
        if await api.try_call(api.client.views_open, trigger_id=str(body.get("trigger_id") or ""), view=view) is None:
            language = await self._around.languages.of(user_of(body))
            self.say(str(body.get("response_url") or ""), phrase("form_not_opened", language))

    async def _view_of(self, wish: Wish, language: Language) -> Body:
        if wish.adds:
            return form_modal(Opening(lang=language), language)
        if wish.entry_id:
            return await self._form_of(wish.entry_id, language)
        entries = await self._editor.look_through(wish.words, MOST_LISTED)
        return list_modal(entries, wish.words, language)

    async def _form_of(self, entry_id: str, language: Language) -> Body:
        """The form of an entry, or why there is none."""
        entry = await self._editor.find(entry_id)
        if entry is None:
            shown = escape_mrkdwn(entry_id.replace("`", ""))
            return notice_modal(phrase("no_such_entry", language, entry_id=shown, command=COMMAND), language)
        opening = opening_of(entry)
        if not opening.fits:
            return notice_modal(phrase("entry_too_long", language, entry_id=entry_id), language)
        return form_modal(opening, language, entry)

    async def _on_edit(self, ack: Ack, body: Body, action: Body) -> None:
        """A button of the list."""
        await ack()
        if await self._editors.has(user_of(body)):
            self._around.background.spawn(self._lay_over(body, str(action.get("value") or "")), "entry opened")

    async def _lay_over(self, body: Body, entry_id: str) -> None:
        """The entry's form over the list."""
        api, language = self._around.api, await self._around.languages.of(user_of(body))
        view = await self._form_of(entry_id, language)
        await api.try_call(api.client.views_push, trigger_id=str(body.get("trigger_id") or ""), view=view)

    async def _on_form(self, ack: Ack, body: Body, view: Body) -> None:
        user, parsed = user_of(body), parse_form(view)
        if parsed is None:
            await ack()
            return
        draft, gap = parsed
        language = self._around.languages.remembered(user, draft.text.question)
        if not await self._editors.has(user):
            await ack(response_action="errors", errors={"question": phrase("editors_only", language)})
            return
        author = Author(PLATFORM, acting_tenant(body, self._us), user)
        try:
            entry = await self._editor.save(draft, author)
        except FieldsWrong as error:
            await ack(response_action="errors", errors=field_errors(error.faults, language))
        except EntryChanged:
            await ack(response_action="errors", errors={"question": phrase("entry_changed", language)})
        else:
            if gap:
                await self._entry_written(gap, author, name_of(body))
            await ack(response_action="update", view=saved_modal(entry, language))

    def say(self, response_url: str, text: str) -> None:
        """Only the person sees it."""
        if response_url:
            self._around.background.spawn(self._send(response_url, text), "said to one")

    async def _send(self, response_url: str, text: str) -> None:
        said = {"response_type": "ephemeral", "replace_original": False, "text": text}
        try:
            await self._around.urls.send(response_url, said)
        except PlatformError as error:
            log.info("not_said_to_one", code=error.code)
