"""What becomes of an entry when somebody gives it anew. Pure: from what is there and what is given."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from storage.knowledge.records import Author, Entry, EntryChange, EntryStatus, EntryText, GivenEntry


def revise(
    before: Entry | None, entry_id: str, text: EntryText, status: EntryStatus, author: Author, now: datetime
) -> EntryChange:
    """A new revision where the text differs; else the same with the status that is given."""
    if before is not None and before.text == text:
        return EntryChange(before, replace(before, status=status))
    after = Entry(
        entry_id=entry_id,
        revision=1 if before is None else before.revision + 1,
        status=status,
        text=text,
        author=str(author),
        revised_at=now,
    )
    return EntryChange(before, after)


def revise_all(
    existing: Mapping[str, Entry], given: Iterable[GivenEntry], author: Author, now: datetime, today: date
) -> list[EntryChange]:
    """For each that is given, in its order, with those that change nothing.

    What a file leaves open stays as it is; a new entry is published. An answer that is new, or reads otherwise, and
    comes without a day of its own was verified today.
    """
    return [
        revise(before, one.entry_id, _dated(before, one.text, today), _status(before, one), author, now)
        for one in given
        for before in (existing.get(one.entry_id),)
    ]


def _dated(before: Entry | None, text: EntryText, today: date) -> EntryText:
    if text.verified_at is not None:
        return text
    is_same_answer = before is not None and before.text.answer == text.answer
    return replace(text, verified_at=before.text.verified_at if before and is_same_answer else today)


def _status(before: Entry | None, given: GivenEntry) -> EntryStatus:
    if given.status is not None:
        return given.status
    return EntryStatus.PUBLISHED if before is None else before.status
