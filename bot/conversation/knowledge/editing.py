"""Entries written and changed in a form of the chat, by the same rules as in a file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.clock import Calendar
from bot.conversation.knowledge.entry_rules import Fault, find_faults, tidy_answer, tidy_line
from bot.conversation.phrases import Language
from storage.errors import EntryChanged
from storage.knowledge.entries import EntryStore
from storage.knowledge.records import Author, Entry, EntryStatus, EntryText
from storage.knowledge.words import fold, words_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody has written into a form.

    `seen`: the revision that they had before them, 0 for a new entry. `is_confirmed`: they have made sure that the
    answer is right. `text.verified_at` is not theirs to say.
    """

    entry_id: str
    text: EntryText
    status: EntryStatus
    seen: int = 0
    is_confirmed: bool = False


class FieldsWrong(Exception):
    """Nothing was written. `faults`: all that is wrong, by field."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.says("en"))

    def says(self, language: Language) -> str:
        """All of it in a line."""
        return ("；" if language == "zh" else "; ").join(fault.says(language) for fault in self.faults)


class Editor:
    def __init__(self, entries: EntryStore, calendar: Calendar) -> None:
        self._entries = entries
        self._calendar = calendar

    async def find(self, entry_id: str) -> Entry | None:
        """As it is now, whatever its status."""
        return await self._entries.find(entry_id)

    async def look_through(self, words: str, limit: int) -> list[Entry]:
        """Published entries that have any of the words, best first, before them the one with this very id.

        Without words: those that were changed last.
        """
        if not words.strip():
            return await self._entries.changed_last(limit)
        found = [entry_id for entry_id, _ in await self._entries.search(words_of(words), None, limit)]
        ids = list(dict.fromkeys((words.strip(), *found)))
        return [entry for entry_id in ids if (entry := await self._entries.find(entry_id))][:limit]

    async def save(self, draft: Draft, author: Author) -> Entry:
        """The entry as it is then: a new revision, on record, with its author. A second time it changes nothing.

        Raises: FieldsWrong; EntryChanged, when somebody else has changed the entry since it was looked at.
        """
        before = await self._entries.find(draft.entry_id)
        text = _tidy(draft.text)
        faults = list(find_faults(draft.entry_id, text))
        text = replace(text, verified_at=self._verified_at(before, text, draft))
        if before is not None and not draft.seen and not _is_saved(before, text, draft, author):
            faults.append(Fault("entry_id", "taken_id", {"entry_id": draft.entry_id}))
        if faults:
            raise FieldsWrong(faults)
        try:
            now = self._calendar.clock.now()
            return await self._entries.save(draft.entry_id, text, draft.status, author, now, seen=draft.seen)
        except EntryChanged:
            if before is not None and _is_saved(before, text, draft, author):
                return before  # the same form, which came twice
            raise

    async def add_variant(self, entry_id: str, variant: str, author: Author) -> Entry | None:
        """The entry with a variant more. None: there is no such published entry.

        Raises: FieldsWrong; EntryChanged, when somebody changed it at this moment.
        """
        entry = await self._entries.find(entry_id)
        if entry is None or entry.status is not EntryStatus.PUBLISHED:
            return None
        text = _tidy(replace(entry.text, variants=(*entry.text.variants, variant)))
        faults = list(find_faults(entry_id, text))
        if others := set(await self._entries.asked_as(variant)) - {entry_id}:
            faults.append(Fault("variants", "asked_elsewhere", {"entries": ", ".join(sorted(others))}))
        if faults:
            raise FieldsWrong(faults)
        return await self._entries.save(
            entry_id, text, entry.status, author, self._calendar.clock.now(), seen=entry.revision
        )

    def _verified_at(self, before: Entry | None, text: EntryText, draft: Draft) -> date:
        today = self._calendar.today()
        if before is None or draft.is_confirmed or before.text.answer != text.answer:
            return today
        return before.text.verified_at or before.revised_at.date()


def _tidy(text: EntryText) -> EntryText:
    """Each way of asking once, and not the question again."""
    question = tidy_line(text.question)
    variants = {fold(line): line for variant in reversed(text.variants) if (line := tidy_line(variant))}
    variants.pop(fold(question), None)
    return replace(
        text,
        question=question,
        variants=tuple(reversed(variants.values())),
        answer=tidy_answer(text.answer),
        owner=tidy_line(text.owner),
        source_url=tidy_line(text.source_url),
    )


def _is_saved(entry: Entry, text: EntryText, draft: Draft, author: Author) -> bool:
    """Whether this form was saved before, by the same person."""
    is_next = entry.revision == draft.seen + 1
    return is_next and entry.author == str(author) and (entry.text, entry.status) == (text, draft.status)
